package import PacketDissector

/// What the IKE messages that made an ESP or AH SA say of its sequence numbers and of replay protection. With
/// IKEv2, only keys show it.
package struct SequenceNegotiation: Sendable {
  /// What one side told of its own protection, in REPLAY_PROT_AND_ESN_STATUS, ANTI_REPLAY_STATUS, or IKEv1's
  /// REPLAY-STATUS (RFC 2407, section 4.6.3.2).
  package struct Told: Sendable {
    package let status: AntiReplayStatus
    package let typeName: String
    package let frame: FrameReference
    /// Whether it came protected, and was opened.
    package let isProven: Bool
  }

  /// What was agreed on; IKEv1's attribute 11 (RFC 4304) in the numbers of IKEv2. Nil where an IKEv2 proposal
  /// has no transform of type 5, as very old stacks make them, or one's answer was not seen.
  package var numbers: SequenceNumbers?
  /// Whether the answer had no transform of type 5, which is mandatory (RFC 7296, section 3.3.3).
  package var lacksTransform = false
  /// What the SA's receiver told, and what its sender told of the SA the other way.
  package var receiver: Told?
  package var sender: Told?
}

/// The negotiations of all SAs in a capture, by the SPI that packets carry.
package struct SequenceNegotiations: Sendable {
  private struct Entry {
    /// The addresses that the SPI's receiver had.
    let receivers: [IPAddress]
    let isAH: Bool
    let at: FrameReference
    var negotiation: SequenceNegotiation
  }

  private var entries: [UInt32: [Entry]] = [:]

  package init(_ evidence: CaptureEvidence) {
    for session in evidence.sessions.sessions {
      for exchange in session.exchanges { add(exchange, of: session) }
      if session.majorVersion == 1 { addLaterStatus(of: session) }
    }
  }

  /// The latest one before the flow's last packet; nil where none was seen.
  package func of(_ flow: ESPFlow) -> SequenceNegotiation? {
    entries[flow.spi]?.last {
      $0.isAH == flow.isAH && $0.receivers.contains(flow.destination)
        && $0.at.time <= flow.last.time
    }?.negotiation
  }

  private mutating func add(_ exchange: IKEExchange, of session: IKESession) {
    guard let answer = exchange.response else { return }
    let request =
      exchange.request?.content.makesSA == true ? exchange.request : Self.firstAuth(of: session)
    guard let agreed = NegotiatedSA(request?.content, answer.content) else { return }
    let asking = Self.addresses(of: session, isInitiator: exchange.isInitiators)
    let asked = Self.addresses(of: session, isInitiator: !exchange.isInitiators)
    let told = (
      requester: request.flatMap { SequenceNegotiation.Told($0) },
      responder: SequenceNegotiation.Told(answer)
    )
    var negotiation = SequenceNegotiation()
    negotiation.numbers = agreed.numbers
    negotiation.lacksTransform = agreed.lacksTransform
    negotiation.receiver = told.responder
    negotiation.sender = told.requester
    let frame = answer.first.frame
    entries[agreed.responderSPI, default: []].append(
      Entry(receivers: asked, isAH: agreed.isAH, at: frame, negotiation: negotiation))
    guard let spi = agreed.requesterSPI else { return }
    swap(&negotiation.receiver, &negotiation.sender)
    entries[spi, default: []].append(
      Entry(receivers: asking, isAH: agreed.isAH, at: frame, negotiation: negotiation))
  }

  /// EAP has the SA payload in the first IKE_AUTH request, and the answer to it in the last response.
  private static func firstAuth(of session: IKESession) -> IKEMessageTrack? {
    session.exchanges(.ikeAuth).compactMap(\.request).first(where: \.content.makesSA)
  }

  private static func addresses(of session: IKESession, isInitiator: Bool) -> [IPAddress] {
    isInitiator
      ? [session.initiator.address, session.latestInitiator.address]
      : [session.responder.address, session.latestResponder.address]
  }

  /// REPLAY-STATUS in an informational exchange behind quick mode, by the sender's SPI.
  private mutating func addLaterStatus(of session: IKESession) {
    for exchange in session.exchanges
    where exchange.type == IKEv1ExchangeType.informational.rawValue {
      guard let message = exchange.request, let told = SequenceNegotiation.Told(message),
        let spi = message.content.replayStatus?.spi, spi.count == 4
      else { continue }
      let number = UInt32(octets: spi)
      let source = message.first.source.address
      for index in (entries[number] ?? []).indices
      where entries[number]?[index].receivers.contains(source) == true {
        entries[number]?[index].negotiation.receiver = told
      }
    }
  }
}

/// The ESP or AH proposal that was accepted, with both SPIs.
private struct NegotiatedSA {
  let responderSPI: UInt32
  let requesterSPI: UInt32?
  let isAH: Bool
  let numbers: SequenceNumbers?
  let lacksTransform: Bool

  init?(_ request: IKEMessageContent?, _ answer: IKEMessageContent) {
    if let accepted = answer.proposals.first(where: \.isOfSA) {
      guard accepted.spi.count == 4 else { return nil }
      let offered = request?.proposals.first { $0.number == accepted.number && $0.isOfSA }
      let transform = accepted.transforms.first { $0.type == .sequenceNumbers }
      self.init(
        accepted.spi, offered?.spi, isAH: accepted.protocolID == .ah,
        transform.map { SequenceNumbers(rawValue: $0.id) }, lacksTransform: transform == nil)
      return
    }
    guard let accepted = answer.ikev1Proposals.first(where: \.isOfSA), accepted.spi.count == 4,
      let transform = accepted.transforms.first
    else { return nil }
    let offered = request?.ikev1Proposals.first { $0.number == accepted.number && $0.isOfSA }
    let isExtended = transform.number(of: .phase2(.extendedSequenceNumber)) == 1
    self.init(
      accepted.spi, offered?.spi, isAH: accepted.protocolID == .protoIpsecAH,
      isExtended ? .partiallyTransmitted64 : .sequential32, lacksTransform: false)
  }

  private init(
    _ responder: [UInt8], _ requester: [UInt8]?, isAH: Bool, _ numbers: SequenceNumbers?,
    lacksTransform: Bool
  ) {
    responderSPI = UInt32(octets: responder)
    requesterSPI = requester.flatMap { $0.count == 4 ? UInt32(octets: $0) : nil }
    self.isAH = isAH
    self.numbers = numbers
    self.lacksTransform = lacksTransform
  }
}

extension Proposal {
  fileprivate var isOfSA: Bool { protocolID == .esp || protocolID == .ah }
}

extension IKEv1Proposal {
  fileprivate var isOfSA: Bool { protocolID == .protoIpsecESP || protocolID == .protoIpsecAH }
}

extension IKEMessageContent {
  fileprivate var makesSA: Bool {
    proposals.contains(where: \.isOfSA) || ikev1Proposals.contains(where: \.isOfSA)
  }

  /// The notify that tells of replay protection, IKEv2's or IKEv1's: their numbers differ.
  fileprivate var replayStatus: Notify? {
    notify(.replayProtectionStatus) ?? notify(.antiReplayStatus)
      ?? notifies.first { $0.type == IKEv1NotifyType.replayStatus.rawValue }
  }
}

extension SequenceNegotiation.Told {
  fileprivate init?(_ message: IKEMessageTrack) {
    guard let notify = message.content.replayStatus else { return nil }
    frame = message.first.frame
    isProven = message.content.isOpened
    if notify.type == IKEv1NotifyType.replayStatus.rawValue {
      // Anything else than the four octets says nothing.
      guard let number = notify.number else { return nil }
      status = AntiReplayStatus(isProtected: number != 0)
      typeName = IKEv1NotifyType.replayStatus.name ?? "REPLAY-STATUS"
    } else {
      status = AntiReplayStatus(data: notify.data)
      typeName = NotifyType(rawValue: notify.type).name ?? "notify \(notify.type)"
    }
  }
}
