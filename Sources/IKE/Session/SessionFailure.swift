package import IPsecCrypto
package import PacketDissector

/// Why a session has no IKE SA, or none any more.
package enum SessionFailure: Error, Equatable, Sendable {
  /// All transmissions of a request stayed unanswered.
  case noAnswer(ExchangeType)
  /// The responder side waited too long for the next message of a peer that has proved nothing yet.
  case abandoned
  /// The peer refused with an error notification.
  case refused(NotifyType, in: ExchangeType)
  case otherVersion(UInt8)
  /// A choice that was not offered.
  case wrongChoice(ProposalSelection.AnswerFault)
  case unusableSuite(SuiteFault)
  case keyExchange(KeyExchangeFailure)
  /// The peer did not prove that it is whom it must be.
  case authentication(AuthenticationFailure)
  /// This side cannot prove itself as the peer demands.
  case credential(AuthenticationFailure)
  case eap(EAPFailure)
  /// There is no SA without a PPK (RFC 8784), and the sides do not have the same.
  case noPPK
  case malformed(ExchangeType)
  case missing(PayloadType, in: ExchangeType)
  case unsupportedCriticalPayload(PayloadType)
  /// Additional key exchanges were chosen by a peer that does not have IKE_INTERMEDIATE.
  case noIntermediate
  case redirected
  case crypto(CryptoError)
  case unsendable(SealFailure)
}

extension SessionFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noAnswer(let exchange): "no answer to \(exchange)"
    case .abandoned: "the initiator did not go on"
    case .refused(let type, let exchange): "the peer answered \(exchange) with \(type)"
    case .otherVersion(let version): "the peer speaks IKE version \(version)"
    case .wrongChoice: "the peer chose what was not offered"
    case .unusableSuite(let fault): "the chosen proposal cannot be used: \(fault)"
    case .keyExchange(let failure): "\(failure)"
    case .authentication(let failure): "the peer is not authenticated: \(failure)"
    case .credential(let failure): "this side cannot prove itself: \(failure)"
    case .eap(let failure): "\(failure)"
    case .noPPK: "the sides have no post-quantum preshared key in common"
    case .malformed(let exchange): "a message of \(exchange) is malformed or out of place"
    case .missing(let payload, let exchange): "a message of \(exchange) has no \(payload)"
    case .unsupportedCriticalPayload(let payload): "a critical payload, \(payload), is not known"
    case .noIntermediate: "the peer chose additional key exchanges without IKE_INTERMEDIATE"
    case .redirected: "the peer names another gateway"
    case .crypto(let error): "\(error)"
    case .unsendable(.tooLarge(let bytes)): "a message of \(bytes) octets cannot be sent"
    case .unsendable(let failure): "a message cannot be protected: \(failure)"
    }
  }
}

/// Why a Child SA was not made.
package enum ChildFault: Error, Equatable, Sendable {
  /// The peer's error notification.
  case refused(NotifyType)
  case noProposalChosen
  case selectorsUnacceptable
  case wrongChoice(ProposalSelection.AnswerFault)
  case unusableSuite(SuiteFault)
  case missing(PayloadType)
  /// The responder took more traffic than it was offered, or another mode.
  case otherTerms
  case keyExchange(KeyExchangeFailure)
  case crypto(CryptoError)

  /// What a responder tells its peer.
  var notifyType: NotifyType {
    switch self {
    case .refused(let type): type
    case .selectorsUnacceptable: .tsUnacceptable
    case .missing, .keyExchange: .invalidSyntax
    case .noProposalChosen, .wrongChoice, .unusableSuite, .otherTerms, .crypto: .noProposalChosen
    }
  }
}
