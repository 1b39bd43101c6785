import ESP
import IPsecCrypto
import PacketDissector
import Testing

@Suite("Sequence numbers")
struct SequenceTests {
  @Test("The first packet has number 1, and the next ones the next")
  func first() throws {
    var sender = try OutboundSA(try Suite.gcm().parameters())
    for number: UInt8 in 1...3 {
      #expect(try Array(sender.sealed([])[4..<8]) == [0, 0, 0, number])
    }
    #expect(sender.nextSequence == 4)
  }

  @Test("After the last number nothing is sealed any more", arguments: [false, true])
  func exhaustion(_ esn: Bool) throws {
    let last: UInt64 = esn ? .max : 0xFFFF_FFFF
    var sender = try OutboundSA(try Suite.gcm().parameters(esn: esn), firstSequence: last - 1)
    for _ in 0..<2 { #expect(try sender.sealed([1, 2]).count > 0) }
    for _ in 0..<2 {
      #expect(throws: ESPFailure.sequenceExhausted) { try sender.sealed([1, 2]) }
    }
  }

  @Test(
    "Numbers can be left out, never used again, and not beyond the last", arguments: [false, true])
  func skipping(_ esn: Bool) throws {
    let last: UInt64 = esn ? .max : 0xFFFF_FFFF
    var sender = try OutboundSA(try Suite.gcm().parameters(esn: esn))
    var receiver = try InboundSA(try Suite.gcm().parameters(esn: esn), replayWindow: 64)
    for number: UInt64 in [5, 5 + 63, 5 + 64] {
      try sender.skip(to: number)
      #expect(receiver.opened(try sender.sealed([1, 2])).content?.sequence == number)
    }
    for passed: UInt64 in [0, 1, 69] {
      #expect(throws: ESPFailure.sequenceExhausted) { try sender.skip(to: passed) }
    }
    try sender.skip(to: last)
    #expect(try sender.sealed([1, 2]).count > 0)
    // All are used: nothing brings a number back.
    #expect(throws: ESPFailure.sequenceExhausted) { try sender.skip(to: last) }
    if !esn {
      #expect(throws: ESPFailure.sequenceExhausted) { try sender.skip(to: last + 1) }
    }
    #expect(throws: ESPFailure.sequenceExhausted) { try sender.sealed([1, 2]) }
  }

  @Test("With extended numbers the lower half wraps, and the upper half counts in the ICV")
  func wrap() throws {
    let wrap: UInt64 = 3 << 32
    for suite in [try Suite(.aesCBC, 128, .hmacSHA2_256_128), try Suite.gcm()] {
      let parameters = suite.parameters(esn: true)
      var sender = try OutboundSA(parameters, firstSequence: wrap - 2)
      let packets = try (0..<4).map { _ in try sender.sealed([9]) }
      #expect(Array(packets[2][4..<8]) == [0, 0, 0, 0])
      var receiver = try InboundSA(parameters, highestSequence: wrap - 3)
      let numbers = packets.map { receiver.opened($0).content?.sequence }
      #expect(numbers == [wrap - 2, wrap - 1, wrap, wrap + 1])
      var other = try InboundSA(parameters, highestSequence: 2 * wrap - 3)
      #expect(other.opened(packets[0]).failure == .wrongICV)
    }
  }

  @Test("What has no room, or is longer than any packet, spends no number")
  func noRoom() throws {
    var sender = try OutboundSA(try Suite.gcm().parameters())
    var small = [UInt8](repeating: 0, count: 47)
    #expect(throws: ESPFailure.wrongLength(48)) {
      try sender.seal(pattern(14).rawBytes, nextHeader: 4, into: &small)
    }
    var large = [UInt8](repeating: 0, count: 200_000)
    for padding in [-1, 65_500, 100_000, Int.max] {
      #expect(throws: ESPFailure.self) {
        try sender.seal(
          pattern(14).rawBytes, nextHeader: 4, trafficPadding: padding, into: &large)
      }
    }
    #expect(throws: ESPFailure.self) {
      try sender.seal(pattern(66_000).rawBytes, nextHeader: 4, into: &large)
    }
    #expect(sender.nextSequence == 1)
  }

  @Test("A packet that does not verify moves no window")
  func windowStays() throws {
    let parameters = try Suite.gcm().parameters()
    var sender = try OutboundSA(parameters)
    var receiver = try InboundSA(parameters, replayWindow: 32)
    let early = try sender.sealed([1])
    #expect(receiver.opened(early).content?.sequence == 1)
    var forged = try sender.sealed([2])
    forged[4] = 0x7F
    #expect(receiver.opened(forged).failure == .wrongICV)
    #expect(receiver.window.highest == 1)
    #expect(receiver.opened(try sender.sealed([3])).content?.sequence == 3)
  }

  @Test("Without an ICV there is no window, as anybody could move it")
  func noWindow() throws {
    let parameters = try Suite(.aesCBC, 128).parameters()
    var sender = try OutboundSA(parameters)
    var receiver = try InboundSA(parameters, replayWindow: 1024)
    let packet = try sender.sealed([1])
    for _ in 0..<2 { #expect(receiver.opened(packet).content?.sequence == 1) }
    #expect(receiver.window.size == 0)
  }

  @Test("AH's GMAC is refused for ESP, whose ICV has no IV")
  func noGMAC() throws {
    let parameters = try Suite(.aesCBC, 128, .aes128GMAC).parameters()
    #expect(throws: CryptoError.self) { _ = try OutboundSA(parameters).nextSequence }
    #expect(throws: CryptoError.self) { _ = try InboundSA(parameters).window }
  }
}
