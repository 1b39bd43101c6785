import PacketDissector
import Testing

@Suite("From UDP and IP to IKE, ESP and AH")
struct IPsecTests {
  func udp(_ source: UInt16, _ destination: UInt16, _ payload: [UInt8]) -> Frame {
    Packets.dissect(Packets.ipv4(17, Packets.udp(source, destination, payload)), .raw)
  }

  @Test("IKE on port 500, and behind the non-ESP marker on 4500")
  func ike() {
    #expect(udp(500, 500, Packets.ike(messageID: 3)).ike?.messageID == 3)
    let frame = udp(4500, 4500, [0, 0, 0, 0] + Packets.ike())
    #expect(frame.ike?.initiatorSPI == 0x1122_3344_5566_7788)
    #expect(frame.record?.encapsulation == .udpWithMarker)
    #expect(frame.record?.range.count == 44)
  }

  @Test("IKE with the marker on 500, and without it on 4500, is still IKE")
  func misplacedMarker() {
    #expect(udp(500, 500, [0, 0, 0, 0] + Packets.ike()).ike != nil)
    #expect(udp(4500, 4500, Packets.ike()).ike != nil)
  }

  @Test("IKE on any port counts only when its whole header holds")
  func anyPort() {
    #expect(udp(61_034, 12_345, Packets.ike()).ike != nil)
    #expect(udp(61_034, 12_345, [0, 0, 0, 0] + Packets.ike()).ike != nil)
    #expect(udp(61_034, 12_345, Packets.ike() + [0]).record == nil)
    #expect(udp(61_034, 12_345, Packets.ike(exchange: 200)).record == nil)
    #expect(udp(53, 12_345, Packets.esp(0x1234_5678, 1)).record == nil)
  }

  @Test("ESP in UDP, a keepalive, and neither for an empty datagram")
  func encapsulated() {
    let frame = udp(4500, 61_034, Packets.esp(0x1234_5678, 9))
    #expect(frame.esp == ESPHeader(spi: 0x1234_5678, sequenceNumber: 9))
    #expect(frame.record?.encapsulation == .udp)
    #expect(udp(4500, 4500, [0xFF]).record?.kind == .natKeepalive)
    #expect(udp(4500, 4500, []).record == nil)
    #expect(udp(4500, 4500, [1, 2, 3]).stop?.layer == .esp)
  }

  @Test("AH and the ESP behind it are two records, outer first")
  func ahThenESP() {
    let packet =
      Packets.bytes(AHHeader(nextHeader: 50, spi: 0xA, sequenceNumber: 1, icvLength: 12))
      + Packets.esp(0xB, 2)
    let dissector = Dissector()
    let bytes = Packets.ipv4(51, packet)
    dissector.dissect(
      bytes.rawBytes, linkType: .raw, timestamp: Timestamp(nanoseconds: 0))
    let range = dissector.frame.record?.range
    #expect(range?.count == packet.count)
    let furtherRecords = dissector.frame.furtherRecords
    #expect(furtherRecords == 1)
    let kinds = dissector.further.map(\.kind)
    #expect(kinds == [.esp(ESPHeader(spi: 0xB, sequenceNumber: 2))])
    dissector.dissect(
      Packets.ipv4(50, Packets.esp(1, 1)).rawBytes, linkType: .raw,
      timestamp: Timestamp(nanoseconds: 0))
    let left = dissector.further
    #expect(left.isEmpty)
  }

  @Test("AH whose ICV is cut off is still shown, with what is missing")
  func cutAH() {
    let ah = Packets.bytes(AHHeader(nextHeader: 50, spi: 0xA, sequenceNumber: 7, icvLength: 12))
    let frame = Packets.dissect(Array(Packets.ipv4(51, ah).dropLast(4)), .raw, isCut: true)
    #expect(frame.record?.range == 20..<40)
    guard case .ah(let header) = frame.record?.kind else {
      Issue.record("no AH record")
      return
    }
    #expect(header.spi == 0xA && header.sequenceNumber == 7)
    #expect(frame.stop?.offset == 32)
    #expect(frame.stop?.reason == .truncated(needed: 12, available: 8, limit: .capture))
  }

  @Test("AH in tunnel mode keeps the outer addresses")
  func ahTunnel() {
    let inner = Packets.ipv6(17, Packets.udp(1, 2, []))
    let packet = Packets.bytes(
      AHHeader(nextHeader: 41, spi: 0xA, sequenceNumber: 1, icvLength: 12), payload: inner)
    #expect(Packets.dissect(Packets.ipv4(51, packet), .raw).internet?.source == Packets.a)
  }

  @Test("WESP in IP and in UDP shows the ESP inside")
  func wesp() {
    let header = WESPHeader(nextHeader: 0, headerLength: 0, trailerLength: 0, flags: 0x20)
    let packet = Packets.bytes(header) + Packets.esp(0xC, 3)
    for frame in [
      Packets.dissect(Packets.ipv4(141, packet), .raw), udp(4500, 4500, [0, 0, 0, 2] + packet),
    ] {
      #expect(frame.record?.kind == .wesp(header))
      #expect(frame.furtherRecords == 1)
    }
  }

  @Test("IPComp shows its index")
  func ipcomp() {
    let header = IPCompHeader(nextHeader: 6, index: 2)
    let frame = Packets.dissect(Packets.ipv4(108, Packets.bytes(header, payload: [1, 2])), .raw)
    #expect(frame.record?.kind == .ipcomp(header))
  }

  @Test("ESP with NULL encryption is recognised with each ICV length, ciphertext is not")
  func nullEncryption() {
    for icvLength in [0, 12, 16, 24, 32] {
      for inner in [Packets.ipv4(1, [1, 2, 3]), Packets.ipv6(17, Packets.udp(1, 2, [9]))] {
        let padding = (0..<5).map { UInt8($0 + 1) }
        let trailer = padding + [5, inner[0] >> 4 == 4 ? 4 : 41]
        let packet =
          Packets.bytes(ESPHeader(spi: 1, sequenceNumber: 1)) + inner + trailer
          + [UInt8](repeating: 0xE7, count: icvLength)
        #expect(Packets.dissect(Packets.ipv4(50, packet), .raw).record?.looksUnencrypted == true)
      }
    }
    #expect(
      Packets.dissect(Packets.ipv4(50, Packets.esp(1, 1)), .raw).record?.looksUnencrypted == false)
  }
}
