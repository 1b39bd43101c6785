package import IPsecCrypto

/// With what a side proves who it is.
package enum Credential: Sendable {
  case preSharedKey(Secret)
  /// A private key, and the DER certificates that go with it, its own first.
  case signature(PrivateKey, chain: [[UInt8]])
  /// No proof at all (RFC 7619).
  case null
  /// The initiator's alone: what an EAP method asks for.
  case eap(EAPCredential)
}

/// What EAP-MSCHAPv2 asks of a person.
package struct EAPCredential: Sendable {
  /// The answer to EAP's question for an identity, and the user name of MSCHAPv2.
  package var userName: String
  package var password: Secret

  package init(userName: String, password: Secret) {
    self.userName = userName
    self.password = password
  }
}

/// What the other side must prove, and by what.
package enum PeerRequirement: Sendable {
  case preSharedKey(Secret)
  /// A signature by a key whose certificate leads to one of these, and carries the peer's identity. What
  /// an initiator with EAP demands of its responder, too.
  case certificate(TrustAnchors)
  /// Nothing: the SA is encrypted, to whomever (RFC 7619).
  case null
  /// The responder's alone: EAP-MSCHAPv2, with passwords by user name.
  case eap(accounts: [String: Secret])
}
