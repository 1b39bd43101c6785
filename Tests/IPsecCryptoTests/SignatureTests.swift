import IPsecCrypto
import Testing

@Suite("Signatures")
struct SignatureTests {
  static let keyNames = ["rsa", "p256", "p384", "p521", "brainpoolp256", "ed25519", "ed448"]
  static let hashed: [SignatureHash] = [.sha1, .sha2_256, .sha2_384, .sha2_512]
  static let schemes: [SignatureScheme] =
    hashed.flatMap { [.rsaPKCS1($0), .rsaPSS($0), .ecdsaDER($0), .ecdsaRaw($0)] } + [.eddsa]

  static func privateKey(_ name: String) throws -> PrivateKey {
    try PrivateKey(pem: fixture("certificates/gateway-\(name).key.pem"), passphrase: nil)
  }

  static func publicKey(_ name: String) throws -> PublicKey {
    try #require(PublicKey(certificate: try certificate("gateway-\(name)")))
  }

  private func scheme(_ row: [String: String]) throws -> SignatureScheme {
    let hash = try #require(SignatureHash(rawValue: UInt16(try row.number("hash"))))
    switch row["scheme"] {
    case "rsaPKCS1": return .rsaPKCS1(hash)
    case "rsaPSS": return .rsaPSS(hash)
    case "ecdsaDER": return .ecdsaDER(hash)
    default:
      try #require(row["scheme"] == "eddsa")
      return .eddsa
    }
  }

  @Test("Signatures by another implementation hold, and no others do")
  func otherImplementation() throws {
    let rows = try rows(of: "certificates/signatures.csv")
    #expect(rows.count == 26)
    for row in rows {
      let name = try #require(row["key"])
      let key = try Self.publicKey(name)
      let scheme = try scheme(row)
      let message = try row.bytes("message")
      let signature = try row.bytes("signature")
      #expect(key.verify(signature, of: message, scheme), "\(name): \(scheme)")
      expectRefused(signature, message, scheme, key)
      for other in Self.keyNames where other != name {
        #expect(!(try Self.publicKey(other)).verify(signature, of: message, scheme))
      }
      for other in Self.schemes where other != scheme {
        #expect(!key.verify(signature, of: message, other), "\(name): \(scheme) as \(other)")
      }
    }
  }

  /// Neither a flipped bit nor a missing or additional octet passes.
  private func expectRefused(
    _ signature: [UInt8], _ message: [UInt8], _ scheme: SignatureScheme, _ key: PublicKey
  ) {
    for index in [0, signature.count / 2, signature.count - 1] {
      var flipped = signature
      flipped[index] ^= 1
      #expect(!key.verify(flipped, of: message, scheme))
    }
    var flipped = message
    flipped[0] ^= 1
    #expect(!key.verify(signature, of: flipped, scheme))
    #expect(!key.verify(signature + [0], of: message, scheme))
    #expect(!key.verify(Array(signature.dropLast()), of: message, scheme))
    #expect(!key.verify([], of: message, scheme))
    #expect(!key.verify(signature, of: [], scheme))
  }

  @Test("Each key signs in all of its schemes and in no other", arguments: keyNames)
  func signing(name: String) throws {
    let key = try Self.privateKey(name)
    let publicKey = try Self.publicKey(name)
    #expect(key.type == publicKey.type)
    #expect(key.publicKey.subjectPublicKeyInfo == publicKey.subjectPublicKeyInfo)
    var count = 0
    for scheme in Self.schemes {
      guard key.type.allows(scheme) else {
        #expect(throws: CryptoError.self) { try key.sign(pattern(99), scheme) }
        continue
      }
      let signature = try key.sign(pattern(99), scheme)
      #expect(publicKey.verify(signature, of: pattern(99), scheme), "\(name): \(scheme)")
      expectRefused(signature, pattern(99), scheme, publicKey)
      count += 1
    }
    #expect(count == (name.hasPrefix("ed") ? 1 : 8))
  }

  @Test("r|s is as long as RFC 4754 says")
  func rawLengths() throws {
    for (name, count) in [("p384", 96), ("p521", 132), ("brainpoolp256", 64)] {
      #expect(try Self.privateKey(name).sign([], .ecdsaRaw(.sha2_256)).count == count)
    }
    // One r or s in 256 begins with a zero, which DER leaves out: among 1,200 there is one.
    let key = try Self.privateKey("p256")
    for round in 0..<600 {
      let signature = try key.sign(pattern(round), .ecdsaRaw(.sha2_256))
      #expect(signature.count == 64)
      #expect(key.publicKey.verify(signature, of: pattern(round), .ecdsaRaw(.sha2_256)))
    }
  }

  @Test(
    "Types of keys are told",
    arguments: zip(
      keyNames,
      [
        "RSA with 2048 bits", "ECDSA on P-256", "ECDSA on P-384", "ECDSA on P-521",
        "ECDSA on brainpoolP256r1", "Ed25519", "Ed448",
      ]))
  func types(name: String, type: String) throws {
    #expect("\(try Self.publicKey(name).type)" == type)
  }

  @Test("RFC 4754's signature of abc on P-256 holds")
  func publishedECDSA() throws {
    let point = CertificateTests.hex(
      "2442a5cc0ecd015fa3ca31dc8e2bbc70bf42d60cbca20085e0822cb04235e970",
      "6fc98bd7e50211a4a27102fa3549df79ebcb4bf246b80945cddfe7d509bbfd7d")
    let signature = CertificateTests.hex(
      "cb28e0999b9c7715fd0a80d8e47a77079716cbbf917dd72e97566ea1c066957c",
      "86fa3bb4e26cad5bf90b7f81899256ce7594bb1ea0c89212748bff3b3d5b0315")
    let prefix = CertificateTests.hex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
    let key = try #require(PublicKey(subjectPublicKeyInfo: prefix + point))
    #expect(key.verify(signature, of: Array("abc".utf8), .ecdsaRaw(.sha2_256)))
    #expect(!key.verify(signature, of: Array("abd".utf8), .ecdsaRaw(.sha2_256)))
  }

  @Test("RFC 8032's signature of nothing holds")
  func publishedEdDSA() throws {
    let key = try #require(
      PublicKey(
        subjectPublicKeyInfo: CertificateTests.hex(
          "302a300506032b6570032100",
          "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")))
    let signature = CertificateTests.hex(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
    #expect(key.verify(signature, of: [], .eddsa))
    #expect(!key.verify(signature, of: [0], .eddsa))
  }

  @Test("What is no public key gives none, and traps nowhere")
  func malformed() throws {
    let info = try Self.publicKey("p256").subjectPublicKeyInfo
    for count in 0..<info.count {
      #expect(PublicKey(subjectPublicKeyInfo: Array(info.prefix(count))) == nil)
    }
    #expect(PublicKey(subjectPublicKeyInfo: info + [0]) == nil)
    #expect(PublicKey(certificate: info) == nil)
  }
}

@Suite("Private keys")
struct PrivateKeyTests {
  @Test(
    "All forms of a key hold the same key",
    arguments: ["p256-sec1", "p256-encrypted", "p256-sec1-encrypted", "rsa-pkcs1"])
  func forms(name: String) throws {
    let passphrase = name.contains("encrypted") ? Secret(copying: Array("open sesame".utf8)) : nil
    let key = try PrivateKey(
      pem: fixture("certificates/gateway-\(name).key.pem"), passphrase: passphrase)
    let plain = try SignatureTests.privateKey(String(name.prefix { $0 != "-" }))
    #expect(key.publicKey.subjectPublicKeyInfo == plain.publicKey.subjectPublicKeyInfo)
  }

  @Test(
    "A key without its passphrase says what is missing",
    arguments: ["p256-encrypted", "p256-sec1-encrypted"])
  func passphrases(name: String) throws {
    let pem = try fixture("certificates/gateway-\(name).key.pem")
    #expect(throws: CertificateError.passphraseNeeded) { try PrivateKey(pem: pem, passphrase: nil) }
    #expect(throws: CertificateError.wrongPassphrase) {
      try PrivateKey(pem: pem, passphrase: Secret(copying: [0x78]))
    }
  }

  @Test("What holds no private key says so")
  func malformed() throws {
    let certificate = try fixture("certificates/gateway-p256.pem")
    #expect(throws: CertificateError.noPrivateKey) {
      try PrivateKey(pem: certificate, passphrase: nil)
    }
    #expect(throws: CertificateError.noPrivateKey) { try PrivateKey(pem: [], passphrase: nil) }
    let key = try fixture("certificates/gateway-p256.key.pem")
    #expect(throws: CertificateError.unreadablePrivateKey) {
      try PrivateKey(pem: Array(key.prefix(120)), passphrase: nil)
    }
    // A certificate may stand in front of the key.
    #expect(throws: Never.self) { try PrivateKey(pem: certificate + key, passphrase: nil) }
  }
}
