import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("R-U-THERE over an IKEv1 SA")
struct DeadPeerDetectionTests {
  private func standing(_ configuration: MainModeConfiguration = .tests) throws -> MainModePair {
    let pair = MainModePair(configuration)
    try pair.establish()
    try #require(pair.session.isEstablished)
    return pair
  }

  @Test("Each check has the next number, starting below 2^31, and its round trip is told")
  func alive() throws {
    let pair = try standing()
    for _ in 0..<3 {
      try pair.act { #expect($0.checkLiveness(at: $1)) }
      try pair.run(for: .seconds(1))
    }
    #expect(pair.events.alive.map(\.transmission) == [1, 1, 1])
    #expect(
      pair.events.alive.allSatisfy { .milliseconds(40)...(.milliseconds(42)) ~= $0.roundTrip })
    let first = try #require(pair.responder.asked.first)
    #expect(first < 1 << 31)
    #expect(pair.responder.asked == [first, first + 1, first + 2])
  }

  @Test("Silence is told after all transmissions, each with a number of its own, and the SA stays")
  func silent() throws {
    let pair = try standing()
    pair.responder.answersLiveness = false
    try pair.act { $0.checkLiveness(at: $1) }
    // One at a time.
    try pair.act { #expect(!$0.checkLiveness(at: $1)) }
    try pair.run(for: .seconds(10))
    #expect(pair.events.silent == [3])
    #expect(Set(pair.responder.asked).count == 3)
    pair.responder.answersLiveness = true
    try pair.act { $0.checkLiveness(at: $1) }
    try pair.run(for: .seconds(1))
    #expect(pair.events.alive.count == 1)
  }

  @Test("The round trip is that of the transmission that was answered")
  func retransmitted() throws {
    let pair = try standing()
    pair.link.lossPercent = 100
    try pair.act { $0.checkLiveness(at: $1) }
    pair.link.lossPercent = 0
    try pair.run(for: .seconds(2))
    let alive = try #require(pair.events.alive.first)
    #expect(alive.transmission == 2 && alive.of == 2 && alive.roundTrip < .milliseconds(50))
    #expect(pair.session.counters.retransmissions == 1)
  }

  @Test("Answers with another number or SPI, and forged ones, count for nothing")
  func wrongAnswers() throws {
    let pair = try standing()
    pair.responder.answersLiveness = false
    try pair.act { $0.checkLiveness(at: $1) }
    try pair.run(for: .milliseconds(100))
    let number = try #require(pair.responder.asked.last)
    pair.inject(try pair.responder.liveness(.rUThereAck, number &+ 1))
    pair.inject(
      try pair.responder.liveness(.rUThereAck, number, spi: [UInt8](repeating: 1, count: 16)))
    var data = ByteWriter()
    data.u32(number)
    pair.inject(
      try pair.responder.informational(
        pair.responder.notification(.rUThereAck, data: data.bytes),
        hash: [UInt8](repeating: 0, count: 32)))
    #expect(pair.events.alive.isEmpty)
    #expect(pair.session.counters.badlyProtected == 1)
    pair.inject(try pair.responder.liveness(.rUThereAck, number))
    #expect(pair.events.alive.count == 1)
  }

  @Test("A peer that has not announced RFC 3706 is not asked")
  func notAnnounced() throws {
    let pair = MainModePair()
    pair.responder.announcesLiveness = false
    try pair.establish()
    #expect(pair.events.established?.answersLiveness == false)
    let count = pair.sent.count
    try pair.act { #expect(!$0.checkLiveness(at: $1)) }
    #expect(pair.sent.count == count)
  }

  @Test("The peer's questions are answered, and replayed ones are not")
  func peerAsks() throws {
    let pair = try standing()
    let first = try pair.responder.liveness(.rUThere, 0x7FFF_FFFF)
    pair.inject(first)
    pair.inject(try pair.responder.liveness(.rUThere, 0x8000_0000))
    pair.inject(first)
    pair.inject(try pair.responder.liveness(.rUThere, 0x7FFF_FF00))
    // Lost ones leave a gap.
    pair.inject(try pair.responder.liveness(.rUThere, 0x8000_0005))
    try pair.run(for: .seconds(1))
    let answered: [UInt32] = [0x7FFF_FFFF, 0x8000_0000, 0x8000_0005]
    // The link may reorder them.
    #expect(pair.responder.answers.sorted() == answered)
    #expect(pair.events.answeredPeer == answered)
  }

  @Test("The peer's Delete ends the SA; one of another SA does not, nor one that is forged")
  func deletedByPeer() throws {
    let pair = try standing()
    pair.inject(try pair.responder.delete(.protoIpsecESP))
    var forged = try pair.responder.delete()
    forged[forged.count - 1] ^= 1
    pair.inject(forged)
    #expect(pair.session.isEstablished)
    pair.inject(try pair.responder.delete())
    #expect(pair.events.deletions == [.peer])
    #expect(pair.session.hasEnded && pair.session.deadline == nil)
    // What is left over of it comes to nothing.
    pair.inject(try pair.responder.liveness(.rUThere, 1))
    #expect(pair.events.answeredPeer.isEmpty)
  }

  @Test("Our own end is told to the peer, once")
  func deletedByUs() throws {
    let pair = try standing()
    try pair.act { $0.close(at: $1) }
    try pair.act { $0.close(at: $1) }
    try pair.run(for: .seconds(1))
    #expect(pair.responder.wasDeleted)
    #expect(pair.events.deletions == [.local])
    #expect(pair.sent.count == 4)
  }

  @Test("An end before there are keys is silent")
  func closedEarly() throws {
    let pair = MainModePair()
    try pair.act { $0.start(at: $1) }
    try pair.act { $0.close(at: $1) }
    #expect(pair.sent.count == 1 && pair.session.hasEnded)
  }
}
