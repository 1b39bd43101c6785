import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Sessions that prove themselves by certificates, NULL and EAP")
struct AuthenticationTests {
  private static let keys = ["rsa", "p384", "ed25519"]

  /// A side with the certificate of a gateway, which trusts the roots of all of them.
  private static func certified(
    _ configuration: PeerConfiguration, _ name: String
  ) throws -> PeerConfiguration {
    var configuration = configuration
    configuration.localIdentity = try TestCertificates.identity("gateway-\(name).example")
    configuration.credential = .signature(
      try TestCertificates.key("gateway-\(name)"),
      chain: [try TestCertificates.certificate("gateway-\(name)").der])
    configuration.requirement = .certificate(
      try TestCertificates.anchors("root-rsa", "root-p384"))
    configuration.certificateTime = TestCertificates.now
    return configuration
  }

  @Test("certificates of different kinds prove both sides", arguments: keys, keys)
  func certificates(initiator: String, responder: String) throws {
    var alice = try Self.certified(.alice, initiator)
    let bob = try Self.certified(.bob, responder)
    alice.remoteIdentity = bob.localIdentity
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    let here = try #require(pair.initiatorEvents.established)
    #expect(here.peerIdentity == bob.localIdentity)
    #expect(here.remoteMethod == .digitalSignature)
    #expect(pair.responderEvents.map(\.event).established?.peerIdentity == alice.localIdentity)
    try expectSameChildKeys(pair)
  }

  @Test("SUPPORTED_AUTH_METHODS is sent where it is wanted, and taken")
  func announcedMethods() throws {
    var alice = try Self.certified(.alice, "p384")
    var bob = try Self.certified(.bob, "p384")
    alice.announcesAuthenticationMethods = true
    bob.announcesAuthenticationMethods = true
    let pair = Pair(alice, bob)
    pair.start()
    let hasKeys = pair.run(for: .seconds(1)) { pair.initiator.current != nil }
    #expect(hasKeys)
    let announced = try #require(pair.initiator.handshake?.capabilities.verifier.announcements)
    #expect(announced.contains { $0.method == .digitalSignature })
    pair.run(for: .seconds(1))
    #expect(pair.initiator.isEstablished)
    #expect(pair.session?.isEstablished == true)
  }

  @Test("a certificate under an unknown root is refused, and both sides know it")
  func unknownRoot() throws {
    var alice = try Self.certified(.alice, "rsa")
    let bob = try Self.certified(.bob, "p384")
    alice.requirement = .certificate(try TestCertificates.anchors("root-rsa"))
    let pair = Pair(alice, bob)
    pair.start()
    pair.run()
    guard case .authentication(.untrustedCertificate) = pair.initiatorEvents.failures.first else {
      Issue.record("\(pair.initiatorEvents.failures)")
      return
    }
    #expect(
      pair.responderEvents.map(\.event).failures == [
        .refused(.authenticationFailed, in: .informational)
      ])
    #expect(pair.responder.sessions.isEmpty)
  }

  @Test("certificates with a PPK that the responder does not know go on without it")
  func certificatesWithoutPPK() throws {
    var alice = try Self.certified(.alice, "ed25519")
    var bob = try Self.certified(.bob, "p384")
    alice.ppk = PPKSessionTests.policy("one", isMandatory: false)
    bob.ppk = PPKSessionTests.policy("one", isMandatory: false)
    bob.ppk?.identity.data = [1]
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.established?.usesPPK == false)
    try expectSameChildKeys(pair)
  }

  @Test("nobody in particular can be agreed on by both sides alone")
  func null() {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.credential = .null
    alice.localIdentity = .null
    bob.requirement = .null
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.responderEvents.map(\.event).established?.remoteMethod == .nullAuthentication)
    #expect(pair.initiatorEvents.established?.remoteMethod == .sharedKeyMessageIntegrityCode)
    let refused = Pair(alice, .bob)
    refused.start()
    refused.run(for: .seconds(1))
    #expect(refused.initiatorEvents.failures == [.refused(.authenticationFailed, in: .ikeAuth)])
  }

  /// An initiator with a password, and a responder with a certificate.
  private static func eap(
    _ password: String
  ) throws -> (PeerConfiguration, PeerConfiguration) {
    var alice = PeerConfiguration.alice
    var bob = try certified(.bob, "p384")
    alice.requirement = .certificate(try TestCertificates.anchors("root-p384"))
    alice.certificateTime = TestCertificates.now
    alice.credential = .eap(
      EAPCredential(userName: "alice", password: Secret(copying: Array(password.utf8))))
    bob.requirement = .eap(accounts: ["alice": Secret(copying: Array("open sesame".utf8))])
    return (alice, bob)
  }

  @Test(
    "a password proves the initiator by EAP-MSCHAPv2, and the MSK both", arguments: [false, true])
  func eap(withPPK: Bool) throws {
    var (alice, bob) = try Self.eap("open sesame")
    if withPPK {
      alice.ppk = PPKSessionTests.policy("one", isMandatory: true)
      bob.ppk = PPKSessionTests.policy("one", isMandatory: true)
    }
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    let here = try #require(pair.initiatorEvents.established)
    let there = try #require(pair.responderEvents.map(\.event).established)
    #expect(here.peerIdentity == bob.localIdentity)
    #expect(there.peerIdentity == alice.localIdentity)
    #expect(there.eapUserName == "alice")
    #expect(here.usesPPK == withPPK)
    try expectSameChildKeys(pair)
  }

  @Test("a wrong password ends both sides")
  func wrongPassword() throws {
    let (alice, bob) = try Self.eap("open barley")
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    guard case .eap(.wrongPassword) = pair.initiatorEvents.failures.first,
      case .eap(.wrongPassword) = pair.responderEvents.map(\.event).failures.first
    else {
      Issue.record("\(pair.initiatorEvents.failures)")
      return
    }
    #expect(pair.initiator.hasEnded)
    #expect(pair.responder.sessions.isEmpty)
  }

  @Test("an initiator without AUTH is refused where there is no EAP")
  func unwantedEAP() throws {
    let (alice, _) = try Self.eap("open sesame")
    let pair = Pair(alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.failures == [.refused(.authenticationFailed, in: .ikeAuth)])
  }
}
