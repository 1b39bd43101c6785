package import IPsecCrypto
package import PacketDissector

/// A post-quantum pre-shared key, and whether the SA may do without (RFC 8784).
package struct PPKPolicy: Sendable {
  package var identity: PPKIdentity
  package var secret: Secret
  /// No SA without it.
  package var isMandatory: Bool

  package init(identity: PPKIdentity, secret: Secret, isMandatory: Bool) {
    self.identity = identity
    self.secret = secret
    self.isMandatory = isMandatory
  }
}

/// What to do about a PPK at each step of an exchange (RFC 8784, section 3).
package enum PPKDecision: Equatable, Sendable {
  case use
  case without
  case fail

  /// Both sides, once IKE_SA_INIT tells whether the other has sent USE_PPK: `use` means to go on with it
  /// as far as the other knows the key. A responder that decides `use` answers USE_PPK.
  package static func afterInit(policy: PPKPolicy?, peerSentUsePPK: Bool) -> PPKDecision {
    guard let policy else { return .without }
    if peerSentUsePPK { return .use }
    return policy.isMandatory ? .fail : .without
  }

  /// A responder with an IKE_AUTH request, where both sent USE_PPK. `without` means to verify what
  /// NO_PPK_AUTH holds; an initiator that names no key has no need of it, as its AUTH is without one.
  package static func ofResponder(
    policy: PPKPolicy, requested: PPKIdentity?, hasNoPPKAuth: Bool
  ) -> PPKDecision {
    if requested == policy.identity { return .use }
    return !policy.isMandatory && (hasNoPPKAuth || requested == nil) ? .without : .fail
  }

  /// An initiator with the response, where both sent USE_PPK: without PPK_IDENTITY in it, the responder
  /// does not know the key.
  package static func ofInitiator(policy: PPKPolicy, isConfirmed: Bool) -> PPKDecision {
    if isConfirmed { return .use }
    return policy.isMandatory ? .fail : .without
  }
}
