import Diagnosis
import PacketDissector
import Testing

@Suite("Conversations")
struct ConversationTableTests {
  static let a: UInt32 = 0x0A01_0002
  static let b: UInt32 = 0x0A02_0002

  @Test("One flow a sender, receiver, SPI and protocol, with its packets, bytes and sequence")
  func flows() {
    var capture = Capture()
    capture.add(Self.esp(7, 3), at: 1)
    capture.add(Self.esp(7, 1), at: 2)
    capture.add(Self.esp(7, 9), at: 3)
    capture.add(Self.esp(8, 1), at: 4)
    capture.add(Self.esp(7, 1, from: Self.b, to: Self.a), at: 5)
    capture.add(Self.ah(7, 5), at: 6)
    let flows = capture.table.flows
    #expect(flows.map(\.spi) == [7, 8, 7, 7])
    #expect(flows.map(\.packets) == [3, 1, 1, 1])
    #expect(flows.map(\.isAH) == [false, false, false, true])
    #expect(flows[0].bytes == 3 * 48)
    #expect(flows[0].firstSequence == 3 && flows[0].highestSequence == 9)
    #expect(flows[0].span.firstFrame == 1 && flows[0].span.lastFrame == 3)
    #expect(flows[2].source == IPAddress(v4: Self.b))
    #expect(capture.table.frames == 6 && capture.table.ipsecFrames == 6)
    #expect(capture.table.span?.lastTime == Timestamp(nanoseconds: 6))
  }

  @Test("One IKE SA an initiator SPI and pair of hosts, whoever sends, with its exchanges")
  func ikeSAs() {
    var capture = Capture()
    capture.add(Self.ike(0x11, 0, exchange: 34, flags: 0x08), at: 1)
    capture.add(Self.ike(0x11, 0x22, exchange: 34, flags: 0x20, from: Self.b, to: Self.a), at: 2)
    capture.add(Self.ike(0x11, 0x22, exchange: 35, flags: 0x08), at: 3)
    capture.add(Self.ike(0x12, 0, exchange: 34, flags: 0x08), at: 4)
    let sas = capture.table.ikeSAs
    #expect(sas.map(\.initiatorSPI) == [0x11, 0x12])
    #expect(sas.map(\.responderSPI) == [0x22, 0])
    #expect(sas.map(\.messages) == [3, 1])
    #expect(sas[0].requests == 2 && sas[0].responses == 1)
    #expect(sas[0].exchanges == [34: 2, 35: 1])
    #expect(sas[0].source == IPAddress(v4: Self.a) && sas[0].sourcePort == 500)
    #expect(sas[0].span.firstFrame == 1 && sas[0].span.lastFrame == 3)
    #expect(!sas[0].usesPort4500 && !sas[0].usesTCP)
  }

  @Test("NAT keepalives, fragments, malformed and other frames are counted, not listed")
  func others() {
    var capture = Capture()
    capture.add(Self.ipv4(17, Self.udp(4500, [0xFF])), at: 1)
    capture.add(Self.ipv4(17, [1, 2, 3, 4, 5, 6, 7, 8], flagsAndOffset: 0x2000), at: 2)
    capture.add(Array(Self.ipv4(17, []).prefix(9)), at: 3)
    capture.add(Self.ipv4(89, [1, 2, 3]), at: 4)
    let table = capture.table
    #expect(table.frames == 4 && table.ipsecFrames == 1)
    #expect(table.natKeepalives == 1 && table.ipFragments == 1 && table.malformed == 1)
    #expect(table.flows.isEmpty && table.ikeSAs.isEmpty && table.untracked == 0)
  }

  @Test("Beyond the limit, new conversations are only counted, and known ones go on")
  func limit() {
    var capture = Capture()
    let limit = ConversationTable.entryLimit
    for spi in 1...(limit + 3) { capture.add(Self.esp(UInt32(spi) + 255, 1), at: Int64(spi)) }
    capture.add(Self.esp(256, 2), at: 0)
    #expect(capture.table.flows.count == limit)
    #expect(capture.table.untracked == 3)
    #expect(capture.table.flows[0].packets == 2)
    #expect(capture.table.ipsecFrames == UInt64(limit) + 4)
  }

  // MARK: Packets

  private struct Capture: ~Copyable {
    var table = ConversationTable()
    var dissector = Dissector()
    var number: UInt64 = 0

    mutating func add(_ packet: [UInt8], at nanoseconds: Int64) {
      let time = Timestamp(nanoseconds: nanoseconds)
      number += 1
      dissector.dissect(packet.rawBytes, linkType: .raw, timestamp: time)
      table.add(dissector, number: number, time: time, bytes: packet.count)
    }
  }

  private static func esp(
    _ spi: UInt32, _ sequence: UInt32, from source: UInt32 = a, to destination: UInt32 = b
  ) -> [UInt8] {
    var writer = ByteWriter()
    ESPHeader(spi: spi, sequenceNumber: sequence).write(to: &writer)
    writer.append((0..<40).map { 0x90 &+ UInt8($0) &* 7 })
    return ipv4(50, writer.bytes, from: source, to: destination)
  }

  private static func ah(_ spi: UInt32, _ sequence: UInt32) -> [UInt8] {
    var writer = ByteWriter()
    AHHeader(nextHeader: 59, spi: spi, sequenceNumber: sequence, icvLength: 12).write(to: &writer)
    return ipv4(51, writer.bytes)
  }

  private static func ike(
    _ initiator: UInt64, _ responder: UInt64, exchange: UInt8, flags: UInt8,
    from source: UInt32 = a, to destination: UInt32 = b
  ) -> [UInt8] {
    var writer = ByteWriter()
    IKEHeader(
      initiatorSPI: initiator, responderSPI: responder, nextPayload: 0, exchangeType: exchange,
      flags: flags, messageID: 0, length: 28
    ).write(to: &writer)
    return ipv4(17, udp(500, writer.bytes), from: source, to: destination)
  }

  private static func udp(_ port: UInt16, _ payload: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    UDPHeader(sourcePort: port, destinationPort: port, length: UInt16(8 + payload.count))
      .write(to: &writer)
    writer.append(payload)
    return writer.bytes
  }

  private static func ipv4(
    _ number: UInt8, _ payload: [UInt8], from source: UInt32 = a, to destination: UInt32 = b,
    flagsAndOffset: UInt16 = 0
  ) -> [UInt8] {
    var writer = ByteWriter()
    IPv4Header(
      totalLength: UInt16(20 + payload.count), flagsAndOffset: flagsAndOffset, protocol: number,
      source: IPAddress(v4: source), destination: IPAddress(v4: destination)
    ).write(to: &writer)
    writer.append(payload)
    return writer.bytes
  }
}
