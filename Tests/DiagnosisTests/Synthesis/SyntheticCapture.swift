import Capture
import Diagnosis
import PacketDissector

/// A capture made with the dissector's own encoders, for what no daemon can be made to send.
///
///     var capture = SyntheticCapture()
///     capture.send(.ike(request, from: a, to: b), at: 0.5)
///     let findings = capture.diagnosis.findings
struct SyntheticCapture {
  /// Moments in seconds, with whole frames from the IP header on.
  private(set) var packets: [(seconds: Double, bytes: [UInt8])] = []

  mutating func send(_ packet: SyntheticPacket, at seconds: Double) {
    packets.append((seconds, packet.bytes))
  }

  /// A whole frame as it is.
  mutating func append(_ bytes: [UInt8], at seconds: Double) { packets.append((seconds, bytes)) }

  /// IP fragments of a packet; `dropping` names those, from 0, that never come.
  mutating func send(
    _ packet: SyntheticPacket, inFragmentsOf size: Int, dropping lost: Set<Int> = [], id: UInt16,
    at seconds: Double
  ) {
    for (index, fragment) in packet.fragments(of: size, identification: id).enumerated()
    where !lost.contains(index) {
      packets.append((seconds, fragment))
    }
  }

  /// Begins in 2026; frames are numbered as they were sent.
  static let start: Int64 = 1_790_000_000_000_000_000

  static func time(_ seconds: Double) -> Timestamp {
    Timestamp(nanoseconds: start + Int64((seconds * 1e9).rounded()))
  }

  var evidence: CaptureEvidence { evidence(withPackets: false) }

  func evidence(withPackets: Bool) -> CaptureEvidence {
    var evidence = CaptureEvidence(withPackets: withPackets)
    let dissector = Dissector()
    for (index, packet) in packets.enumerated() {
      let time = Self.time(packet.seconds)
      dissector.dissect(packet.bytes.rawBytes, linkType: .raw, timestamp: time)
      evidence.add(
        dissector, packet.bytes.rawBytes, FrameReference(UInt64(index + 1), time),
        originalLength: packet.bytes.count, isCut: false)
    }
    return evidence
  }

  var diagnosis: CaptureDiagnosis { CaptureDiagnosis(evidence) }

  /// The findings' ids and severities, in the report's order.
  var found: [String] {
    diagnosis.findings.map { "\($0.id.rawValue) \($0.severity.rawValue)" }
  }
}

/// An IP packet to be sent.
struct SyntheticPacket {
  var source: IPAddress
  var destination: IPAddress
  var ipProtocol: UInt8
  var payload: [UInt8]
  var hopLimit: UInt8 = 64
  var dscp: UInt8 = 0
  var doNotFragment = false

  /// The whole packet.
  var bytes: [UInt8] { packet(payload, flagsAndOffset: doNotFragment ? 0x4000 : 0, id: 0) }

  private func packet(_ payload: [UInt8], flagsAndOffset: UInt16, id: UInt16) -> [UInt8] {
    var writer = ByteWriter()
    if source.isIPv6 {
      IPv6Header(
        trafficClass: dscp << 2, payloadLength: UInt16(payload.count), nextHeader: ipProtocol,
        hopLimit: hopLimit, source: source, destination: destination
      ).write(to: &writer)
    } else {
      IPv4Header(
        trafficClass: dscp << 2, totalLength: UInt16(20 + payload.count), identification: id,
        flagsAndOffset: flagsAndOffset, timeToLive: hopLimit, protocol: ipProtocol,
        source: source, destination: destination
      ).write(to: &writer)
    }
    writer.append(payload)
    return writer.bytes
  }

  /// IPv4 fragments whose payloads have `size` bytes, a multiple of eight.
  func fragments(of size: Int, identification: UInt16) -> [[UInt8]] {
    stride(from: 0, to: payload.count, by: size).map { offset in
      let isLast = offset + size >= payload.count
      return packet(
        Array(payload[offset..<min(offset + size, payload.count)]),
        flagsAndOffset: (isLast ? 0 : 0x2000) | UInt16(offset / 8), id: identification)
    }
  }

  /// The same with another TTL, as behind routers.
  func with(hopLimit: UInt8) -> SyntheticPacket {
    var packet = self
    packet.hopLimit = hopLimit
    return packet
  }

  func with(dscp: UInt8) -> SyntheticPacket {
    var packet = self
    packet.dscp = dscp
    return packet
  }
}

extension SyntheticPacket {
  static func udp(_ content: [UInt8], from source: Endpoint, to destination: Endpoint) -> Self {
    var writer = ByteWriter()
    UDPHeader(
      sourcePort: source.port, destinationPort: destination.port,
      length: UInt16(8 + content.count)
    ).write(to: &writer)
    writer.append(content)
    return Self(
      source: source.address, destination: destination.address, ipProtocol: 17,
      payload: writer.bytes)
  }

  /// IKE; on ports other than 500, behind the non-ESP marker.
  static func ike(_ message: [UInt8], from source: Endpoint, to destination: Endpoint) -> Self {
    let isMarked = source.port != 500 && destination.port != 500
    return udp((isMarked ? [0, 0, 0, 0] : []) + message, from: source, to: destination)
  }

  static func keepalive(from source: Endpoint, to destination: Endpoint) -> Self {
    udp([0xFF], from: source, to: destination)
  }

  /// ESP with `bytes` in all, header included; in UDP where there are ports. The content follows from
  /// SPI, sequence number and `variant`.
  static func esp(
    _ spi: UInt32, _ sequence: UInt32, bytes: Int = 88, variant: UInt8 = 0,
    from source: Endpoint, to destination: Endpoint
  ) -> Self {
    var writer = ByteWriter()
    ESPHeader(spi: spi, sequenceNumber: sequence).write(to: &writer)
    var state = UInt64(spi) << 32 | UInt64(sequence) ^ UInt64(variant) << 40
    for _ in 0..<max(0, bytes - 8) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      writer.u8(UInt8(truncatingIfNeeded: state >> 33))
    }
    if source.port != 0 { return udp(writer.bytes, from: source, to: destination) }
    return Self(
      source: source.address, destination: destination.address, ipProtocol: 50,
      payload: writer.bytes)
  }

  /// An ICMP error about `packet`, of which it quotes the first 28 bytes and what `quoting` adds.
  static func icmp(
    type: UInt8, code: UInt8, rest: UInt32 = 0, about packet: SyntheticPacket,
    quoting count: Int = 64, from router: IPAddress
  ) -> Self {
    var writer = ByteWriter()
    ICMPHeader(isICMPv6: router.isIPv6, type: type, code: code, rest: rest).write(to: &writer)
    writer.append(Array(packet.bytes.prefix(count)))
    return Self(
      source: router, destination: packet.source, ipProtocol: router.isIPv6 ? 58 : 1,
      payload: writer.bytes)
  }

  /// A TCP segment; flags SYN 2, ACK 16, PSH 8, FIN 1, RST 4.
  static func tcp(
    _ content: [UInt8] = [], sequence: UInt32, acknowledged: UInt32 = 0, flags: UInt8,
    from source: Endpoint, to destination: Endpoint
  ) -> Self {
    var writer = ByteWriter()
    TCPHeader(
      sourcePort: source.port, destinationPort: destination.port, sequenceNumber: sequence,
      acknowledgmentNumber: acknowledged, flags: flags
    ).write(to: &writer)
    writer.append(content)
    return Self(
      source: source.address, destination: destination.address, ipProtocol: 6,
      payload: writer.bytes)
  }
}
