import Diagnosis
import PacketDissector

/// A capture made by hand: ESP packets and bare IKE headers between two hosts.
struct SmallCapture {
  private(set) var evidence = CaptureEvidence(withPlots: true)
  private let dissector = Dissector()
  private var number: UInt64 = 0
  var source: IPAddress
  var destination: IPAddress

  static let start: Int64 = 1_790_000_000_000_000_000

  /// A frame's reference, `seconds` after the first one.
  static func frame(_ number: UInt64, at seconds: Double) -> FrameReference {
    FrameReference(number, Timestamp(nanoseconds: start + Int64((seconds * 1e9).rounded())))
  }

  init(
    from source: IPAddress = IPAddress(v4: 0x0A01_0002),
    to destination: IPAddress = IPAddress(v4: 0x0A02_0002)
  ) {
    self.source = source
    self.destination = destination
  }

  mutating func esp(_ spi: UInt32, _ sequence: UInt32, at seconds: Double, bytes: Int = 80) {
    var writer = ByteWriter()
    ESPHeader(spi: spi, sequenceNumber: sequence).write(to: &writer)
    // Content that differs by packet.
    for index in 0..<(bytes - 8) { writer.u8(UInt8(truncatingIfNeeded: index &+ Int(sequence))) }
    send(writer.bytes, ipProtocol: 50, at: seconds)
  }

  /// An IKE_SA_INIT request without payloads, on port 500.
  mutating func ikeRequest(_ initiatorSPI: UInt64, at seconds: Double) {
    var writer = ByteWriter()
    UDPHeader(sourcePort: 500, destinationPort: 500, length: 36).write(to: &writer)
    IKEHeader(
      initiatorSPI: initiatorSPI, responderSPI: 0, nextPayload: 0, exchangeType: 34, flags: 0x08,
      messageID: 0, length: 28
    ).write(to: &writer)
    send(writer.bytes, ipProtocol: 17, at: seconds)
  }

  /// Something that has nothing to do with IPsec.
  mutating func other(at seconds: Double) { send([0, 0, 0, 0], ipProtocol: 99, at: seconds) }

  private mutating func send(_ payload: [UInt8], ipProtocol: UInt8, at seconds: Double) {
    var writer = ByteWriter()
    if source.isIPv6 {
      IPv6Header(
        trafficClass: 0, payloadLength: UInt16(payload.count), nextHeader: ipProtocol,
        hopLimit: 64, source: source, destination: destination
      ).write(to: &writer)
    } else {
      IPv4Header(
        trafficClass: 0, totalLength: UInt16(20 + payload.count), identification: 0,
        flagsAndOffset: 0, timeToLive: 64, protocol: ipProtocol, source: source,
        destination: destination
      ).write(to: &writer)
    }
    writer.append(payload)
    number += 1
    let frame = Self.frame(number, at: seconds)
    dissector.dissect(writer.bytes.rawBytes, linkType: .raw, timestamp: frame.time)
    evidence.add(
      dissector, writer.bytes.rawBytes, frame, originalLength: writer.bytes.count, isCut: false)
  }

  /// What it comes to with findings made by hand.
  func diagnosis(_ findings: [Finding] = []) -> CaptureDiagnosis {
    CaptureDiagnosis(
      evidence, by: [Rule(findings.map(\.id)) { @Sendable _ in findings }])
  }
}

extension Finding {
  /// All that a finding can have.
  static func full(
    _ source: IPAddress = IPAddress(v4: 0x0A01_0002),
    _ destination: IPAddress = IPAddress(v4: 0x0A02_0002)
  ) -> Finding {
    Finding(
      .dpdPeerDead, .certain,
      about: .ikeSA(
        initiatorSPI: 0x5412_008F_4C68_2429, initiator: source, responder: destination),
      "\(destination) stopped answering after 41 checks; \(source) gave up \(Nanoseconds.seconds(165.1)) later",
      meaning:
        "traffic was lost for \(Nanoseconds.seconds(165.1)): strongSwan's default schedule, not dpd_delay, decides this",
      evidence: [
        Evidence(
          "a liveness check, sent 6 times and never answered",
          [
            SmallCapture.frame(812, at: 30), SmallCapture.frame(819, at: 34),
            SmallCapture.frame(825, at: 41.2),
          ]),
        Evidence(
          "the last ESP packet of \(destination), SPI \(spi: 0xC0EB_461A)",
          [SmallCapture.frame(805, at: 29.567)]),
        Evidence("no ICMP error came"),
      ],
      remedies: [
        Remedy(
          "to notice a dead peer within 20 s, send again sooner and less often",
          [
            Setting(.strongswan, "charon.retransmit_tries = 2"),
            Setting(.strongswan, "charon.retransmit_timeout = 3"),
            Setting(
              .shell,
              "nft add rule inet filter forward ip daddr \(destination) tcp flags syn tcp option maxseg size set 1298"
            ),
          ]),
        Remedy("ask \(identity: "CN=gw\u{1B}[2J.example") whether it restarted"),
      ])
  }
}
