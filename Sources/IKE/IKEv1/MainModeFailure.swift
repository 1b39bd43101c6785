package import IPsecCrypto
package import PacketDissector

/// A message of the initiator's in main mode that waits for its answer.
package enum MainModeStep: Hashable, Sendable {
  /// The first message: proposals.
  case offer
  /// The third: key exchange and nonce.
  case keyExchange
  /// The fifth: identity and hash, encrypted.
  case proof
}

/// Why there is no IKEv1 SA.
///
/// Until the peer has proved itself, anyone may have sent what a failure rests on: so it is only told once
/// all transmissions of a message have not brought anything better.
package enum MainModeFailure: Error, Equatable, Sendable {
  case noAnswer(MainModeStep, port: UInt16)
  /// The peer answered with an error notification.
  case refused(IKEv1NotifyType, MainModeStep)
  case otherVersion(UInt8)
  /// A choice that was not offered.
  case wrongChoice
  case keyExchange(KeyExchangeFailure)
  /// What came behind the proof cannot be decrypted with keys of our secret.
  case unreadable
  /// The peer's hash is not that of our secret.
  case notAuthenticated
  case otherIdentity(Identity)
  case crypto(CryptoError)

  /// Whether different secrets on the two sides are the likely cause. They show only as messages that the
  /// other side cannot read (RFC 2409, section 5.4: the keys come from the secret).
  package var suggestsWrongSecret: Bool {
    switch self {
    case .unreadable, .notAuthenticated, .refused(_, .proof), .noAnswer(.proof, _): true
    default: false
    }
  }
}

extension MainModeStep: CustomStringConvertible {
  package var description: String {
    switch self {
    case .offer: "main mode's first message (proposals)"
    case .keyExchange: "main mode's third message (key exchange)"
    case .proof: "main mode's fifth message (identity, encrypted)"
    }
  }
}

extension MainModeFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noAnswer(let step, let port): "no answer to \(step) on UDP port \(port)"
    case .refused(let type, let step): "the peer answered \(step) with \(type)"
    case .otherVersion(let version): "the peer speaks IKE version \(version)"
    case .wrongChoice: "the peer chose what was not offered"
    case .keyExchange(let failure): "\(failure)"
    case .unreadable: "the peer's answer to \(MainModeStep.proof) cannot be decrypted"
    case .notAuthenticated: "the peer did not prove that it has the secret"
    case .otherIdentity(let identity): "the peer is \(identity), not who it must be"
    case .crypto(let error): "\(error)"
    }
  }
}
