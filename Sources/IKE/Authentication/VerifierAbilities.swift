package import IPsecCrypto
package import PacketDissector

/// What a side says of the proofs that it can verify.
package struct VerifierAbilities: Equatable, Sendable {
  /// Of SIGNATURE_HASH_ALGORITHMS (RFC 7427, section 4), those that are known here; nil where it was not
  /// sent, and method 14 cannot be used.
  package var signatureHashes: [SignatureHash]?
  /// Of SUPPORTED_AUTH_METHODS (RFC 9593), best first; empty where there was none.
  package var announcements: [AuthenticationAnnouncement]

  package init(
    signatureHashes: [SignatureHash]? = nil, announcements: [AuthenticationAnnouncement] = []
  ) {
    self.signatureHashes = signatureHashes
    self.announcements = announcements
  }

  /// Adds what the notifications of one more message say: hashes stand in IKE_SA_INIT, announcements
  /// there, in IKE_INTERMEDIATE or in IKE_AUTH.
  package mutating func add(_ notifies: [NotifyPayload]) {
    for notify in notifies {
      switch notify.content {
      case .hashAlgorithms(let list):
        signatureHashes = list.compactMap { SignatureHash(rawValue: $0.rawValue) }
      case .authenticationMethods(let list) where !list.isEmpty: announcements = list
      default: break
      }
    }
  }
}

extension VerifierAbilities {
  /// The hashes that we take in method 14: no SHA-1 (RFC 8247, section 3.2).
  package static let ownHashes: [SignatureHash] = [.sha2_256, .sha2_384, .sha2_512, .identity]

  /// SIGNATURE_HASH_ALGORITHMS as we send it.
  package static var hashNotify: NotifyPayload {
    let numbers = ownHashes.map { HashAlgorithm(rawValue: $0.rawValue) }
    return NotifyPayload(.signatureHashAlgorithms, .hashAlgorithms(numbers))
  }

  /// SUPPORTED_AUTH_METHODS with what satisfies a requirement; for EAP, the method that its MSK is proven
  /// by, as an empty list would mean that the list is still to come. Any of the authorities of our CERTREQ will do, so that every link is 0.
  package static func announcement(of requirement: PeerRequirement) -> NotifyPayload {
    let list: [AuthenticationAnnouncement] =
      switch requirement {
      case .preSharedKey, .eap:
        [AuthenticationAnnouncement(method: .sharedKeyMessageIntegrityCode)]
      case .null: [AuthenticationAnnouncement(method: .nullAuthentication)]
      case .certificate: signatureAnnouncements
      }
    return NotifyPayload(.supportedAuthMethods, .authenticationMethods(list))
  }

  private static var signatureAnnouncements: [AuthenticationAnnouncement] {
    let hashes = ownHashes.filter { $0 != .identity }
    let schemes: [(SignatureScheme, PublicKeyType)] =
      [(.eddsa, .ed25519), (.eddsa, .ed448)]
      + hashes.map { (.ecdsaDER($0), .ecdsa(curve: .p256)) }
      + hashes.map { (.rsaPSS($0), .rsa(bits: 2048)) }
      + hashes.map { (.rsaPKCS1($0), .rsa(bits: 2048)) }
    let identifiers = schemes.compactMap { $0.algorithmIdentifier(for: $1) }
    let classic: [AuthenticationMethod] = [
      .ecdsaWithSha256OnTheP256Curve, .ecdsaWithSha384OnTheP384Curve,
      .ecdsaWithSha512OnTheP521Curve, .rsaDigitalSignature,
    ]
    return identifiers.map {
      AuthenticationAnnouncement(
        method: .digitalSignature, certificateLink: 0, algorithmIdentifier: $0)
    } + classic.map { AuthenticationAnnouncement(method: $0, certificateLink: 0) }
  }
}
