import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("AUTH payloads of strongSwan and libreswan")
struct RecordedAuthenticationTests {
  private func requirement(_ recorded: RecordedAuthentication) throws -> PeerRequirement {
    switch recorded.secret {
    // strongSwan does not send the intermediate, as it has it as an authority of its own.
    case "":
      .certificate(try TestCertificates.anchors("root-rsa", "root-p384", "intermediate"))
    case "MSK": .preSharedKey(try RecordedEAP.masterKey)
    default: .preSharedKey(Secret(copying: Array(recorded.secret.utf8)))
    }
  }

  private func verify(
    _ recorded: RecordedAuthentication, _ change: (inout PeerClaim) -> Void = { _ in }
  ) throws -> AuthenticatedPeer {
    var claim = try #require(recorded.claim)
    change(&claim)
    let context = try #require(recorded.context)
    return try context.verify(
      recorded.side, claim, against: requirement(recorded), expected: nil,
      at: TestCertificates.now)
  }

  @Test("every one of them verifies", arguments: RecordedAuthentication.all)
  func verified(_ recorded: RecordedAuthentication) throws {
    let peer = try verify(recorded)
    #expect(peer.method.rawValue == recorded.authentication.first)
  }

  @Test("none of them verifies with a bit changed", arguments: RecordedAuthentication.all)
  func changed(_ recorded: RecordedAuthentication) throws {
    let failure = try authenticationFailure {
      try verify(recorded) { $0.authentication?.data[0] ^= 0x40 }
    }
    #expect(failure == (recorded.secret.isEmpty ? .wrongSignature : .wrongSharedKey))
  }

  @Test("the methods and schemes of each case are the expected ones")
  func schemes() throws {
    func peers(_ name: String) throws -> [String] {
      try RecordedAuthentication.all.filter { $0.name == name }.map { recorded in
        let peer = try verify(recorded)
        return "\(peer.method.rawValue) \(peer.scheme?.description ?? "")"
      }
    }
    #expect(RecordedAuthentication.all.count == 25)
    #expect(try peers("pre-shared-key") == ["2 ", "2 "])
    #expect(
      try peers("rsa-and-p256-classic")
        == ["1 RSASSA-PKCS1-v1_5 with SHA1", "9 ECDSA with SHA2-256"])
    #expect(
      try peers("p521-and-p384-classic") == ["11 ECDSA with SHA2-512", "10 ECDSA with SHA2-384"])
    #expect(
      try peers("rsa-and-p384")
        == ["14 RSASSA-PKCS1-v1_5 with SHA2-256", "14 ECDSA with SHA2-384"])
    #expect(try peers("ed25519-and-rsa-pss") == ["14 EdDSA", "14 RSASSA-PSS with SHA2-256"])
    #expect(
      try peers("p384-and-libreswan-p256") == ["14 ECDSA with SHA2-384", "14 ECDSA with SHA2-384"])
    #expect(
      try peers("p384-and-libreswan-rsa") == [
        "14 ECDSA with SHA2-384", "14 RSASSA-PSS with SHA2-384",
      ])
    #expect(
      try peers("rsa-and-libreswan-rsa-classic")
        == ["1 RSASSA-PKCS1-v1_5 with SHA1", "1 RSASSA-PKCS1-v1_5 with SHA1"])
    #expect(try peers("eap-mschapv2").map { $0.prefix(2) } == ["14", "2 ", "2 "])
  }

  @Test("a PPK makes the keys that the daemon's AUTH was made with")
  func postquantum() throws {
    let recorded = RecordedAuthentication.all.filter { !$0.keyBeforePPK.isEmpty }
    #expect(recorded.map(\.name) == ["postquantum-pre-shared-key", "postquantum-pre-shared-key"])
    for recorded in recorded {
      let key = Secret(copying: recorded.keyBeforePPK)
      let keys = IKEKeys(d: key, ai: key, ar: key, ei: key, er: key, pi: key, pr: key)
      let mixed = try keys.mixing(
        ppk: Secret(copying: Array("an-example-postquantum-key".utf8)),
        prf: PRF(PseudorandomFunction(rawValue: recorded.prf)))
      #expect(mixed.pi.hasSameBytes(as: Secret(copying: recorded.key)))
    }
  }

  @Test("our own AUTH is the daemon's, octet for octet, where nothing in it is random")
  func same() throws {
    let keys = ["rsa-and-p256-classic": "gateway-rsa", "ed25519-and-rsa-pss": "gateway-ed25519"]
    for recorded in RecordedAuthentication.all {
      let credential: Credential
      var verifier = VerifierAbilities()
      switch recorded.secret {
      case "":
        guard recorded.side == .initiator, let key = keys[recorded.name] else { continue }
        if key == "gateway-ed25519" { verifier.signatureHashes = VerifierAbilities.ownHashes }
        credential = .signature(try TestCertificates.key(key), chain: [])
      case "MSK": credential = .preSharedKey(try RecordedEAP.masterKey)
      case let secret: credential = .preSharedKey(Secret(copying: Array(secret.utf8)))
      }
      let claim = try #require(recorded.claim)
      let context = try #require(recorded.context)
      #expect(
        try context.prove(recorded.side, claim.identity, by: credential, to: verifier)
          == claim.authentication, "\(recorded)")
    }
  }
}
