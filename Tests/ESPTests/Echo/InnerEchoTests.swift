import ESP
import PacketDissector
import Testing

@Suite struct InnerEchoTests {
  private static let v4 = (IPAddress(v4: 0x0A01_0001), IPAddress(v4: 0x0A02_0001))
  private static let v6 = (
    IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 1),
    IPAddress(v6High: 0x2001_0DB8_0000_0001, low: 2)
  )

  @Test(arguments: [false, true], [0, 84, 85, 1438, 9000])
  func aRequestHasItsSizeAndIsReadBack(isIPv6: Bool, bytes: Int) throws {
    let (source, destination) = isIPv6 ? Self.v6 : Self.v4
    let echo = InnerEcho(
      source: source, destination: destination, identifier: 0xABCD, sequence: 3, bytes: bytes)
    let packet = echo.packet()
    #expect(packet.count == max(bytes, isIPv6 ? 48 : 28))
    #expect(InnerEcho(packet: packet) == echo)
    #expect(InnerEcho(packet: packet + [0, 0, 0]) == echo)
  }

  @Test(arguments: [false, true])
  func aReplyHasTheAddressesExchangedAndTheSameData(isIPv6: Bool) throws {
    let (source, destination) = isIPv6 ? Self.v6 : Self.v4
    let request = InnerEcho(
      source: source, destination: destination, identifier: 1, sequence: 2, bytes: 100)
    let packet = try #require(InnerEcho.reply(to: request.packet()))
    let reply = try #require(InnerEcho(packet: packet))
    #expect(reply.isReply)
    #expect(reply.source == destination && reply.destination == source)
    #expect(reply.identifier == 1 && reply.sequence == 2 && reply.bytes == 100)
    let headers = InnerEcho.headerBytes(isIPv6: isIPv6)
    #expect(packet.dropFirst(headers) == request.packet().dropFirst(headers))
    #expect(InnerEcho.reply(to: packet) == nil)
  }

  @Test func aDamagedPacketIsNone() {
    let (source, destination) = Self.v4
    let packet = InnerEcho(
      source: source, destination: destination, identifier: 1, sequence: 2
    ).packet()
    for index in 20..<packet.count {
      var damaged = packet
      damaged[index] ^= 1
      #expect(InnerEcho(packet: damaged) == nil)
    }
    for count in 0..<packet.count { #expect(InnerEcho(packet: Array(packet.prefix(count))) == nil) }
  }
}
