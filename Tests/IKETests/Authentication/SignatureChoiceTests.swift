import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Choosing how to sign")
struct SignatureChoiceTests {
  private func scheme(
    _ key: PublicKeyType, _ hashes: [SignatureHash]?,
    _ announcements: [AuthenticationAnnouncement] = [], prefersPSS: Bool = false
  ) -> SignatureScheme? {
    SignatureChoice.choose(
      for: key, VerifierAbilities(signatureHashes: hashes, announcements: announcements),
      prefersPSS: prefersPSS)?.scheme
  }

  private func announcement(_ scheme: SignatureScheme) -> AuthenticationAnnouncement {
    AuthenticationAnnouncement(
      method: .digitalSignature, certificateLink: 0,
      algorithmIdentifier: scheme.algorithmIdentifier ?? [])
  }

  @Test("the hash goes with the key's strength, and with what the verifier has")
  func hashes() {
    let all = VerifierAbilities.ownHashes
    #expect(scheme(.rsa(bits: 2048), all) == .rsaPKCS1(.sha2_256))
    #expect(scheme(.rsa(bits: 4096), all) == .rsaPKCS1(.sha2_384))
    #expect(scheme(.rsa(bits: 8192), all) == .rsaPKCS1(.sha2_512))
    #expect(scheme(.ecdsa(curve: .p521), all) == .ecdsaDER(.sha2_512))
    #expect(scheme(.rsa(bits: 4096), [.sha2_512]) == .rsaPKCS1(.sha2_512))
    #expect(scheme(.ecdsa(curve: .p384), [.sha2_256]) == .ecdsaDER(.sha2_256))
    #expect(scheme(.rsa(bits: 2048), all, prefersPSS: true) == .rsaPSS(.sha2_256))
  }

  @Test("SHA-1 is never used in method 14, even if the verifier has nothing else")
  func sha1() {
    let choice = SignatureChoice.choose(
      for: .rsa(bits: 2048), VerifierAbilities(signatureHashes: [.sha1]))
    #expect(choice?.method == .rsaDigitalSignature)
  }

  @Test("keys that sign nothing, and curves without a method of their own, have no choice")
  func none() {
    #expect(scheme(.other("DSA"), VerifierAbilities.ownHashes) == nil)
    #expect(scheme(.ecdsa(curve: .brainpoolP256r1), nil) == nil)
    #expect(scheme(.ed448, [.sha2_512]) == nil)
  }

  @Test("the verifier's announcements decide, in their order")
  func announcements() {
    let all = VerifierAbilities.ownHashes
    let key = PublicKeyType.rsa(bits: 2048)
    #expect(scheme(key, all, [announcement(.rsaPSS(.sha2_512))]) == .rsaPSS(.sha2_512))
    #expect(
      scheme(key, all, [announcement(.ecdsaDER(.sha2_256)), announcement(.rsaPKCS1(.sha2_384))])
        == .rsaPKCS1(.sha2_384))
    #expect(
      scheme(
        key, all,
        [AuthenticationAnnouncement(method: .rsaDigitalSignature, certificateLink: 0)])
        == .rsaPKCS1(.sha1))
  }

  @Test("announcements that fit nothing are passed over")
  func useless() {
    let all = VerifierAbilities.ownHashes
    let list = [
      AuthenticationAnnouncement(method: .sharedKeyMessageIntegrityCode),
      AuthenticationAnnouncement(method: .digitalSignature, certificateLink: 0),
      announcement(.ecdsaDER(.sha2_256)),
    ]
    #expect(scheme(.rsa(bits: 2048), all, list) == .rsaPKCS1(.sha2_256))
    #expect(
      scheme(.rsa(bits: 2048), [.sha2_512], [announcement(.rsaPSS(.sha2_256))])
        == .rsaPKCS1(.sha2_512))
  }
}

@Suite("What a verifier says it can verify")
struct VerifierAbilitiesTests {
  @Test("hashes and announcements are taken from notifications, unknown hashes left out")
  func notifies() {
    var abilities = VerifierAbilities()
    abilities.add([NotifyPayload(.redirectSupported)])
    #expect(abilities.signatureHashes == nil)
    abilities.add([
      NotifyPayload(
        .signatureHashAlgorithms, .hashAlgorithms([1, 2, 7, 5].map(HashAlgorithm.init(rawValue:))))
    ])
    #expect(abilities.signatureHashes == [.sha1, .sha2_256, .identity])
    let list = [AuthenticationAnnouncement(method: .sharedKeyMessageIntegrityCode)]
    abilities.add([NotifyPayload(.supportedAuthMethods, .authenticationMethods(list))])
    #expect(abilities.announcements == list)
    // Empty in IKE_SA_INIT means that the list comes in IKE_INTERMEDIATE; it takes nothing back.
    abilities.add([NotifyPayload(.supportedAuthMethods, .authenticationMethods([]))])
    #expect(abilities.announcements == list)
    #expect(abilities.signatureHashes == [.sha1, .sha2_256, .identity])
  }

  @Test("our own announcement lists what satisfies the requirement")
  func own() throws {
    func announced(_ requirement: PeerRequirement) -> [AuthenticationAnnouncement] {
      guard
        case .authenticationMethods(let list) = VerifierAbilities.announcement(of: requirement)
          .content
      else { return [] }
      return list
    }
    let secret = Secret(copying: [1])
    #expect(
      announced(.preSharedKey(secret))
        == [AuthenticationAnnouncement(method: .sharedKeyMessageIntegrityCode)])
    #expect(announced(.null).map(\.method) == [.nullAuthentication])
    #expect(
      announced(.eap(accounts: [:])).map(\.method) == [.sharedKeyMessageIntegrityCode])
    let signatures = announced(.certificate(TrustAnchors([])))
    #expect(signatures.allSatisfy { $0.certificateLink == 0 })
    let schemes = signatures.filter { $0.method == .digitalSignature }.map {
      SignatureScheme(algorithmIdentifier: $0.algorithmIdentifier)
    }
    #expect(schemes.count == 11)
    #expect(schemes.allSatisfy { $0.map { VerifierAbilities.ownHashes.contains($0.hash) } == true })
  }

  @Test("whatever we announce, a key of that kind can follow")
  func followed() throws {
    var abilities = VerifierAbilities()
    abilities.add([
      VerifierAbilities.hashNotify,
      VerifierAbilities.announcement(of: .certificate(TrustAnchors([]))),
    ])
    for key in [
      PublicKeyType.rsa(bits: 2048), .ecdsa(curve: .p256), .ecdsa(curve: .p384), .ed25519, .ed448,
    ] {
      let choice = try #require(SignatureChoice.choose(for: key, abilities))
      #expect(choice.method == .digitalSignature)
    }
  }

  @Test("our hashes go out as RFC 7427 numbers them")
  func hashNotify() {
    #expect(VerifierAbilities.hashNotify.data == [0, 2, 0, 3, 0, 4, 0, 5])
  }
}
