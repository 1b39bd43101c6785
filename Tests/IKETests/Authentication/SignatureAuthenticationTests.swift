import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Authentication by signature")
struct SignatureAuthenticationTests {
  private typealias Certificates = TestCertificates

  /// A gateway's claim, made with its key for a verifier of these abilities.
  private func claim(
    _ name: String, _ identity: String? = nil, to verifier: VerifierAbilities,
    with others: String..., prefersPSS: Bool = false
  ) throws -> PeerClaim {
    let identity = try Certificates.identity(identity ?? "\(name).example")
    let chain = CertificateChainPayloads(
      certificates: try ([name] + others).map { try Certificates.certificate($0).der })
    let key = try Certificates.key(name)
    let payload = try AuthenticationVectors.context().prove(
      .responder, identity, by: .signature(key, chain: chain.certificates), to: verifier,
      prefersPSS: prefersPSS)
    return PeerClaim(identity: identity, authentication: payload, certificates: chain)
  }

  private func verify(
    _ claim: PeerClaim, _ anchors: TrustAnchors? = nil, expected: String? = nil,
    side: Side = .responder
  ) throws -> AuthenticatedPeer {
    let anchors = try anchors ?? Certificates.anchors("root-rsa", "root-p384")
    return try AuthenticationVectors.context().verify(
      side, claim, against: .certificate(anchors),
      expected: try expected.map { try Certificates.identity($0) }, at: Certificates.now)
  }

  private let modern = VerifierAbilities(signatureHashes: VerifierAbilities.ownHashes)
  private let classic = VerifierAbilities()

  @Test(
    "every kind of key signs by method 14, and is verified",
    arguments: [
      ("gateway-rsa", SignatureScheme.rsaPKCS1(.sha2_256)), ("gateway-p256", .ecdsaDER(.sha2_256)),
      ("gateway-p384", .ecdsaDER(.sha2_384)), ("gateway-p521", .ecdsaDER(.sha2_512)),
      ("gateway-brainpoolp256", .ecdsaDER(.sha2_256)), ("gateway-ed25519", .eddsa),
      ("gateway-ed448", .eddsa),
    ])
  func digitalSignature(_ name: String, _ scheme: SignatureScheme) throws {
    let claim = try claim(name, to: modern, with: "intermediate")
    #expect(claim.authentication?.method == .digitalSignature)
    let peer = try verify(claim, expected: "\(name).example")
    #expect(peer.scheme == scheme)
    #expect(peer.method == .digitalSignature)
    #expect(peer.certificate == claim.certificates.certificates.first)
  }

  @Test(
    "without SIGNATURE_HASH_ALGORITHMS, keys sign by the older methods",
    arguments: [
      ("gateway-rsa", AuthenticationMethod.rsaDigitalSignature, SignatureScheme.rsaPKCS1(.sha1)),
      ("gateway-p256", .ecdsaWithSha256OnTheP256Curve, .ecdsaRaw(.sha2_256)),
      ("gateway-p384", .ecdsaWithSha384OnTheP384Curve, .ecdsaRaw(.sha2_384)),
      ("gateway-p521", .ecdsaWithSha512OnTheP521Curve, .ecdsaRaw(.sha2_512)),
    ])
  func classicMethods(
    _ name: String, _ method: AuthenticationMethod, _ scheme: SignatureScheme
  ) throws {
    let claim = try claim(name, to: classic, with: "intermediate")
    #expect(claim.authentication?.method == method)
    #expect(try verify(claim).scheme == scheme)
  }

  @Test("an EdDSA key cannot sign for a verifier without method 14, or without its hash")
  func noCommonSignature() throws {
    for verifier in [classic, VerifierAbilities(signatureHashes: [.sha2_256])] {
      #expect(throws: AuthenticationFailure.noCommonSignature(.ed25519)) {
        try claim("gateway-ed25519", to: verifier)
      }
    }
  }

  @Test("PSS is sent where it is preferred, and always accepted")
  func probabilistic() throws {
    let claim = try claim("gateway-rsa", to: modern, prefersPSS: true)
    #expect(try verify(claim).scheme == .rsaPSS(.sha2_256))
  }

  @Test("method 1 is accepted with SHA-2 too, as daemons send it")
  func rsaWithSHA2() throws {
    for hash in [SignatureHash.sha1, .sha2_256, .sha2_384, .sha2_512] {
      var claim = try claim("gateway-rsa", to: classic)
      let octets = try AuthenticationVectors.context().signedOctets(of: .responder, claim.identity)
      claim.authentication?.data = try Certificates.key("gateway-rsa").sign(octets, .rsaPKCS1(hash))
      #expect(try verify(claim).scheme == .rsaPKCS1(hash))
    }
  }

  @Test("SHA-1 is refused in method 14, and an unknown algorithm is named")
  func refusedAlgorithms() throws {
    var claim = try claim("gateway-rsa", to: modern)
    let octets = try AuthenticationVectors.context().signedOctets(of: .responder, claim.identity)
    let weak = SignatureScheme.rsaPKCS1(.sha1)
    claim.authentication = AuthenticationPayload(
      algorithmIdentifier: try #require(weak.algorithmIdentifier),
      signature: try Certificates.key("gateway-rsa").sign(octets, weak))
    #expect(try authenticationFailure { try verify(claim) } == .hashRefused(weak))
    // DSA with SHA-256.
    let strange: [UInt8] = [0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 2]
    claim.authentication?.algorithmIdentifier = strange
    #expect(try authenticationFailure { try verify(claim) } == .unknownAlgorithm(strange))
    claim.authentication?.algorithmIdentifier = nil
    #expect(try authenticationFailure { try verify(claim) } == .unknownAlgorithm([]))
  }

  @Test("a changed signature, message or side is a wrong signature")
  func wrongSignature() throws {
    for (name, verifier) in [
      ("gateway-rsa", modern), ("gateway-rsa", classic), ("gateway-p256", modern),
      ("gateway-p256", classic), ("gateway-ed25519", modern),
    ] {
      let claim = try claim(name, to: verifier, with: "intermediate")
      #expect(try authenticationFailure { try verify(claim) } == nil)
      var other = claim
      other.authentication?.data[5] ^= 1
      #expect(try authenticationFailure { try verify(other) } == .wrongSignature)
      other.authentication?.data = []
      #expect(try authenticationFailure { try verify(other) } == .wrongSignature)
      #expect(try authenticationFailure { try verify(claim, side: .initiator) } == .wrongSignature)
      // The certificate carries this identity as well, but AUTH is not over it.
      other = claim
      other.identity = try Certificates.identity("192.0.2.1")
      #expect(try authenticationFailure { try verify(other) } == .wrongSignature)
    }
  }

  @Test("the certificate's key must be of the method's kind")
  func keyDoesNotFit() throws {
    var claim = try claim("gateway-p256", to: modern, with: "intermediate")
    for (method, scheme) in [
      (AuthenticationMethod.rsaDigitalSignature, nil), (.ecdsaWithSha384OnTheP384Curve, nil),
      (.digitalSignature, SignatureScheme.rsaPKCS1(.sha2_256)),
    ] {
      claim.authentication?.method = method
      claim.authentication?.algorithmIdentifier = scheme?.algorithmIdentifier
      guard case .keyDoesNotFit(method, _)? = try authenticationFailure({ try verify(claim) })
      else {
        Issue.record("\(method) was not refused")
        continue
      }
    }
    claim.authentication?.method = .dssDigitalSignature
    #expect(
      try authenticationFailure { try verify(claim) } == .unexpectedMethod(.dssDigitalSignature))
  }

  @Test("a certificate must lead to an anchor")
  func unknownIssuer() throws {
    let claim = try claim("gateway-rsa", to: modern)
    #expect(
      try authenticationFailure { try verify(claim, Certificates.anchors("root-rsa")) } == nil)
    for anchors in [try Certificates.anchors("root-p384"), TrustAnchors([])] {
      guard
        case .untrustedCertificate(.unknownIssuer(let name))? = try authenticationFailure({
          try verify(claim, anchors)
        })
      else {
        Issue.record("the issuer was not missed")
        continue
      }
      #expect(name.contains("RSA root"))
    }
  }

  @Test("an intermediate CA must be sent, or known")
  func intermediate() throws {
    let claim = try claim("gateway-p256", to: modern)
    guard
      case .untrustedCertificate(.unknownIssuer)? = try authenticationFailure({ try verify(claim) })
    else {
      Issue.record("the intermediate was not missed")
      return
    }
    let known = try Certificates.anchors("root-rsa", "intermediate")
    #expect(try authenticationFailure { try verify(claim, known) } == nil)
  }

  @Test("expired, early and wrongly signed certificates are told apart")
  func verdicts() throws {
    func verdict(_ name: String) throws -> ChainVerdict? {
      var claim = try claim("gateway-rsa", to: modern)
      claim.certificates = try Certificates.chain(name, "gateway-rsa")
      guard
        case .untrustedCertificate(let verdict)? = try authenticationFailure({ try verify(claim) })
      else {
        return nil
      }
      return verdict
    }
    guard case .expired(let notAfter)? = try verdict("expired") else {
      Issue.record("the expired certificate was taken")
      return
    }
    #expect(notAfter < Certificates.now)
    #expect(try verdict("not-yet-valid") == .notYetValid)
    #expect(try verdict("by-no-ca") == .notACA)
  }

  @Test(
    "the certificate must say who the peer claims to be",
    arguments: [
      "other.example", "gateway.example", "keyid:gateway", "192.0.2.2", "C=CH, CN=gateway-rsa",
    ])
  func identityNotInCertificate(_ text: String) throws {
    let claim = try claim("gateway-rsa", text, to: modern)
    #expect(
      try authenticationFailure { try verify(claim) }
        == .identityNotInCertificate(try Certificates.identity(text)))
  }

  @Test(
    "every identity of the certificate will do",
    arguments: [
      "gateway-rsa.example", "Admin@gateway-rsa.example", "192.0.2.1", "2001:db8::1",
    ])
  func identities(_ text: String) throws {
    let claim = try claim("gateway-rsa", text, to: modern)
    #expect(try verify(claim, expected: text).identity == Certificates.identity(text))
  }

  @Test("so will its subject, as its DER has it")
  func subject() throws {
    let subject = try Certificates.certificate("gateway-rsa").subject
    let identity = Identity(type: .idDERASN1DN, data: subject)
    let context = try AuthenticationVectors.context()
    let claim = PeerClaim(
      identity: identity,
      authentication: try context.prove(
        .responder, identity,
        by: .signature(try Certificates.key("gateway-rsa"), chain: []), to: modern),
      certificates: try Certificates.chain("gateway-rsa"))
    let text = "C=CH, O=ipsecdiag lab, CN=gateway-rsa"
    #expect(try verify(claim, expected: text).identity == identity)
  }

  @Test("a wildcard in a certificate is nobody's identity")
  func wildcard() throws {
    var claim = try claim("gateway-rsa", "a.gateway.example", to: modern)
    claim.certificates = try Certificates.chain("wildcard")
    #expect(
      try authenticationFailure { try verify(claim) } == .identityNotInCertificate(claim.identity))
  }

  @Test("no certificate, or one that cannot be read, is told")
  func noCertificate() throws {
    var claim = try claim("gateway-rsa", to: modern)
    claim.certificates = CertificateChainPayloads()
    #expect(try authenticationFailure { try verify(claim) } == .noCertificate)
    claim.certificates = CertificateChainPayloads(certificates: [[1, 2, 3]])
    #expect(try authenticationFailure { try verify(claim) } == .unreadableCertificate)
  }

  @Test("CERT payloads carry the chain and come back as it")
  func payloads() throws {
    let chain = try Certificates.chain("gateway-p256", "intermediate")
    #expect(CertificateChainPayloads(chain.payloads) == chain)
    #expect(chain.payloads.map(\.type) == [.certificate, .certificate])
  }

  @Test("CERTREQ names the anchors by the SHA-1 of their keys")
  func request() throws {
    let anchors = try Certificates.anchors("root-rsa", "root-p384")
    let request = try #require(CertificateChainPayloads.request(for: anchors))
    #expect(request.encoding == .x509CertificateSignature)
    let hashes = try ["root-rsa", "root-p384"].map { name in
      let key = try #require(try Certificates.certificate(name).publicKey)
      return try HashFunction.sha1.digest(key.subjectPublicKeyInfo)
    }
    #expect(request.authorities == hashes)
    #expect(CertificateChainPayloads.request(for: TrustAnchors([])) == nil)
  }
}
