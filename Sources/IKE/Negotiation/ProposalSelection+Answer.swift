package import PacketDissector

extension ProposalSelection {
  /// How a responder's SA payload breaks what was offered.
  package enum AnswerFault: Error, Equatable, Sendable {
    /// Zero, or more than one.
    case proposals(Int)
    /// No proposal of this number was offered.
    case number(UInt8)
    case otherProtocol(ProtocolID)
    /// An SPI of another length than the offered one's.
    case spiLength(Int)
    /// More than one transform of a type.
    case severalOf(TransformType)
    case notOffered(Transform)
    /// The offer demanded a transform of this type.
    case missing(TransformType)
    /// INTEG beside an AEAD cipher.
    case integrityBesideAEAD
    /// The same method in two key exchanges.
    case repeatedMethod(KeyExchangeMethod)
    /// Octets behind the last transform.
    case malformed
  }

  /// Returns the accepted proposal if it is made of what was offered under its number: a responder that
  /// answers with something else must not be believed (RFC 7296, section 2.7).
  package static func verify(
    _ answer: [Proposal], against offered: [Proposal]
  ) throws(AnswerFault) -> Proposal {
    guard answer.count == 1, let accepted = answer.first else { throw .proposals(answer.count) }
    guard accepted.undecoded.isEmpty else { throw .malformed }
    guard let offer = offered.first(where: { $0.number == accepted.number }) else {
      throw .number(accepted.number)
    }
    guard accepted.protocolID == offer.protocolID else {
      throw .otherProtocol(accepted.protocolID)
    }
    guard accepted.spi.count == offer.spi.count else { throw .spiLength(accepted.spi.count) }
    for transform in accepted.transforms
    where !offer.transforms.contains(where: { $0.agrees(with: transform) }) {
      throw .notOffered(transform)
    }
    let isAEAD = accepted.transforms.contains(where: \.isAEAD)
    for type in TransformType.known { try check(type, of: accepted, offer, isAEAD: isAEAD) }
    try checkMethods(of: accepted)
    return accepted
  }

  private static func check(
    _ type: TransformType, of accepted: Proposal, _ offer: Proposal, isAEAD: Bool
  ) throws(AnswerFault) {
    let offered = offer.transforms(of: type)
    let given = accepted.transforms(of: type)
    guard given.count <= 1 else { throw .severalOf(type) }
    if type == .integrity, isAEAD {
      guard given.allSatisfy(\.isNone) else { throw .integrityBesideAEAD }
      return
    }
    if type == .integrity, offer.needsIntegrity {
      guard given.contains(where: { !$0.isNone }) else { throw .missing(type) }
      return
    }
    let isOptional = offered.isEmpty || offered.contains(where: \.isNone)
    guard isOptional || !given.isEmpty else { throw .missing(type) }
  }

  private static func checkMethods(of accepted: Proposal) throws(AnswerFault) {
    var seen: Set<UInt16> = []
    let types = [.keyExchange] + TransformType.additionalKeyExchanges
    for transform in accepted.transforms where types.contains(transform.type) && !transform.isNone {
      guard seen.insert(transform.id).inserted else {
        throw .repeatedMethod(KeyExchangeMethod(rawValue: transform.id))
      }
    }
  }
}

extension Proposal {
  /// Whether a cipher of this offer that is no AEAD must come with integrity: in IKE always, and where
  /// NONE can only have been meant for an AEAD cipher beside it.
  var needsIntegrity: Bool {
    protocolID != .esp || transforms.contains(where: \.isAEAD)
  }
}
