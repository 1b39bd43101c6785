import Capture
import Diagnosis
import PacketDissector
import Testing

/// Healthy captures, taken badly: what is not in a capture must not be taken for what did not happen.
@Suite("Healthy captures that lack something")
struct DisturbedCaptureTests {
  struct Packet {
    var time: Timestamp
    var bytes: [UInt8]
    var originalLength: Int
    let linkType: LinkType
  }

  /// A way to take a capture badly.
  enum Disturbance: String, CaseIterable, Sendable {
    case fromTheMiddle, untilTheMiddle, oneDirection, otherDirection, snapLength96, snapLength60
    case mirrored, swapped, filteredToIKE, filteredToESP

    func apply(to packets: [Packet]) -> [Packet] {
      switch self {
      case .fromTheMiddle: Array(packets.dropFirst(packets.count / 2))
      case .untilTheMiddle: Array(packets.prefix(packets.count / 2))
      case .oneDirection: packets.filter { Self.source($0) == packets.first.flatMap(Self.source) }
      case .otherDirection: packets.filter { Self.source($0) != packets.first.flatMap(Self.source) }
      case .snapLength96: packets.map { Self.cut($0, to: 96) }
      case .snapLength60: packets.map { Self.cut($0, to: 60) }
      case .mirrored: packets.flatMap { [$0, Self.copy($0)] }
      case .swapped:
        stride(from: 0, to: packets.count, by: 2).flatMap {
          packets[$0..<min($0 + 2, packets.count)].reversed()
        }
      case .filteredToIKE: packets.filter(Self.isIKE)
      case .filteredToESP: packets.filter { !Self.isIKE($0) }
      }
    }

    private static func frame(_ packet: Packet) -> Frame {
      let dissector = Dissector()
      dissector.dissect(
        packet.bytes.rawBytes, linkType: packet.linkType, timestamp: packet.time)
      return dissector.frame
    }

    private static func source(_ packet: Packet) -> IPAddress? { frame(packet).internet?.source }

    /// As a filter on UDP tells it: no filter looks into TCP.
    private static func isIKE(_ packet: Packet) -> Bool {
      guard let record = frame(packet).record, record.encapsulation != .tcp else { return false }
      if case .ike = record.kind { return true }
      return false
    }

    private static func cut(_ packet: Packet, to length: Int) -> Packet {
      var packet = packet
      packet.bytes = Array(packet.bytes.prefix(length))
      return packet
    }

    private static func copy(_ packet: Packet) -> Packet {
      var packet = packet
      packet.time = Timestamp(nanoseconds: packet.time.nanoseconds + 200_000)
      return packet
    }
  }

  private static func packets(of scenario: Scenario) throws -> [Packet] {
    let reader = FrameReader(
      .files(MergedCapture(paths: [scenario.path(scenario.file)], onWait: {}, isStopped: { false }))
    )
    var packets: [Packet] = []
    while let header = try reader.next() {
      var bytes = ByteReader(reader.bytes)
      packets.append(
        Packet(
          time: header.timestamp, bytes: bytes.rest(), originalLength: header.originalLength,
          linkType: header.linkType))
    }
    return packets
  }

  private static func diagnosis(of packets: [Packet]) -> CaptureDiagnosis {
    var evidence = CaptureEvidence()
    let dissector = Dissector()
    for (index, packet) in packets.enumerated() {
      let isCut = packet.bytes.count < packet.originalLength
      dissector.dissect(
        packet.bytes.rawBytes, linkType: packet.linkType, timestamp: packet.time, isCut: isCut)
      evidence.add(
        dissector, packet.bytes.rawBytes, FrameReference(UInt64(index + 1), packet.time),
        originalLength: packet.originalLength, isCut: isCut)
    }
    return CaptureDiagnosis(evidence)
  }

  @Test("Taken badly, a healthy capture gives no alarm", arguments: Disturbance.allCases)
  func noAlarm(_ disturbance: Disturbance) throws {
    // What comes late in those is late, however it is captured.
    for scenario in Scenario.all
    where scenario.isHealthy && !scenario.file.hasPrefix("reorder-window") {
      let packets = disturbance.apply(to: try Self.packets(of: scenario))
      let alarms = Self.diagnosis(of: packets).findings.filter { $0.severity > .info }
      #expect(alarms.isEmpty, "\(scenario): \(alarms.map(\.id.rawValue))")
    }
  }
}
