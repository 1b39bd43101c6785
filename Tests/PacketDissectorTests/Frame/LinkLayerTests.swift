import PacketDissector
import Testing

@Suite("Link layers lead to the same ESP packet")
struct LinkLayerTests {
  static let packet = Packets.ipv4(50, Packets.esp(0xC0EB_461A, 7))
  static let packet6 = Packets.ipv6(50, Packets.esp(0xC0EB_461A, 7))

  static let frames: [(LinkType, [UInt8])] = [
    (.ethernet, Packets.ethernet(0x0800, packet)),
    (.ethernet, Packets.ethernet(0x86DD, packet6)),
    // Padded to Ethernet's minimum: the IP length decides.
    (.ethernet, Packets.ethernet(0x0800, packet) + [0, 0, 0, 0]),
    (.ethernet, Packets.ethernet(0x8100, tag(5, 0x0800) + packet)),
    (.ethernet, Packets.ethernet(0x88A8, tag(9, 0x8100) + tag(5, 0x86DD) + packet6)),
    (
      .ethernet,
      Packets.ethernet(
        0x8847,
        Packets.bytes(MPLSLabel(value: 16 << 12 | 64), MPLSLabel(value: 17 << 12 | 0x100 | 64))
          + packet)
    ),
    (
      .ethernet,
      Packets.ethernet(
        0x8864,
        Packets.bytes(
          PPPoEHeader(session: 1, length: UInt16(packet.count + 2)),
          PPPHeader(hasAddressAndControl: false, protocol: PPPHeader.ipv4)) + packet)
    ),
    (
      .ethernet,
      Packets.ethernet(
        UInt16(8 + packet.count), Packets.bytes(LLCHeader(etherType: 0x0800)) + packet)
    ),
    (
      .linuxSLL,
      Packets.bytes(
        LinuxSLLHeader(
          packetType: 0, hardwareType: 1, addressLength: 6, address: 0, etherType: 0x0800))
        + packet
    ),
    (
      .linuxSLL2,
      Packets.bytes(
        LinuxSLL2Header(
          etherType: 0x86DD, interfaceIndex: 3, hardwareType: 1, packetType: 4, addressLength: 6,
          address: 0)) + packet6
    ),
    (.raw, packet), (.raw, packet6), (.ipv4, packet), (.ipv6, packet6),
    // AF_INET as a little-endian and as a big-endian machine writes it; macOS's AF_INET6.
    (.null, [2, 0, 0, 0] + packet), (.null, [0, 0, 0, 2] + packet),
    (.null, [30, 0, 0, 0] + packet6),
    (.loop, [0, 0, 0, 2] + packet),
    (.ppp, [0xFF, 0x03, 0x00, 0x21] + packet), (.ppp, [0x21] + packet),
    (.pppHDLC, Packets.bytes(CiscoHDLCHeader(address: 0x0F, etherType: 0x0800)) + packet),
    (.ieee80211, wireless(0x0801) + packet),
    (.ieee80211, wireless(0x8803) + packet),
    (
      .ieee80211Radiotap,
      Packets.bytes(RadiotapHeader(length: 9, flags: 0x10)) + wireless(0x8802) + packet
        + [1, 2, 3, 4]
    ),
    (.raw, Packets.ipv4(47, Packets.bytes(GREHeader(etherType: 0x0800, key: 7)) + packet)),
    (
      .raw,
      Packets.ipv6(
        47, Packets.bytes(GREHeader(etherType: 0x6558)) + Packets.ethernet(0x86DD, packet6))
    ),
    (.raw, Packets.ipv4(4, packet)), (.raw, Packets.ipv6(41, packet6)),
    (
      .raw,
      Packets.ipv4(
        17,
        Packets.udp(
          2152, 2152, Packets.bytes(GTPHeader(length: UInt16(packet.count), tunnel: 1)) + packet))
    ),
  ]

  static func tag(_ identifier: UInt16, _ etherType: UInt16) -> [UInt8] {
    Packets.bytes(VLANTag(control: identifier, etherType: etherType))
  }

  static func wireless(_ frameControl: UInt16) -> [UInt8] {
    Packets.bytes(IEEE80211Header(frameControl: frameControl), LLCHeader(etherType: 0x0800))
  }

  @Test("The ESP header, the addresses and the payload's length are found", arguments: frames)
  func reaches(linkType: LinkType, bytes: [UInt8]) throws {
    let frame = Packets.dissect(bytes, linkType)
    #expect(frame.stop == nil)
    #expect(frame.esp == ESPHeader(spi: 0xC0EB_461A, sequenceNumber: 7))
    #expect(frame.record?.range.count == 48)
    let source = try #require(frame.internet?.source)
    #expect(source == (source.isIPv6 ? Packets.a6 : Packets.a))
  }

  @Test("Cut anywhere, a frame says where it stopped or what it reached", arguments: frames)
  func truncation(linkType: LinkType, bytes: [UInt8]) {
    for count in 0..<bytes.count {
      let frame = Packets.dissect(Array(bytes.prefix(count)), linkType)
      #expect((frame.stop?.offset ?? 0) <= count)
      #expect((frame.record?.range.upperBound ?? 0) <= count)
    }
  }

  @Test("The tree's ranges lie inside the frame", arguments: frames)
  func ranges(linkType: LinkType, bytes: [UInt8]) {
    let dissector = Dissector()
    let fields = dissector.describe(
      bytes.rawBytes, linkType: linkType, timestamp: Timestamp(nanoseconds: 0))
    func check(_ fields: [Field], within outer: Range<Int>) {
      for field in fields {
        #expect(field.range.clamped(to: outer) == field.range, "\(field.name)")
        check(field.children, within: field.range)
      }
    }
    #expect(fields.last?.name == "ESP payload and ICV")
    check(fields, within: 0..<bytes.count)
  }

  @Test("The VLAN nearest to IP is kept, and outer IP headers are counted")
  func counts() {
    #expect(Packets.dissect(Self.frames[4].1).vlan == 5)
    #expect(Packets.dissect(Packets.ipv4(4, Self.packet), .raw).outerHeaders == 1)
  }

  @Test("An encrypted wireless frame and an unknown link type are left alone")
  func leftAlone() {
    #expect(Packets.dissect(Self.wireless(0x0841) + Self.packet, .ieee80211).record == nil)
    #expect(Packets.dissect(Self.packet, LinkType(rawValue: 147)).record == nil)
  }

  @Test("Headers nested for ever end in an error")
  func nesting() {
    let tags = (0..<40).flatMap { _ in Self.tag(1, 0x8100) }
    let frame = Packets.dissect(Packets.ethernet(0x8100, tags))
    #expect(frame.stop?.reason == .nestedTooDeep(limit: 16))
  }
}
