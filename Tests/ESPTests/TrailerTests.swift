import ESP
import PacketDissector
import Testing

@Suite("What stands behind the payload")
struct TrailerTests {
  /// Opens a packet of ENCR_NULL without an ICV, with this behind SPI and sequence number.
  private func open(_ body: [UInt8]) throws -> Opening {
    var receiver = try InboundSA(try Suite.null().parameters())
    return receiver.opened([0xC0, 0xDE, 0, 1, 0, 0, 0, 1] + body)
  }

  @Test("Padding is 1, 2, 3 ... (RFC 4303, section 2.4)")
  func padding() throws {
    var sender = try OutboundSA(try Suite.null().parameters())
    #expect(try sender.sealed([0xAA], nextHeader: 6).dropFirst(8) == [0xAA, 1, 1, 6])
    #expect(try sender.sealed([], nextHeader: 6).dropFirst(8) == [1, 2, 2, 6])
    #expect(try sender.sealed([0xAA, 0xBB, 0xCC], nextHeader: 6).dropFirst(11) == [1, 2, 3, 3, 6])
    #expect(try open([0xAA, 1, 1, 6]).payload == [0xAA])
  }

  @Test("Other padding is refused")
  func wrongPadding() throws {
    #expect(try open([0xAA, 0, 1, 6]).failure == .wrongPadding)
    #expect(try open([1, 3, 2, 6]).failure == .wrongPadding)
    let long = (1...255).map { UInt8($0) }
    #expect(try open([0xAA] + long + [255, 6]).payload == [0xAA])
    #expect(try open([0xAA] + long.dropLast() + [254, 255, 6]).failure == .wrongPadding)
  }

  @Test("A pad length beyond the packet is refused")
  func wrongTrailer() throws {
    #expect(try open([1, 2, 3, 6]).failure == .wrongTrailer)
    #expect(try open([255, 6]).failure == .wrongTrailer)
    #expect(try open([2, 6]).failure == .wrongTrailer)
    #expect(try open([0, 6]).content == .init(nextHeader: 6, payloadBytes: 0, sequence: 1))
  }

  @Test("A packet without a trailer is too short")
  func tooShort() throws {
    #expect(try open([0]).failure == .wrongLength(9))
    #expect(try open([]).failure == .wrongLength(8))
  }

  @Test("A packet of another SPI is not opened")
  func otherSPI() throws {
    var sender = try OutboundSA(try Suite.gcm().parameters(spi: 0xC0DE_0002))
    var receiver = try InboundSA(try Suite.gcm().parameters())
    #expect(receiver.opened(try sender.sealed([1])).failure == .unknownSPI(0xC0DE_0002))
  }
}
