import Diagnosis
import PacketDissector
import Testing

/// Quick modes with REPLAY-STATUS in the clear: what no daemon sends, and what proves nothing.
@Suite("Replay protection that IKEv1 tells of")
struct AnnouncedReplayRulesTests {
  private static let ends = SyntheticIKE()

  private func message(
    _ type: IKEv1ExchangeType, id: UInt32, fromInitiator: Bool, _ payloads: [IKEv1Payload]
  ) -> SyntheticPacket {
    let header = IKEHeader(
      initiatorSPI: Self.ends.initiatorSPI, responderSPI: Self.ends.responderSPI, nextPayload: 0,
      version: 0x10, exchangeType: type.rawValue, flags: 0, messageID: id, length: 0)
    var writer = ByteWriter()
    IKEv1Message(header: header, payloads: payloads).write(to: &writer)
    return .ike(
      writer.bytes, from: fromInitiator ? Self.ends.initiator : Self.ends.responder,
      to: fromInitiator ? Self.ends.responder : Self.ends.initiator)
  }

  private func proposal(_ spi: [UInt8], extended: Bool) -> IKEv1Payload {
    let attributes = extended ? [IKEv1Attribute(.phase2(.extendedSequenceNumber), .basic(1))] : []
    let transform = IKEv1Transform(number: 1, id: .esp(.aesCBC), attributes: attributes)
    return IKEv1Payload(
      .securityAssociation,
      .securityAssociation(
        IKEv1SecurityAssociation(proposals: [
          IKEv1Proposal(number: 1, protocolID: .protoIpsecESP, spi: spi, transforms: [transform])
        ])))
  }

  private func status(_ spi: [UInt8], _ data: [UInt8]) -> IKEv1Payload {
    IKEv1Payload(
      .notification,
      .notification(
        IKEv1Notification(.replayStatus, protocolID: .protoIpsecESP, spi: spi, data: data)))
  }

  /// The responder's SPI is 0xC0DE, the initiator's 0xBEEF; `later` sends the status on its own.
  private func diagnosis(
    _ data: [UInt8]?, extended: Bool = false, later: Bool = false
  ) -> ReplayDiagnosis {
    var capture = SyntheticCapture()
    let (own, other): ([UInt8], [UInt8]) = ([0, 0, 0xC0, 0xDE], [0, 0, 0xBE, 0xEF])
    let told = data.map { [status(own, $0)] } ?? []
    capture.send(
      message(.quickMode, id: 9, fromInitiator: true, [proposal(other, extended: extended)]), at: 0)
    capture.send(
      message(
        .quickMode, id: 9, fromInitiator: false,
        [proposal(own, extended: extended)] + (later ? [] : told)), at: 0.01)
    if later {
      capture.send(message(.informational, id: 10, fromInitiator: false, told), at: 0.02)
    }
    for number: UInt32 in 1...20 {
      let seconds = 0.1 + Double(number) / 100
      capture.send(
        .esp(0xC0DE, number, from: Self.ends.plainInitiator, to: Self.ends.plainResponder),
        at: seconds)
      capture.send(
        .esp(0xBEEF, number, from: Self.ends.plainResponder, to: Self.ends.plainInitiator),
        at: seconds)
    }
    return ReplayDiagnosis(capture.evidence)
  }

  @Test("A 0 is no protection, in quick mode and behind it, but in the clear only possibly true")
  func off() throws {
    for later in [false, true] {
      let diagnosis = diagnosis([0, 0, 0, 0], later: later)
      let finding = try #require(diagnosis.findings.first)
      #expect(diagnosis.findings.count == 1 && finding.id == .replayOff)
      #expect(finding.confidence == .possible)
      #expect(finding.summary.plain.contains("0000c0de"))
    }
  }

  @Test("A 1, data of another length, and no status at all are no finding")
  func others() {
    for data: [UInt8]? in [[0, 0, 0, 1], [], [0], [0, 0, 0, 0, 0], nil] {
      #expect(diagnosis(data).findings.isEmpty)
    }
  }

  @Test("Attribute 11 is 64-bit numbers, and its absence 32-bit ones", arguments: [true, false])
  func numbers(extended: Bool) throws {
    let diagnosis = diagnosis(nil, extended: extended)
    #expect(diagnosis.flows.count == 2)
    for flow in diagnosis.flows {
      let negotiation = try #require(diagnosis.negotiations.of(flow))
      #expect(negotiation.numbers == (extended ? .partiallyTransmitted64 : .sequential32))
    }
  }
}
