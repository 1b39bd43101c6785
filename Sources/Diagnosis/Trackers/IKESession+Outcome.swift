internal import PacketDissector

/// Where an IKE SA stands when the capture ends.
package enum IKESAState: Equatable, Sendable {
  /// Nothing came from the responder; the requests sent, retransmissions included.
  case unanswered(requests: Int)
  /// The responder answered with an error; the notify's number, of the SA's IKE version.
  case refused(by: UInt16, FrameReference)
  /// By its shape alone an error: the answer to IKE_AUTH begins with a Notify.
  case probablyRefused(FrameReference)
  /// Answered, but not authenticated.
  case negotiating
  /// Or an SA whose beginning is not in the capture.
  case established
  case deleted(byInitiator: Bool, FrameReference)
  /// A Delete came last; whether of this SA or of a Child SA is encrypted.
  case probablyDeleted(byInitiator: Bool, FrameReference)
  /// The last request of an established SA was sent several times and never answered.
  case silent(askedByInitiator: Bool, since: FrameReference, transmissions: Int)
}

extension IKESession {
  package var state: IKESAState {
    if let deletion { return deletion }
    guard isEstablished || !isSeenFromItsStart else { return failure ?? .negotiating }
    if let last = exchanges.last, last.response == nil, let request = last.request,
      majorVersion == 2, request.count > 1
    {
      return .silent(
        askedByInitiator: last.isInitiators, since: request.first.frame,
        transmissions: request.count)
    }
    return .established
  }

  private var failure: IKESAState? {
    let answers = exchanges.compactMap(\.response)
    if answers.isEmpty, majorVersion == 2 || exchanges.count == 1 {
      return .unanswered(requests: exchanges.reduce(0) { $0 + ($1.request?.count ?? 0) })
    }
    guard let last = answers.last else { return nil }
    // A cookie or another key exchange method is asked for before the SA stands: no refusal.
    if let error = last.content.error, error.type != NotifyType.invalidKEPayload.rawValue {
      return .refused(by: error.type, last.first.frame)
    }
    if majorVersion == 2, exchanges.last?.type == ExchangeType.ikeAuth.rawValue,
      !last.content.isOpened, last.content.firstEncrypted == PayloadType.notify.rawValue
    {
      return .probablyRefused(last.first.frame)
    }
    return nil
  }

  /// A Delete of the IKE SA itself, or one that may be.
  private var deletion: IKESAState? {
    for exchange in exchanges.reversed() {
      guard let request = exchange.request,
        request.content.deletions.contains(where: { $0.protocolID == ProtocolID.ike.rawValue })
      else { continue }
      return .deleted(byInitiator: exchange.isInitiators, request.first.frame)
    }
    guard majorVersion == 2, isEstablished || !isSeenFromItsStart, let last = exchanges.last,
      let request = last.request,
      !request.content.isOpened, request.content.firstEncrypted == PayloadType.delete.rawValue
    else { return nil }
    return .probablyDeleted(byInitiator: last.isInitiators, request.first.frame)
  }

  /// How often messages were sent again, of both sides.
  package var retransmissions: Int {
    exchanges.reduce(0) { sum, exchange in
      sum + max(0, (exchange.request?.count ?? 1) - 1)
        + max(0, (exchange.response?.count ?? 1) - 1)
    }
  }

  /// The algorithms that the responder chose for the IKE SA, by their registered names; empty where
  /// the capture does not have them.
  package var chosenAlgorithms: [String] {
    if majorVersion == 1 {
      let chosen = exchanges.lazy.compactMap { $0.response?.content.ikev1Proposals.first }.first
      return chosen?.transforms.first?.algorithms ?? []
    }
    return chosenProposal?.transforms.map(ProposalNotation.name(of:)) ?? []
  }

  /// What the vendor IDs name, each once, in the order in which they came.
  package var vendors: [String] {
    var names: [String] = []
    for name in vendorIDs.compactMap(VendorIDTable.name(of:)) where !names.contains(name) {
      names.append(name)
    }
    return names
  }

  /// By whose schedule a side sends again, as far as its retransmissions tell.
  package func schedule(ofInitiator isInitiators: Bool) -> ScheduleMatch? {
    exchanges.lazy.filter { $0.isInitiators == isInitiators }
      .compactMap { $0.request?.schedule }.max { $0.confidence < $1.confidence }
  }

  /// Messages by exchange type, transmissions and fragments of one counted once.
  package var exchangeCounts: [(type: UInt8, count: Int)] {
    var counts: [UInt8: Int] = [:]
    for exchange in exchanges { counts[exchange.type, default: 0] += 1 }
    return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

extension IKEv1Transform {
  /// "AES-CBC-256", "SHA2-256", "pre-shared key", in the order of the attributes.
  fileprivate var algorithms: [String] {
    var names: [String] = []
    for attribute in attributes {
      switch attribute.kind {
      case .phase1(.encryptionAlgorithm), .phase1(.hashAlgorithm), .phase1(.authenticationMethod),
        .phase1(.groupDescription):
        names.append(
          attribute.valueName
            ?? "\(attribute.kind.name ?? "attribute") \(attribute.number ?? 0)")
      case .phase1(.keyLength): names.append("\(attribute.number ?? 0)-bit key")
      default: break
      }
    }
    return names
  }
}
