import Capture
import Decryption
import Diagnosis
import ESP
import IPsecCrypto
import Measurement
import PacketDissector
import Testing

@testable import IKE

/// What sides tell of their replay protection, through SAs of this engine, live and from captures of them.
@Suite("Announced replay protection")
struct AnnouncedReplayTests {
  static let unwindowed = AntiReplayStatus(isProtected: false, followsESNUnprotected: true)
  static let windowed = AntiReplayStatus(isProtected: true, followsESNUnprotected: true)

  private static let ping = InnerEcho(
    source: IPAddress(v4: 0x0A01_0001), destination: IPAddress(v4: 0x0A02_0001), identifier: 7,
    sequence: 3, bytes: 100)

  /// A pair of which the responder has no window and says so; `peer` is what the other side tells.
  private func pair(
    _ numbers: [SequenceNumbers] = [.partiallyTransmitted64, .sequential32],
    told: AntiReplayStatus? = unwindowed, peer: AntiReplayStatus? = windowed
  ) throws -> RespondingPair {
    var options = RespondingOptions()
    options.replayWindow = 0
    return try RespondingPair(
      options,
      peer: {
        $0.replayStatus.announced = peer; $0.take(numbers)
      },
      own: {
        $0.replayStatus.announced = told
        $0.take([.partiallyTransmitted64, .sequential32])
      })
  }

  private func established(_ pair: RespondingPair) throws -> ChildSA {
    let children = pair.events.compactMap { event -> ChildSA? in
      if case .session(.childEstablished(let child), _) = event { child } else { nil }
    }
    return try #require(children.first)
  }

  @Test("The responder's event holds what was agreed on, and what both sides told")
  func events() throws {
    let pair = try pair()
    try pair.establish()
    let child = try established(pair)
    #expect(child.suite.sequenceNumbers == .partiallyTransmitted64)
    #expect(child.ownReplayStatus == Self.unwindowed && child.peerReplayStatus == Self.windowed)
    let other = try #require(pair.child)
    #expect(other.ownReplayStatus == Self.windowed && other.peerReplayStatus == Self.unwindowed)
  }

  @Test("64-bit numbers without a window: pings are answered, and one that comes twice is, too")
  func withoutWindow() throws {
    let pair = try pair([.partiallyTransmitted64])
    try pair.establish()
    let spi = try #require(pair.child).outboundSPI
    let packet = try pair.table.seal(Self.ping.packet(), nextHeader: 4, on: spi).packet
    for _ in 0..<3 { pair.send(datagram: packet) }
    pair.run(for: .seconds(1))
    #expect(pair.responding.answers.inner == 3)
  }

  @Test("32-bit numbers alone, where that is wanted", arguments: [true, false])
  func taken(is64Bit: Bool) throws {
    let numbers: SequenceNumbers = is64Bit ? .partiallyTransmitted64 : .sequential32
    let pair = try pair([numbers], told: nil, peer: nil)
    try pair.establish()
    let child = try established(pair)
    #expect(child.suite.sequenceNumbers == numbers)
    #expect(child.ownReplayStatus == nil && child.peerReplayStatus == nil)
  }

  // MARK: From a capture

  /// The capture of a pair's datagrams, opened with the keys that its sessions have now.
  private func diagnosis(_ pair: RespondingPair, withKeys: Bool = true) throws -> ReplayDiagnosis {
    ReplayDiagnosis(try evidence(pair, withKeys: withKeys))
  }

  private func evidence(_ pair: RespondingPair, withKeys: Bool = true) throws -> CaptureEvidence {
    let sa = try #require(pair.session.current)
    var lines = [
      "\(hex(sa.initiatorSPI)),\(hex(sa.responderSPI)),\(sa.keys.ei.revealed),\(sa.keys.er.revealed),"
        + "\"AES-GCM-128 with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\""
    ]
    for child in pair.session.children {
      for (spi, keys) in [
        (child.inboundSPI, child.inboundKeys), (child.outboundSPI, child.outboundKeys),
      ] {
        lines.append(
          "\"IPv4\",\"*\",\"*\",\"0x\(String(spi, radix: 16))\",\"AES-GCM [RFC4106]\","
            + "\"0x\(keys.encryption.revealed)\",\"ANY 128 bit authentication [no checking]\",\"0x\""
        )
      }
    }
    let text = lines.map { $0 + "\n" }.joined()
    let keys = KeyFile.parse(Array(text.utf8), name: "the pair's keys")
    #expect(keys.problems.isEmpty)
    let decryptor = Decryptor([keys])
    let dissector = Dissector()
    var evidence = CaptureEvidence()
    for (index, flight) in pair.carried.enumerated() {
      let frame = packet(flight)
      let time = Timestamp(
        nanoseconds: 1_790_000_000_000_000_000 + flight.arrival.nanoseconds)
      dissector.dissect(frame.rawBytes, linkType: .raw, timestamp: time)
      if withKeys { decryptor.open(dissector, frame.rawBytes, isCut: false) }
      evidence.add(
        dissector, frame.rawBytes, FrameReference(UInt64(index + 1), time),
        originalLength: frame.count, isCut: false, withKeys ? decryptor : nil)
    }
    return evidence
  }

  private func hex(_ spi: UInt64) -> String {
    Quantity.hexadecimal(spi, digits: 16)
  }

  private func packet(_ flight: RespondingPair.Flight) -> [UInt8] {
    var writer = ByteWriter()
    IPv4Header(
      trafficClass: 0, totalLength: UInt16(28 + flight.bytes.count), identification: 0,
      flagsAndOffset: 0, timeToLive: 64, protocol: 17, source: flight.from.address,
      destination: flight.to.address
    ).write(to: &writer)
    UDPHeader(
      sourcePort: flight.from.port, destinationPort: flight.to.port,
      length: UInt16(8 + flight.bytes.count)
    ).write(to: &writer)
    writer.append(flight.bytes)
    return writer.bytes
  }

  private func exchangePings(_ pair: RespondingPair) throws {
    for _ in 0..<3 { try pair.send(Self.ping.packet(), nextHeader: 4) }
    pair.run(for: .seconds(1))
    #expect(pair.arrivals.count >= 3)
  }

  @Test("A capture with keys tells of each SA what was agreed on, and what either side told")
  func capture() throws {
    let pair = try pair()
    try pair.establish()
    try exchangePings(pair)
    let diagnosis = try diagnosis(pair)
    #expect(diagnosis.flows.count == 2)
    for flow in diagnosis.flows {
      let negotiation = try #require(diagnosis.negotiations.of(flow))
      let isToResponder = flow.destination == RespondingPair.ownAddress
      #expect(negotiation.numbers == .partiallyTransmitted64)
      #expect(
        negotiation.receiver?.status == (isToResponder ? Self.unwindowed : Self.windowed))
      #expect(negotiation.sender?.status == (isToResponder ? Self.windowed : Self.unwindowed))
      #expect(negotiation.receiver?.isProven == true)
      #expect(flow.opening.usesESN == true && flow.opening.epoch == 0)
    }
    #expect(diagnosis.findings.map(\.id) == [.replayOff])
    let finding = try #require(diagnosis.findings.first)
    #expect(finding.confidence == .certain)
    #expect(
      finding.subject
        == .flow(
          spi: try established(pair).inboundSPI, source: RespondingPair.peerAddress,
          destination: RespondingPair.ownAddress))
    #expect(finding.evidence.contains { $0.text.plain.contains("can follow without a window") })
  }

  @Test("A rekeyed Child SA is told of by the messages that made it")
  func rekeyed() throws {
    let pair = try pair()
    try pair.establish()
    pair.session.rekeyChild(try #require(pair.child).inboundSPI, at: pair.now)
    pair.run(for: .seconds(1))
    try exchangePings(pair)
    let diagnosis = try diagnosis(pair)
    #expect(diagnosis.flows.count == 2)
    for flow in diagnosis.flows {
      #expect(diagnosis.negotiations.of(flow)?.receiver != nil)
      #expect(diagnosis.negotiations.of(flow)?.numbers == .partiallyTransmitted64)
    }
    #expect(diagnosis.findings.map(\.id) == [.replayOff])
  }

  @Test("Where both check, or nobody tells, or there are no keys, nothing is found")
  func healthy() throws {
    for (told, peer) in [(Self.windowed, Self.windowed), (nil, nil)] {
      let pair = try pair(told: told, peer: peer)
      try pair.establish()
      try exchangePings(pair)
      #expect(try diagnosis(pair).findings.isEmpty)
    }
    let pair = try pair()
    try pair.establish()
    try exchangePings(pair)
    let closed = try diagnosis(pair, withKeys: false)
    #expect(closed.findings.isEmpty)
    #expect(closed.flows.allSatisfy { closed.negotiations.of($0) == nil })
  }

  @Test("A proposal without transform type 5 is found, which this engine refuses")
  func missingTransform() throws {
    let pair = try RespondingPair(peer: { $0.take([]) }, own: { $0.take([.sequential32]) })
    pair.session.start(at: pair.now)
    pair.run(for: .seconds(2))
    #expect(pair.child == nil)
    let findings = CaptureDiagnosis(try evidence(pair)).findings
    let finding = try #require(findings.first { $0.id == .ikeMalformed })
    #expect(finding.severity == .warning && finding.confidence == .certain)
    #expect(finding.summary.plain.contains("proposes ESP without saying which sequence numbers"))
    let healthy = try self.pair()
    try healthy.establish()
    #expect(try !CaptureDiagnosis(evidence(healthy)).findings.contains { $0.id == .ikeMalformed })
  }

  @Test("32-bit numbers show as such, whose ICVs need no upper half")
  func shortNumbers() throws {
    let pair = try pair([.sequential32], told: AntiReplayStatus(isProtected: false))
    try pair.establish()
    try exchangePings(pair)
    let diagnosis = try diagnosis(pair)
    for flow in diagnosis.flows {
      #expect(diagnosis.negotiations.of(flow)?.numbers == .sequential32)
      #expect(flow.opening.usesESN == false && flow.opening.epoch == nil)
    }
    #expect(diagnosis.findings.map(\.id) == [.replayOff])
  }
}
