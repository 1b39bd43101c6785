import PacketDissector
import Testing

@Suite("Fragments and TCP streams")
struct ReassemblyTests {
  static let datagram = Packets.udp(500, 500, Packets.ike() + [UInt8](repeating: 7, count: 2000))

  static func fragments(of datagram: [UInt8], size: Int, identification: UInt16 = 1) -> [[UInt8]] {
    stride(from: 0, to: datagram.count, by: size).map { start in
      let piece = Array(datagram[start..<min(start + size, datagram.count)])
      let more: UInt16 = start + size < datagram.count ? 0x2000 : 0
      return Packets.ipv4(
        17, piece, identification: identification, flagsAndOffset: more | UInt16(start / 8))
    }
  }

  static func feed(_ dissector: Dissector, _ packets: [[UInt8]]) -> [Frame] {
    var frames: [Frame] = []
    for (index, packet) in packets.enumerated() {
      dissector.dissect(
        packet.rawBytes, linkType: .raw, timestamp: Timestamp(nanoseconds: Int64(index)))
      frames.append(dissector.frame)
    }
    return frames
  }

  @Test("In any order, the frame that completes the datagram shows the message")
  func anyOrder() {
    let pieces = Self.fragments(of: Self.datagram, size: 512)
    for order in [Array(0..<5), Array((0..<5).reversed()), [2, 0, 4, 1, 3]] {
      let dissector = Dissector()
      let frames = Self.feed(dissector, order.map { pieces[$0] })
      #expect(frames.dropLast().allSatisfy { $0.record == nil && $0.internet?.fragment != nil })
      #expect(frames.last?.ike?.exchangeType == 37)
      #expect(frames.last?.reassembledFragments == 5)
      #expect(frames.last?.record?.store == .datagram)
      #expect(dissector.fragments.counters.completed == 1)
    }
  }

  @Test("A first fragment that was not captured whole shows its message, and waits for no others")
  func cutFragment() {
    let pieces = Self.fragments(of: Self.datagram, size: 512)
    let dissector = Dissector()
    dissector.dissect(
      Array(pieces[0].prefix(100)).rawBytes, linkType: .raw,
      timestamp: Timestamp(nanoseconds: 0), isCut: true)
    #expect(dissector.frame.ike?.exchangeType == 37)
    #expect(dissector.frame.internet?.fragment?.moreFollow == true)
    #expect(dissector.frame.stop == nil)
    let frames = Self.feed(dissector, Array(pieces.dropFirst()))
    #expect(frames.allSatisfy { $0.record == nil })
    #expect(dissector.fragments.counters.completed == 0)
  }

  @Test("A repeated and an overlapping fragment change nothing that came before")
  func overlap() throws {
    var pieces = Self.fragments(of: Self.datagram, size: 512)
    var forged = pieces[1]
    for index in 20..<forged.count { forged[index] = 0xE1 }
    pieces.insert(contentsOf: [pieces[1], forged], at: 2)
    let dissector = Dissector()
    let frames = Self.feed(dissector, pieces)
    let record = try #require(frames.last?.record)
    let forgedBytes = dissector.withBytes(of: record, in: [UInt8]().rawBytes) { bytes in
      var reader = ByteReader(bytes)
      return reader.rest().filter { $0 == 0xE1 }.count
    }
    #expect(forgedBytes == 0)
  }

  @Test("Fragments that contradict the datagram's end are counted and dropped")
  func contradiction() {
    let dissector = Dissector()
    let last = Packets.ipv4(17, [1, 2, 3], identification: 1, flagsAndOffset: 10)
    let beyond = Packets.ipv4(
      17, [UInt8](repeating: 0, count: 16), identification: 1, flagsAndOffset: 0x2000 | 20)
    _ = Self.feed(dissector, [last, beyond])
    #expect(dissector.fragments.counters.contradictory == 1)
    let huge = Packets.ipv4(
      17, [UInt8](repeating: 0, count: 1000), identification: 2, flagsAndOffset: 0x3FFF)
    _ = Self.feed(dissector, [huge])
    #expect(dissector.fragments.counters.contradictory == 2)
  }

  @Test("A flood of first fragments is held to the limits, and counted")
  func fragmentFlood() {
    let dissector = Dissector()
    for identification in 0..<2000 {
      let first = Packets.ipv4(
        17, [UInt8](repeating: 0, count: 1480), identification: UInt16(identification),
        flagsAndOffset: 0x2000)
      _ = Self.feed(dissector, [first])
    }
    #expect(dissector.fragments.counters.evicted == 2000 - FragmentReassembler.datagramLimit)
  }

  static func record(_ content: [UInt8], isIKE: Bool) -> [UInt8] {
    var writer = ByteWriter()
    TCPEncapsulation.write(content, isIKE: isIKE, to: &writer)
    return writer.bytes
  }

  static let stream =
    TCPEncapsulation.prefix + record(Packets.ike(messageID: 1), isIKE: true)
    + record(Packets.esp(0xABCD, 5), isIKE: false) + [0, 3, 0xFF]
    + record(Packets.ike(messageID: 2), isIKE: true)

  static func kinds(_ packets: [[UInt8]]) -> [IPsecRecord.Kind] {
    let dissector = Dissector()
    var kinds: [IPsecRecord.Kind] = []
    for packet in packets {
      dissector.dissect(packet.rawBytes, linkType: .raw, timestamp: Timestamp(nanoseconds: 0))
      if let record = dissector.frame.record { kinds.append(record.kind) }
      if dissector.frame.furtherRecords > 0 { kinds += dissector.further.map(\.kind) }
    }
    return kinds
  }

  static func segments(of stream: [UInt8], size: Int, from first: UInt32) -> [[UInt8]] {
    stride(from: 0, to: stream.count, by: size).map { start in
      let piece = Array(stream[start..<min(start + size, stream.count)])
      return Packets.ipv4(6, Packets.tcp(first &+ UInt32(start), piece))
    }
  }

  static let expected: [IPsecRecord.Kind] = {
    func header(_ messageID: UInt32) -> IPsecRecord.Kind {
      .ike(
        IKEHeader(
          initiatorSPI: 0x1122_3344_5566_7788, responderSPI: 0x99AA_BBCC_DDEE_FF00,
          nextPayload: 46, exchangeType: 37, flags: 8, messageID: messageID, length: 44))
    }
    return [
      .tcpPrefix, header(1), .esp(ESPHeader(spi: 0xABCD, sequenceNumber: 5)), .natKeepalive,
      header(2),
    ]
  }()

  static let synchronize = Packets.ipv4(6, Packets.tcp(0xFFFF_FFF0, [], flags: 0x02))

  @Test(
    "Records are found however TCP cuts them, also where the sequence wraps",
    arguments: [1, 2, 7, 40, 1000])
  func cuts(size: Int) {
    let segments = Self.segments(of: Self.stream, size: size, from: 0xFFFF_FFF1)
    #expect(Self.kinds([Self.synchronize] + segments) == Self.expected)
  }

  @Test("Segments out of order and repeated give each record once")
  func disorder() {
    var segments = Self.segments(of: Self.stream, size: 20, from: 0xFFFF_FFF1)
    segments.swapAt(1, 3)
    segments.insert(segments[2], at: 5)
    segments.append(segments[0])
    #expect(Self.kinds([Self.synchronize] + segments) == Self.expected)
  }

  @Test("A capture that begins inside the connection starts at a record's start")
  func midStream() {
    let record = Self.record(Packets.esp(0xABCD, 6), isIKE: false)
    let packets = [
      Packets.ipv4(6, Packets.tcp(5000, [1, 2, 3, 4, 5])),
      Packets.ipv4(6, Packets.tcp(5005, record)),
    ]
    #expect(Self.kinds(packets) == [.esp(ESPHeader(spi: 0xABCD, sequenceNumber: 6))])
  }

  @Test("On another port the prefix opens the stream, and without it nothing is taken for IPsec")
  func otherPort() {
    let opening = Packets.ipv4(6, Packets.tcp(1, Self.stream, destination: 443))
    #expect(Self.kinds([opening]) == Self.expected)
    let plain = Packets.ipv4(
      6, Packets.tcp(1, Self.record(Packets.esp(1, 1), isIKE: false), destination: 443))
    #expect(Self.kinds([plain]).isEmpty)
  }
}
