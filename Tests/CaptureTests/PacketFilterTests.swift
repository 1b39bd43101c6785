import Capture
import PacketDissector
import Testing

@Suite("Filters")
struct PacketFilterTests {
  /// IPv4, UDP from port 500 to 4500, without payload.
  static let datagram: [UInt8] =
    [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]
    + [0x01, 0xF4, 0x11, 0x94, 0, 8, 0, 0]

  /// Which of the link types' packets match: the datagram in Ethernet, SLL and as raw IP.
  func matches(_ expression: String) throws -> [Bool] {
    let ethernet: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 8, 0]
    let cooked: [UInt8] = [0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 2, 0, 0, 8, 0]
    let files = try [
      TemporaryFile(pcap([TestPacket(1000, ethernet + Self.datagram)], linkType: 1)),
      TemporaryFile(pcap([TestPacket(2000, cooked + Self.datagram)], linkType: 113)),
      TemporaryFile(pcap([TestPacket(3000, Self.datagram)], linkType: 101)),
      TemporaryFile(pcap([TestPacket(4000, Self.datagram)], linkType: 228)),
    ]
    var filter = try PacketFilter(expression: expression)
    let capture = MergedCapture(paths: files.map(\.path))
    var result: [Bool] = []
    while let header = try capture.next() {
      result.append(try filter.matches(header, capture.bytes))
    }
    return result
  }

  @Test("An expression means the same on every link type")
  func linkTypes() throws {
    #expect(try matches("udp port 4500 and host 192.0.2.1") == [true, true, true, true])
    #expect(try matches("udp port 4501") == [false, false, false, false])
    #expect(try matches("len > 42") == [false, true, false, false])
  }

  @Test("What no packet of a link type can match just does not match")
  func impossible() throws {
    #expect(try matches("ip6") == [false, false, false, false])
  }

  @Test("Nonsense is refused at once, in libpcap's words")
  func syntax() {
    #expect(throws: CaptureError.self) { _ = try PacketFilter(expression: "udp prt 500") }
    do throws(CaptureError) {
      _ = try PacketFilter(expression: "udp prt 500")
    } catch {
      #expect(error.description.hasPrefix("bad filter 'udp prt 500': "))
      #expect(error.description.contains("syntax error"))
    }
  }

  @Test("An expression that only one link type understands is refused on the others")
  func otherLinkType() throws {
    #expect(throws: CaptureError.self) { try matches("wlan type mgt") }
  }
}
