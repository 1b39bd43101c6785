import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

/// Why a proof was refused; nil if it was not.
func authenticationFailure(_ body: () throws -> AuthenticatedPeer) throws -> AuthenticationFailure?
{
  do {
    _ = try body()
    return nil
  } catch let failure as AuthenticationFailure {
    return failure
  }
}

@Suite("Authentication by a shared key, and by none")
struct SharedKeyAuthenticationTests {
  private typealias Vectors = AuthenticationVectors

  private func claim(_ side: Side, by credential: Credential) throws -> PeerClaim {
    PeerClaim(
      identity: Vectors.identity,
      authentication: try Vectors.context().prove(
        side, Vectors.identity, by: credential, to: VerifierAbilities()))
  }

  private func failure(
    _ side: Side, _ claim: PeerClaim, against requirement: PeerRequirement,
    expected: Identity? = nil, in context: AuthenticationContext? = nil
  ) throws -> AuthenticationFailure? {
    let context = try context ?? Vectors.context()
    return try authenticationFailure {
      try context.verify(side, claim, against: requirement, expected: expected, at: 0)
    }
  }

  @Test("each side proves that it has the pre-shared key", arguments: [Side.initiator, .responder])
  func proof(_ side: Side) throws {
    let claim = try claim(side, by: .preSharedKey(Vectors.secret))
    #expect(claim.authentication?.method == .sharedKeyMessageIntegrityCode)
    let peer = try Vectors.context().verify(
      side, claim, against: .preSharedKey(Vectors.secret), expected: Vectors.identity, at: 0)
    #expect(peer.identity == Vectors.identity)
    #expect(peer.method == .sharedKeyMessageIntegrityCode)
    #expect(peer.certificate == nil)
  }

  @Test("the AUTH data is the published formula's")
  func vector() throws {
    let payload = try claim(.initiator, by: .preSharedKey(Vectors.secret)).authentication
    #expect(
      payload?.data
        == Vectors.bytes("b07dac1ddc57aed52ccac2faeb83504c7e47612b68754f7f28a5455684b636a5"))
  }

  @Test("another secret does not match")
  func wrongSecret() throws {
    let claim = try claim(.initiator, by: .preSharedKey(Secret(copying: Array("other".utf8))))
    #expect(
      try failure(.initiator, claim, against: .preSharedKey(Vectors.secret)) == .wrongSharedKey)
  }

  @Test("a proof holds for its side, message, nonces, identity and exchanges alone")
  func bound() throws {
    let claim = try claim(.initiator, by: .preSharedKey(Vectors.secret))
    let requirement = PeerRequirement.preSharedKey(Vectors.secret)
    #expect(try failure(.initiator, claim, against: requirement) == nil)
    #expect(try failure(.responder, claim, against: requirement) == .wrongSharedKey)
    var changes = Array(repeating: try Vectors.context(), count: 5)
    changes[0].initRequest.append(0)
    changes[1].responderNonce[0] ^= 1
    changes[2].initiatorKey = Secret(copying: [1])
    changes[3].intermediate = [1]
    changes[4].prf = try PRF(.hmacSHA2_384)
    for context in changes {
      #expect(
        try failure(.initiator, claim, against: requirement, in: context) == .wrongSharedKey)
    }
    var other = claim
    other.identity = Identity(type: .idFQDN, data: Array("other.example".utf8))
    #expect(try failure(.initiator, other, against: requirement) == .wrongSharedKey)
    other = claim
    other.authentication?.data.removeLast()
    #expect(try failure(.initiator, other, against: requirement) == .wrongSharedKey)
    other.authentication?.data = []
    #expect(try failure(.initiator, other, against: requirement) == .wrongSharedKey)
  }

  @Test("another identity than the expected one is refused before anything else")
  func identity() throws {
    let claim = try claim(.initiator, by: .preSharedKey(Vectors.secret))
    let expected = try #require(Identity(text: "other.example"))
    #expect(
      try failure(
        .initiator, claim, against: .preSharedKey(Vectors.secret), expected: expected)
        == .unexpectedIdentity(Vectors.identity, expected: expected))
  }

  @Test("no method stands for another")
  func methods() throws {
    let shared = try claim(.initiator, by: .preSharedKey(Vectors.secret))
    let null = try claim(.initiator, by: .null)
    let anchors = TrustAnchors([])
    #expect(try failure(.initiator, null, against: .null) == nil)
    #expect(
      try failure(.initiator, null, against: .preSharedKey(Vectors.secret))
        == .unexpectedMethod(.nullAuthentication))
    #expect(
      try failure(.initiator, null, against: .certificate(anchors))
        == .unexpectedMethod(.nullAuthentication))
    #expect(
      try failure(.initiator, shared, against: .null)
        == .unexpectedMethod(.sharedKeyMessageIntegrityCode))
    #expect(
      try failure(.initiator, shared, against: .certificate(anchors))
        == .unexpectedMethod(.sharedKeyMessageIntegrityCode))
    #expect(try failure(.initiator, shared, against: .eap(accounts: [:])) == .eapNotDone)
  }

  @Test("NULL authentication is made of the side's own key")
  func null() throws {
    let claim = try claim(.responder, by: .null)
    #expect(try failure(.responder, claim, against: .null) == nil)
    #expect(try failure(.initiator, claim, against: .null) == .wrongSharedKey)
  }

  @Test("a claim without AUTH proves nothing")
  func missing() throws {
    let claim = PeerClaim(identity: Vectors.identity, authentication: nil)
    #expect(try failure(.initiator, claim, against: .null) == .missing)
    #expect(
      try authenticationFailure {
        try Vectors.context().verifySharedKey(of: .initiator, claim, Vectors.secret)
      } == .missing)
  }

  @Test("an EAP credential makes no AUTH before its MSK is there")
  func eap() throws {
    let credential = Credential.eap(EAPCredential(userName: "carol", password: Vectors.secret))
    #expect(throws: AuthenticationFailure.eapNotDone) { try claim(.initiator, by: credential) }
    let key = Secret(copying: [UInt8](repeating: 7, count: 64))
    let payload = try Vectors.context().proveSharedKey(of: .initiator, Vectors.identity, key)
    let done = PeerClaim(identity: Vectors.identity, authentication: payload)
    #expect(
      try Vectors.context().verifySharedKey(of: .initiator, done, key).method
        == .sharedKeyMessageIntegrityCode)
    #expect(
      try authenticationFailure {
        try Vectors.context().verifySharedKey(of: .initiator, done, Vectors.secret)
      } == .wrongSharedKey)
  }
}

@Suite("What a message claims")
struct PeerClaimTests {
  private let identity = Identity(type: .idFQDN, data: [97])
  private let payload = AuthenticationPayload(
    method: .sharedKeyMessageIntegrityCode, data: [1, 2])

  private func payloads(_ type: PayloadType) -> [IKEPayload] {
    [
      IKEPayload(type, .identification(identity.payload)),
      IKEPayload(
        .certificate,
        .certificate(CertificatePayload(encoding: .x509CertificateSignature, data: [1]))),
      IKEPayload(
        .certificate,
        .certificate(CertificatePayload(encoding: .hashAndURLOfX509Certificate, data: [2]))),
      IKEPayload(
        .certificate,
        .certificate(CertificatePayload(encoding: .x509CertificateSignature, data: [3]))),
      IKEPayload(.authentication, .authentication(payload)),
    ]
  }

  @Test("ID, AUTH and the X.509 certificates are taken, in their order")
  func whole() throws {
    let claim = try #require(PeerClaim(payloads(.identificationInitiator), of: .initiator))
    #expect(claim.identity == identity)
    #expect(claim.authentication == payload)
    #expect(claim.certificates.certificates == [[1], [3]])
  }

  @Test("the other side's ID payload is not taken")
  func otherSide() throws {
    // An initiator may send the IDr that it wants beside its own IDi.
    let both =
      [IKEPayload(.identificationResponder, .identification(Identity.null.payload))]
      + payloads(.identificationInitiator)
    #expect(PeerClaim(both, of: .initiator)?.identity == identity)
    #expect(PeerClaim(payloads(.identificationInitiator), of: .responder) == nil)
  }

  @Test("a message without AUTH claims an identity; one with a malformed AUTH claims nothing")
  func authentication() throws {
    let without = Array(payloads(.identificationInitiator).dropLast())
    #expect(try #require(PeerClaim(without, of: .initiator)).authentication == nil)
    let broken = without + [IKEPayload(.authentication, .opaque([1]))]
    #expect(PeerClaim(broken, of: .initiator) == nil)
  }
}
