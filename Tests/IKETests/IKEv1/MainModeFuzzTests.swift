import PacketDissector
import Testing

@testable import IKE

@Suite("Hostile messages for main mode")
struct MainModeFuzzTests {
  @Test("Changed messages of the peer neither trap nor prove anything", arguments: UInt64(1)...30)
  func mutated(_ seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let pair = MainModePair(seed: seed)
    try pair.establish()
    try #require(pair.session.isEstablished)
    for original in [
      try pair.responder.liveness(.rUThere, 5), try pair.responder.delete(),
      pair.responder.notify(.invalidCookie),
    ] {
      for _ in 0..<20 {
        // Behind the header: another header is another SA's, or another exchange's.
        var message = original
        for _ in 0...Int(random.next() % 3) {
          let index = 28 + Int(random.next() % UInt64(message.count - 28))
          message[index] ^= UInt8(truncatingIfNeeded: random.next() | 1)
        }
        if random.next() % 4 == 0 { message.removeLast(Int(random.next() % 20)) }
        pair.inject(message)
      }
    }
    #expect(pair.session.isEstablished)
    #expect(pair.events.answeredPeer.isEmpty && pair.events.notified.count <= 32)
  }

  @Test(
    "Changed messages during main mode neither trap nor make an SA of their own",
    arguments: UInt64(1)...100)
  func duringMainMode(_ seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    let pair = MainModePair(seed: seed)
    // Of another responder: main mode as far as it comes, with all of its messages changed.
    let liar = MainModeResponder()
    try pair.act { $0.start(at: $1) }
    var seen = 0
    while seen < pair.sent.count, seen < 8 {
      let flight = pair.sent[seen]
      seen += 1
      guard let answer = try? liar.handle(flight.bytes, from: flight.from, to: flight.to) else {
        continue
      }
      for _ in 0..<10 {
        var message = answer
        for _ in 0...Int(random.next() % 4) {
          let index = 16 + Int(random.next() % UInt64(message.count - 16))
          message[index] = UInt8(truncatingIfNeeded: random.next())
        }
        pair.inject(message)
      }
      // Half of the runs get on.
      if seed.isMultiple(of: 2) { pair.inject(answer) }
    }
    #expect(!pair.session.hasEnded || !pair.events.failures.isEmpty)
    if pair.session.isEstablished { #expect(liar.isEstablished) }
  }

  @Test("Anything at all may come", arguments: UInt64(1)...30)
  func noise(_ seed: UInt64) throws {
    var random = RandomSource(SplitMix64(state: seed))
    let pair = MainModePair(seed: seed)
    try pair.act { $0.start(at: $1) }
    let cookie = try #require(pair.sent.first).bytes.prefix(8)
    for count in 0..<60 {
      var message = random.bytes(count * 3)
      if message.count >= 28 {
        message.replaceSubrange(0..<8, with: cookie)
        message[17] = 0x10
        message[18] = count.isMultiple(of: 2) ? 2 : 5
        message.replaceSubrange(24..<28, with: [0, 0, 0, UInt8(truncatingIfNeeded: message.count)])
      }
      pair.inject(message)
    }
    #expect(pair.session.isEstablished == false)
  }
}
