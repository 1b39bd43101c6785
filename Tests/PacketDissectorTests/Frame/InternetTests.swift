import PacketDissector
import Testing

@Suite("IP, ICMP and what they carry")
struct InternetTests {
  @Test("Every IPv6 extension header is passed on the way to ESP")
  func extensionHeaders() {
    let inner =
      Packets.bytes(
        IPv6ExtensionHeader(nextHeader: 43, dataLength: 6),
        IPv6ExtensionHeader(nextHeader: 60, dataLength: 22),
        IPv6FragmentHeader(nextHeader: 135, offsetAndFlags: 0, identification: 9),
        IPv6ExtensionHeader(nextHeader: 50, dataLength: 6)) + Packets.esp(0x1000, 1)
    let frame = Packets.dissect(Packets.ipv6(0, inner), .raw)
    #expect(frame.esp?.spi == 0x1000)
    #expect(frame.internet?.protocol == 50)
    #expect(frame.internet?.fragment == nil)
  }

  @Test("IPv4 options are passed")
  func options() {
    let frame = Packets.dissect(
      Packets.ipv4(50, Packets.esp(0x1000, 1), optionsLength: 12), .raw)
    #expect(frame.esp?.spi == 0x1000)
  }

  @Test("A length beyond the frame is an error, and the walk goes on with what there is")
  func lengthBeyond() {
    var bytes = Packets.ipv4(50, Packets.esp(0x1000, 1))
    bytes[2] = 0xFF
    let frame = Packets.dissect(bytes, .raw)
    #expect(frame.esp?.spi == 0x1000)
    #expect(frame.stop?.reason == .lengthTooLarge(claimed: 65_348 - 20, maximum: 48))
    #expect(Packets.dissect(bytes, .raw, isCut: true).stop == nil)
  }

  @Test("A header length below twenty and a total length below the header are errors")
  func badLengths() {
    var bytes = Packets.ipv4(50, Packets.esp(0x1000, 1))
    bytes[0] = 0x44
    #expect(Packets.dissect(bytes, .raw).stop?.reason == .badLength(claimed: 16, minimum: 20))
    bytes[0] = 0x45
    bytes[2...3] = [0, 19]
    #expect(Packets.dissect(bytes, .raw).stop?.reason == .badLength(claimed: 19, minimum: 20))
  }

  @Test("A zero total length, as segmentation offload leaves it, means all there is")
  func zeroLength() {
    var bytes = Packets.ipv4(50, Packets.esp(0x1000, 1))
    bytes[2...3] = [0, 0]
    #expect(Packets.dissect(bytes, .raw).record?.range.count == 48)
  }

  @Test("Fragmentation needed: the MTU and the ESP packet it is about")
  func fragmentationNeeded() throws {
    let quoted = Packets.ipv4(50, Packets.esp(0xC0EB_461A, 77, count: 1400)).prefix(28)
    let message = Packets.bytes(ICMPHeader(isICMPv6: false, type: 3, code: 4, rest: 1300))
    let frame = Packets.dissect(Packets.ipv4(1, message + quoted), .raw)
    #expect(frame.stop == nil)
    #expect(frame.icmp?.header.nextHopMTU == 1300)
    #expect(frame.icmp?.quoted?.internet.destination == Packets.b)
    #expect(frame.esp == ESPHeader(spi: 0xC0EB_461A, sequenceNumber: 77))
    #expect(frame.record?.isQuoted == true)
  }

  @Test("Packet too big (ICMPv6) about UDP-encapsulated ESP names the ports")
  func packetTooBig() {
    let quoted = Packets.ipv6(17, Packets.udp(4500, 4500, Packets.esp(0x2000, 5)))
    let message = Packets.bytes(ICMPHeader(isICMPv6: true, type: 2, code: 0, rest: 1280))
    let frame = Packets.dissect(Packets.ipv6(58, message + quoted), .raw)
    #expect(frame.icmp?.header.nextHopMTU == 1280)
    #expect(frame.icmp?.quoted?.sourcePort == 4500)
    #expect(frame.esp?.spi == 0x2000)
  }

  @Test("A quote that the router cut inside UDP is no error")
  func shortQuote() {
    let quoted = Packets.ipv4(17, Packets.udp(500, 500, Packets.ike())).prefix(28)
    let message = Packets.bytes(ICMPHeader(isICMPv6: false, type: 3, code: 3, rest: 0))
    let frame = Packets.dissect(Packets.ipv4(1, message + quoted), .raw)
    #expect(frame.stop == nil)
    #expect(frame.icmp?.header.meaning == "port unreachable")
    #expect(frame.icmp?.quoted?.destinationPort == 500)
    #expect(frame.record == nil)
  }

  @Test("Every header writes what it read")
  func roundTrips() throws {
    func check<H: Header>(_ header: H, layer: Layer = .frame, atLeast least: Int = .max) throws {
      var writer = ByteWriter()
      header.write(to: &writer)
      var reader = ByteReader(writer.bytes.rawBytes, layer: layer)
      let again = try H(from: &reader)
      #expect(again == header)
      let rest = reader.remaining
      #expect(rest == 0)
      for count in 0..<min(least, writer.count) {
        var short = ByteReader(writer.bytes.rawBytes, in: 0..<count, layer: layer)
        let read = try? H(from: &short)
        #expect(read == nil, "\(H.self) from \(count) bytes")
      }
    }
    try check(
      IPv4Header(
        trafficClass: 0xB9, totalLength: 60, identification: 7, flagsAndOffset: 0x4000,
        timeToLive: 9, protocol: 50, checksum: 3, source: Packets.a, destination: Packets.b,
        optionsLength: 8))
    try check(
      IPv6Header(
        trafficClass: 0xB9, flowLabel: 0xABCDE, payloadLength: 4, nextHeader: 51, hopLimit: 3,
        source: Packets.a6, destination: Packets.b6))
    try check(IPv6ExtensionHeader(nextHeader: 6, dataLength: 14))
    try check(IPv6FragmentHeader(nextHeader: 50, offsetAndFlags: 0x5A9, identification: 0xFFFF))
    try check(GREHeader(etherType: 0x0800, key: 5, sequenceNumber: 6))
    try check(GTPHeader(length: 8, tunnel: 0x1234))
    try check(ICMPHeader(isICMPv6: true, type: 2, code: 0, rest: 1280), layer: .icmpv6)
    try check(UDPHeader(sourcePort: 1, destinationPort: 2, length: 8, checksum: 4))
    try check(
      TCPHeader(
        sourcePort: 1, destinationPort: 2, sequenceNumber: 3, acknowledgmentNumber: 4, flags: 0x12,
        window: 5, optionsLength: 4))
    try check(
      TCPHeader(
        sourcePort: 1, destinationPort: 2, sequenceNumber: 3, flags: 0x02, optionsLength: 8,
        maximumSegmentSize: 1380))
    try check(ESPHeader(spi: 0xFFFF_FFFF, sequenceNumber: 1))
    try check(AHHeader(nextHeader: 4, spi: 5, sequenceNumber: 6, icvLength: 12), atLeast: 12)
    try check(WESPHeader(nextHeader: 4, headerLength: 12, trailerLength: 16, flags: 0x10))
    try check(IPCompHeader(nextHeader: 6, index: 2))
    try check(MPLSLabel(value: 0x12345))
    try check(VLANTag(control: 0xE005, etherType: 0x0800))
  }
}
