import Host
import IKE
import PacketDissector
import Testing

@testable import Measurement

/// Answers on all of 127.0.0.0/8 at one port, whenever it is asked to look.
private final class LoopbackResponder {
  enum Manner {
    case refuses
    /// A cookie first, a refusal when it comes back.
    case wantsCookie
    /// A cookie, and nothing when it comes back.
    case wantsCookieForEver
    case isSilent
    /// Answers with another SPI than it was asked with.
    case forges
  }

  private var socket: UDPSocket
  private let manner: @Sendable (IPAddress) -> Manner
  private(set) var asked: [IPAddress: Int] = [:]

  init(_ manner: @escaping @Sendable (IPAddress) -> Manner) throws {
    socket = try UDPSocket(isIPv6: false)
    self.manner = manner
  }

  var port: UInt16 { socket.localPort }

  func answer() throws {
    while let datagram = try socket.receive() {
      guard let here = datagram.destination else { continue }
      asked[here, default: 0] += 1
      guard let reply = reply(to: datagram.bytes, manner(here)) else { continue }
      try socket.send(reply, to: datagram.source, from: here)
    }
  }

  private func reply(to bytes: [UInt8], _ manner: Manner) -> [UInt8]? {
    var reader = ByteReader(bytes.rawBytes)
    guard let request = try? IKEMessage(from: &reader) else { return nil }
    var header = request.header
    header.flags = 0x20
    var notify = NotifyPayload(.noProposalChosen)
    switch manner {
    case .refuses: break
    case .wantsCookie where request.notifies.first?.type != .cookie:
      notify = NotifyPayload(.cookie, .data([1, 2, 3, 4]))
    case .wantsCookie: break
    case .wantsCookieForEver where request.notifies.first?.type == .cookie: return nil
    case .wantsCookieForEver: notify = NotifyPayload(.cookie, .data([1, 2, 3, 4]))
    case .isSilent: return nil
    case .forges: header.initiatorSPI ^= 1 << 40
    }
    var writer = ByteWriter()
    IKEMessage(header: header, payloads: [IKEPayload(.notify, .notify(notify))]).write(to: &writer)
    return writer.bytes
  }
}

@Suite("A sweep over loopback addresses")
struct SweepRunTests {
  private var question: SweepQuestion {
    SweepQuestion(
      InitRequest(
        initiatorSPI: 1, proposals: [],
        keyExchange: KeyExchangePayload(method: .curve25519, data: Array(repeating: 9, count: 32)),
        nonce: Array(repeating: 7, count: 32)),
      withMarker: false)
  }

  /// 127.1.0.0 and those behind it.
  private func targets(_ count: UInt64) -> SweepTargets {
    var targets = SweepTargets()
    targets.append(IPAddress(v4: 0x7F01_0000), count: count)
    return targets
  }

  private func sweep(
    _ count: UInt64, _ responder: LoopbackResponder, patience: Duration = .milliseconds(60)
  ) throws -> (SweepSummary, [SweepResult]) {
    var sweep = try Sweep(
      targets(count), asking: question,
      Sweep.Options(port: responder.port, rate: 100_000, passes: 2, patience: patience))
    var results: [SweepResult] = []
    var failure: (any Error)?
    let summary = try sweep.run { _ in
      do { try responder.answer() } catch { failure = error }
      return failure != nil
    } _: {
      results.append($0)
    }
    if let failure { throw failure }
    return (summary, results)
  }

  @Test("every address answers for itself, once")
  func allAnswer() throws {
    let responder = try LoopbackResponder { _ in .refuses }
    let (summary, results) = try sweep(500, responder, patience: .seconds(2))
    #expect(summary.answered == 500)
    #expect(summary.silent == 0)
    #expect(summary.strays == 0)
    #expect(Set(results.map(\.address)).count == 500)
    for result in results {
      guard case .answered(let answer) = result.outcome else {
        Issue.record("\(result.address) did not answer")
        continue
      }
      #expect(answer.meaning == .noProposalChosen)
      #expect(result.roundTrip != nil)
    }
  }

  @Test("the silent are asked in every pass, the others once")
  func silence() throws {
    let responder = try LoopbackResponder { $0.low % 2 == 0 ? .refuses : .isSilent }
    let (summary, _) = try sweep(100, responder)
    #expect(summary.answered == 50)
    #expect(summary.silent == 50)
    #expect(summary.requests == 150)
    #expect(responder.asked[IPAddress(v4: 0x7F01_0000)] == 1)
    #expect(responder.asked[IPAddress(v4: 0x7F01_0001)] == 2)
  }

  @Test("a cookie is sent back, and the answer behind it counts")
  func cookies() throws {
    let responder = try LoopbackResponder { _ in .wantsCookie }
    let (summary, results) = try sweep(80, responder, patience: .seconds(2))
    #expect(summary.answered == 80)
    let refusals = results.count {
      if case .answered(let answer) = $0.outcome {
        answer.meaning == .noProposalChosen
      } else {
        false
      }
    }
    #expect(refusals == 80)
  }

  @Test("who asks for a cookie and is silent behind it is there")
  func silentBehindCookie() throws {
    let responder = try LoopbackResponder { _ in .wantsCookieForEver }
    let (summary, results) = try sweep(10, responder)
    #expect(summary.answered == 10)
    #expect(summary.silent == 0)
    for result in results {
      guard case .answered(let answer) = result.outcome, case .cookie = answer.meaning else {
        Issue.record("\(result.address) did not ask for a cookie")
        continue
      }
    }
    #expect(responder.asked.values.allSatisfy { $0 <= 3 })
  }

  @Test("an address that cannot be sent to is told once, and not asked again")
  func unsent() throws {
    var all = SweepTargets()
    // Broadcasts take a permission of their own, which is not asked for.
    all.append(IPAddress(v4: 0xFFFF_FFFF))
    var sweep = try Sweep(
      all, asking: question,
      Sweep.Options(port: 500, rate: 1000, passes: 3, patience: .milliseconds(50)))
    var unsent = 0
    let summary = try sweep.run(isInterrupted: { _ in false }) { result in
      if case .unsent = result.outcome { unsent += 1 }
    }
    #expect(unsent == 1)
    #expect(summary.unsent == 1)
    #expect(summary.requests == 1)
    #expect(summary.silent == 0)
  }

  @Test("an interruption ends it with what there is")
  func interrupted() throws {
    let responder = try LoopbackResponder { _ in .isSilent }
    var sweep = try Sweep(
      targets(100_000), asking: question,
      Sweep.Options(port: responder.port, rate: 1000, passes: 1, patience: .seconds(5)))
    let summary = try sweep.run(isInterrupted: { $0.requests >= 10 }) { _ in }
    #expect(summary.isInterrupted)
    #expect(summary.requests < 1000)
    #expect(summary.remaining == 100_000 - summary.requests)
  }

  @Test("a forged answer is counted, and counts for nothing")
  func forged() throws {
    let responder = try LoopbackResponder { _ in .forges }
    let (summary, results) = try sweep(20, responder)
    #expect(results.isEmpty)
    #expect(summary.silent == 20)
    #expect(summary.strays == 40)
  }

  @Test("a closed port is refused by ICMP, and not asked again")
  func refused() throws {
    var holder: UDPSocket? = try UDPSocket(isIPv6: false)
    let port = holder?.localPort ?? 0
    holder = nil
    var sweep = try Sweep(
      targets(10), asking: question,
      Sweep.Options(port: port, rate: 100_000, passes: 3, patience: .seconds(2)))
    var reasons: [String] = []
    let summary = try sweep.run(isInterrupted: { _ in false }) { result in
      if case .refused(let reason, _) = result.outcome { reasons.append(reason) }
    }
    #expect(summary.refused == 10)
    #expect(summary.requests == 10)
    #expect(reasons == Array(repeating: "port unreachable (ICMP 3/3)", count: 10))
  }
}
