import IKE
import PacketDissector
import Testing

@testable import Measurement

@Suite("Targets of a sweep")
struct SweepTargetsTests {
  private func v4(_ value: UInt32) -> IPAddress { IPAddress(v4: value) }

  @Test("neighbours share a run, and every number gives the address that was added with it")
  func numbers() {
    var targets = SweepTargets()
    targets.append(v4(0x7F00_0000), prefixLength: 30)
    targets.append(v4(0x7F00_0004))
    targets.append(v4(0x0A00_0001))
    #expect(targets.count == 6)
    let all = (0..<6).map { targets[$0] }
    #expect(
      all == [0x7F00_0000, 0x7F00_0001, 0x7F00_0002, 0x7F00_0003, 0x7F00_0004, 0x0A00_0001].map(v4))
    #expect(targets[6] == nil)
  }

  @Test("a prefix is taken whole, whichever of its addresses names it")
  func prefix() {
    var targets = SweepTargets()
    targets.append(v4(0xC000_02FF), prefixLength: 24)
    #expect(targets.count == 256)
    #expect(targets[0] == v4(0xC000_0200))
    #expect(targets[255] == v4(0xC000_02FF))
  }

  @Test("runs stop at the end of the address space and at 32 bits of numbers")
  func ends() {
    var targets = SweepTargets()
    targets.append(v4(0xFFFF_FFFE), count: 10)
    #expect(targets.count == 2)
    targets.append(IPAddress(v6High: 0x2001_0DB8_0000_0000, low: .max), count: 5)
    #expect(targets.count == 3)
    targets.append(IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 0), prefixLength: 32)
    #expect(targets.count == .max)
    #expect(targets[UInt32.max - 1] != nil)
  }

  @Test("an IPv6 prefix is masked in both halves")
  func v6Prefix() {
    var targets = SweepTargets()
    targets.append(IPAddress(v6High: 0x2001_0DB8_FFFF_FFFF, low: 0x1234), prefixLength: 127)
    #expect(targets.count == 2)
    #expect(targets[0] == IPAddress(v6High: 0x2001_0DB8_FFFF_FFFF, low: 0x1234))
    targets.append(IPAddress(v6High: 0x2001_0DB8_FFFF_FFFF, low: 7), prefixLength: 48)
    #expect(targets[2] == IPAddress(v6High: 0x2001_0DB8_FFFF_0000, low: 0))
  }
}

@Suite("The plan of a sweep")
struct SweepPlanTests {
  private let start = Instant(nanoseconds: 1_000)

  /// Follows the plan to its end; the numbers in the order of asking and the time that it took.
  private func run(
    _ plan: inout SweepPlan, answering: (UInt32, Int) -> Bool
  ) -> (asked: [UInt32], took: Duration) {
    var now = start
    var asked: [UInt32] = []
    for _ in 0..<10_000 {
      switch plan.step(at: now) {
      case .ask(let number):
        asked.append(number)
        let times = asked.count { $0 == number }
        if answering(number, times) { _ = plan.answer(from: number, at: now + .milliseconds(1)) }
      case .wait(let until):
        #expect(until > now)
        now = until
      case .hold: now = now + .milliseconds(1)
      case .done: return (asked, now - start)
      }
    }
    Issue.record("the plan has no end")
    return (asked, .zero)
  }

  @Test("who has answered is not asked again, and who is silent is asked in every pass")
  func passes() {
    var plan = SweepPlan(
      count: 4, passes: 3, rate: 100, patience: .milliseconds(500), start: start)
    let (asked, took) = run(&plan) { number, times in number == 1 || number == 2 && times == 2 }
    #expect(asked == [0, 1, 2, 3, 0, 2, 3, 0, 3])
    #expect(plan.answers == 2)
    // Three waits behind the passes; requests stand 10 ms apart.
    #expect(took >= .milliseconds(1500) && took < .milliseconds(1700))
  }

  @Test("a sweep in which all have answered waits for nobody")
  func allAnswered() {
    var plan = SweepPlan(count: 70, passes: 3, rate: nil, patience: .seconds(1), start: start)
    let (asked, took) = run(&plan) { _, _ in true }
    #expect(asked.count == 70)
    #expect(took == .zero)
  }

  @Test("requests keep the rate, and no burst follows a pause")
  func rate() {
    var plan = SweepPlan(count: 1000, passes: 1, rate: 50, patience: .seconds(1), start: start)
    #expect(plan.step(at: start) == .ask(0))
    #expect(plan.step(at: start) == .wait(until: start + .milliseconds(20)))
    var now = start + .seconds(10)
    var burst = 0
    while case .ask = plan.step(at: now) { burst += 1 }
    #expect(burst <= 18)
    now = now + .milliseconds(20)
    #expect(plan.step(at: now) == .ask(UInt32(burst + 1)))
  }

  @Test("no more answers are awaited than buffers have room for, and each makes room for one")
  func window() {
    var plan = SweepPlan(count: 5000, passes: 1, rate: nil, patience: .seconds(1), start: start)
    var asked: [UInt32] = []
    while case .ask(let number) = plan.step(at: start) { asked.append(number) }
    #expect(asked.count == 1024)
    #expect(plan.step(at: start) == .hold)
    for number in 0..<100 { _ = plan.answer(from: UInt32(number), at: start) }
    var more = 0
    while case .ask = plan.step(at: start) { more += 1 }
    #expect(more == 100)
  }

  @Test("silent targets hold nothing up for long, and are asked in every pass")
  func silentNetwork() {
    var plan = SweepPlan(
      count: 1_000_000, passes: 2, rate: nil, patience: .seconds(1), start: start)
    var now = start
    var asked = 0
    loop: while now < start + .seconds(20) {
      switch plan.step(at: now) {
      case .ask: asked += 1
      case .hold: now = now + .milliseconds(1)
      case .wait(let until): now = until
      case .done: break loop
      }
    }
    #expect(asked == 2_000_000)
    // Two waits of a second, and what it took to see that nobody answers.
    #expect(now - start < .milliseconds(3500))
  }

  @Test("a target that is left out counts as done, and is not asked again")
  func leftOut() {
    var plan = SweepPlan(count: 2, passes: 3, rate: nil, patience: .seconds(1), start: start)
    #expect(plan.step(at: start) == .ask(0))
    let first = plan.leaveOut(0)
    let again = plan.leaveOut(0)
    #expect(first && !again)
    #expect(plan.remaining == 3)
    let (asked, _) = run(&plan) { _, _ in false }
    #expect(asked == [1, 1, 1])
    #expect(plan.answer(from: 0, at: start) == nil)
  }

  @Test("what an answer waited here is no part of its round trip")
  func delay() {
    var plan = SweepPlan(count: 1, passes: 1, rate: nil, patience: .seconds(1), start: start)
    _ = plan.step(at: start)
    #expect(
      plan.answer(from: 0, at: start + .milliseconds(9), delay: .milliseconds(4))
        == .milliseconds(5))
  }

  @Test("an answer counts once, and tells how long it took")
  func answers() {
    var plan = SweepPlan(count: 2, passes: 1, rate: nil, patience: .seconds(1), start: start)
    _ = plan.step(at: start)
    #expect(plan.answer(from: 0, at: start + .milliseconds(3)) == .milliseconds(3))
    #expect(plan.answer(from: 0, at: start + .milliseconds(4)) == nil)
    #expect(plan.answer(from: 9, at: start) == nil)
    #expect(plan.answers == 1)
  }
}

@Suite("The question of a sweep")
struct SweepQuestionTests {
  private let here = IPAddress(v4: 0x7F00_0105)

  private var request: InitRequest {
    InitRequest(
      initiatorSPI: 1,
      proposals: [
        Proposal(
          number: 1, protocolID: .ike,
          transforms: [
            Transform(.encryption, id: 20, keyLength: 256), Transform(.prf, id: 5),
            Transform(.keyExchange, id: 31),
          ])
      ],
      keyExchange: KeyExchangePayload(method: .curve25519, data: Array(repeating: 9, count: 32)),
      nonce: Array(repeating: 7, count: 32))
  }

  private func answer(to datagram: [UInt8], marker: Bool) throws -> [UInt8] {
    var reader = ByteReader(datagram[(marker ? 4 : 0)...].rawArray.rawBytes)
    let asked = try IKEMessage(from: &reader)
    var header = asked.header
    header.flags = 0x20
    var writer = ByteWriter()
    if marker { writer.u32(0) }
    IKEMessage(
      header: header, payloads: [IKEPayload(.notify, .notify(NotifyPayload(.noProposalChosen)))]
    ).write(to: &writer)
    return writer.bytes
  }

  @Test("an answer tells its target, with and without the marker", arguments: [false, true])
  func roundTrip(marker: Bool) throws {
    let question = SweepQuestion(request, withMarker: marker)
    var datagram: [UInt8] = []
    question.write(for: 70_000, here, to: &datagram)
    #expect(datagram.count == question.byteCount)
    let reply = try answer(to: datagram, marker: marker)
    let found = try #require(question.target(of: reply, from: here))
    #expect(found.number == 70_000)
    #expect(found.answer.meaning == .noProposalChosen)
  }

  @Test(
    "a refused request tells its target by the bytes that ICMP quotes", arguments: [false, true])
  func quoted(marker: Bool) {
    let question = SweepQuestion(request, withMarker: marker)
    var datagram: [UInt8] = []
    question.write(for: 3, here, to: &datagram)
    let front = Array(datagram.prefix(marker ? 12 : 8))
    #expect(question.target(ofQuoted: front, to: here) == 3)
    #expect(question.target(ofQuoted: Array(front.dropLast()), to: here) == nil)
    #expect(question.target(ofQuoted: front, to: IPAddress(v4: 1)) == nil)
  }

  @Test("the request with a cookie is the same request with the cookie in front")
  func cookie() throws {
    let question = SweepQuestion(request, withMarker: false)
    var plain: [UInt8] = []
    question.write(for: 8, here, to: &plain)
    let again = question.datagram(for: 8, here, cookie: [1, 2, 3])
    var reader = ByteReader(again.rawBytes)
    let message = try IKEMessage(from: &reader)
    #expect(again.prefix(8) == plain.prefix(8))
    #expect(message.stop == nil)
    #expect(message.notifies.first?.type == .cookie)
    #expect(message.notifies.first?.data == [1, 2, 3])
    #expect(message.payloads.first?.type == .notify)
  }

  @Test("an answer from another address, with another number or cut short is nobody's")
  func strays() throws {
    let question = SweepQuestion(request, withMarker: false)
    var datagram: [UInt8] = []
    question.write(for: 5, here, to: &datagram)
    var reply = try answer(to: datagram, marker: false)
    #expect(question.target(of: reply, from: IPAddress(v4: 0x7F00_0106)) == nil)
    #expect(question.target(of: Array(reply.prefix(27)), from: here) == nil)
    #expect(question.target(of: datagram, from: here) == nil)
    reply[3] ^= 1
    #expect(question.target(of: reply, from: here) == nil)
  }
}

extension ArraySlice<UInt8> {
  fileprivate var rawArray: [UInt8] { Array(self) }
}
