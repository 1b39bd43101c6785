import IPsecCrypto
import PacketDissector
import Testing

/// The DER of a certificate in Tests/Fixtures/certificates.
func certificate(_ name: String) throws -> [UInt8] {
  let certificates = try Certificate.read(fixture("certificates/\(name).pem"))
  #expect(certificates.count == 1)
  return try #require(certificates.first).der
}

@Suite("Certificate chains")
struct CertificateChainTests {
  /// 2026-07-01.
  static let now: Int64 = 1_782_864_000

  static func anchors(_ names: String...) throws -> TrustAnchors {
    TrustAnchors(try names.map { try #require(Certificate(der: try certificate($0))) })
  }

  private func verdict(
    _ leaf: String, _ intermediates: [String] = [], by anchors: TrustAnchors, at time: Int64 = now
  ) throws -> ChainVerdict {
    anchors.verify(
      try certificate(leaf), intermediates: try intermediates.map { try certificate($0) }, at: time)
  }

  @Test(
    "Leaves of every kind of key hold under their root",
    arguments: [
      "gateway-p384", "gateway-p521", "gateway-brainpoolp256", "gateway-ed25519", "gateway-ed448",
      "gateway-rsa", "without-alternatives",
    ])
  func valid(leaf: String) throws {
    let both = try Self.anchors("root-rsa", "root-p384")
    #expect(try verdict(leaf, by: both) == .valid)
    #expect(try verdict(leaf, by: TrustAnchors([])) != .valid)
  }

  @Test("An intermediate must be there, from the peer or as an anchor")
  func intermediate() throws {
    let root = try Self.anchors("root-rsa")
    let issuer = ChainVerdict.unknownIssuer("CN=Intermediate,O=ipsecdiag lab,C=CH")
    #expect(try verdict("gateway-p256", by: root) == issuer)
    #expect(try verdict("gateway-p256", ["root-p384"], by: root) == issuer)
    #expect(try verdict("gateway-p256", ["intermediate"], by: root) == .valid)
    #expect(try verdict("gateway-p256", ["root-p384", "intermediate"], by: root) == .valid)
    #expect(try verdict("gateway-p256", by: Self.anchors("intermediate")) == .valid)
    // A peer cannot bring its own anchor.
    let other = try Self.anchors("root-p384")
    #expect(
      try verdict("gateway-p256", ["intermediate", "root-rsa"], by: other)
        == .unknownIssuer("CN=RSA root,O=ipsecdiag lab,C=CH"))
    #expect(
      try verdict("root-rsa", by: other) == .unknownIssuer("CN=RSA root,O=ipsecdiag lab,C=CH"))
  }

  @Test("Time decides at the second")
  func time() throws {
    let root = try Self.anchors("root-rsa")
    // 2020-01-01 and 2021-01-01.
    let begin: Int64 = 1_577_836_800
    let end: Int64 = 1_609_459_200
    #expect(try verdict("expired", by: root) == .expired(notAfter: end))
    #expect(try verdict("expired", by: root, at: end + 1) == .expired(notAfter: end))
    #expect(try verdict("expired", by: root, at: end - 1) == .valid)
    #expect(try verdict("expired", by: root, at: begin) == .valid)
    #expect(try verdict("expired", by: root, at: begin - 1) == .notYetValid)
    #expect(try verdict("not-yet-valid", by: root) == .notYetValid)
    let expired = try #require(Certificate(der: try certificate("expired")))
    #expect(expired.notBefore == begin)
    #expect(expired.notAfter == end)
  }

  @Test("Whoever is no CA cannot sign")
  func noCA() throws {
    let root = try Self.anchors("root-rsa")
    #expect(try verdict("by-no-ca", ["gateway-rsa"], by: root) == .notACA)
  }

  @Test("A certificate that was changed has a bad signature")
  func badSignature() throws {
    let root = try Self.anchors("root-rsa", "root-p384")
    for name in ["gateway-rsa", "gateway-p384", "gateway-ed25519"] {
      var der = try certificate(name)
      der[der.count - 1] ^= 1
      #expect(root.verify(der, intermediates: [], at: Self.now) == .badSignature, "\(name)")
    }
  }

  @Test("What is no certificate is not valid, as a leaf and between")
  func malformed() throws {
    let root = try Self.anchors("root-rsa")
    let leaf = try certificate("gateway-rsa")
    #expect(root.verify([], intermediates: [], at: Self.now) == .other("unreadable certificate"))
    #expect(
      root.verify(leaf + [0], intermediates: [], at: Self.now) == .other("unreadable certificate"))
    #expect(root.verify(leaf, intermediates: [[], [0x30]], at: Self.now) == .valid)
    for count in stride(from: 0, to: leaf.count, by: 7) {
      #expect(Certificate(der: Array(leaf.prefix(count))) == nil)
    }
  }

  @Test("Any octet changed leaves a leaf that does not hold")
  func flipped() throws {
    let root = try Self.anchors("root-p384")
    let leaf = try certificate("gateway-ed25519")
    for index in leaf.indices {
      var der = leaf
      der[index] ^= 0x55
      #expect(root.verify(der, intermediates: [], at: Self.now) != .valid, "octet \(index)")
    }
  }

  @Test("CERTREQ names a CA by the SHA-1 of its key")
  func keyHash() throws {
    // openssl x509 -in root-p384.pem -pubkey -noout | openssl pkey -pubin -outform DER | sha1sum
    #expect(
      try Self.anchors("root-p384").keyHashes == [
        CertificateTests.hex("9be76c77e8da5a8e11a3652d29084944209a43e0")
      ])
    #expect(
      try Self.anchors("root-rsa").keyHashes == [
        CertificateTests.hex("97f4627ebf5e18df2c8ba49711480f4dbbbead2c")
      ])
  }
}

@Suite("Certificate files")
struct CertificateFileTests {
  @Test("A file holds several certificates, with other things between them")
  func several() throws {
    let root = try fixture("certificates/root-rsa.pem")
    let key = try fixture("certificates/gateway-p256.key.pem")
    let leaf = try fixture("certificates/gateway-p256.pem")
    let all = try Certificate.read(Array("subject=text\n".utf8) + leaf + key + root)
    #expect(all.map(\.der) == [try certificate("gateway-p256"), try certificate("root-rsa")])
    let der = try certificate("root-rsa")
    #expect(try Certificate.read(der).map(\.der) == [der])
  }

  @Test("A file that holds none, or a broken one, says so")
  func broken() throws {
    let root = try fixture("certificates/root-rsa.pem")
    let key = try fixture("certificates/gateway-p256.key.pem")
    #expect(throws: CertificateError.noCertificate) { try Certificate.read([]) }
    #expect(throws: CertificateError.noCertificate) { try Certificate.read(key) }
    #expect(throws: CertificateError.noCertificate) { try Certificate.read(Array("text".utf8)) }
    let cut = Array(root.prefix(root.count / 2))
    #expect(throws: CertificateError.unreadableCertificate(1)) { try Certificate.read(cut) }
    #expect(throws: CertificateError.unreadableCertificate(2)) { try Certificate.read(root + cut) }
    let empty = Array("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".utf8)
    #expect(throws: CertificateError.unreadableCertificate(1)) { try Certificate.read(empty) }
  }
}

@Suite("Identities in certificates")
struct CertificateIdentityTests {
  private func carries(
    _ name: String, _ type: IdentificationType, _ data: [UInt8]
  ) throws -> Bool {
    let certificate = try #require(Certificate(der: try certificate(name)))
    guard let identity = CertificateIdentity(type: type, data: data) else { return false }
    return certificate.carries(identity)
  }

  @Test(
    "Hosts match by dNSName, whatever their case",
    arguments: [
      ("gateway-rsa", "gateway-rsa.example", true), ("gateway-rsa", "Gateway-RSA.EXAMPLE", true),
      ("gateway-rsa", "gateway-p256.example", false), ("gateway-rsa", "gateway-rsa", false),
      ("gateway-rsa", "gateway-rsa.example.", false), ("gateway-rsa", "", false),
      ("gateway-rsa", "xgateway-rsa.example", false),
      ("gateway-rsa", "Admin@gateway-rsa.example", false),
      ("without-alternatives", "plain.example", false), ("wildcard", "a.gateway.example", false),
      ("wildcard", "*.gateway.example", false),
    ])
  func hosts(name: String, host: String, isCarried: Bool) throws {
    #expect(try carries(name, .idFQDN, Array(host.utf8)) == isCarried)
  }

  @Test(
    "Mailboxes match by rfc822Name, with the case of their first part",
    arguments: [
      ("Admin@gateway-rsa.example", true), ("Admin@GATEWAY-rsa.example", true),
      ("admin@gateway-rsa.example", false), ("@gateway-rsa.example", false),
      ("gateway-rsa.example", false), ("Admin@gateway-rsa.exampl", false), ("", false),
    ])
  func mailboxes(mailbox: String, isCarried: Bool) throws {
    #expect(try carries("gateway-rsa", .idRFC822Addr, Array(mailbox.utf8)) == isCarried)
  }

  @Test("Addresses match by iPAddress")
  func addresses() throws {
    let v6: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
    #expect(try carries("gateway-rsa", .idIPv4Addr, [192, 0, 2, 1]))
    #expect(try carries("gateway-rsa", .idIPv6Addr, v6))
    #expect(!(try carries("gateway-rsa", .idIPv4Addr, [192, 0, 2, 2])))
    #expect(!(try carries("gateway-rsa", .idIPv4Addr, v6)))
    #expect(!(try carries("gateway-rsa", .idIPv6Addr, [192, 0, 2, 1])))
    #expect(!(try carries("without-alternatives", .idIPv4Addr, [192, 0, 2, 1])))
  }

  @Test("Distinguished names match octet by octet")
  func distinguishedNames() throws {
    let certificate = try #require(Certificate(der: try certificate("gateway-rsa")))
    let subject = certificate.subject
    #expect(subject.first == 0x30)
    #expect(try carries("gateway-rsa", .idDERASN1DN, subject))
    #expect(!(try carries("gateway-p256", .idDERASN1DN, subject)))
    #expect(!(try carries("gateway-rsa", .idDERASN1DN, Array(subject.dropLast()))))
    #expect(!(try carries("gateway-rsa", .idDERASN1DN, [])))
    #expect(CertificateIdentity(type: .idKeyID, data: [1]) == nil)
  }
}
