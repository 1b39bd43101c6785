import IPsecCrypto
import Testing

@Suite("Algorithm identifiers of signatures")
struct SignatureAlgorithmIdentifierTests {
  /// RFC 7427 appendix A.
  static let published: [(SignatureScheme, String)] = [
    (.rsaPKCS1(.sha1), "300d06092a864886f70d0101050500"),
    (.rsaPKCS1(.sha2_256), "300d06092a864886f70d01010b0500"),
    (.rsaPKCS1(.sha2_384), "300d06092a864886f70d01010c0500"),
    (.rsaPKCS1(.sha2_512), "300d06092a864886f70d01010d0500"),
    (.ecdsaDER(.sha1), "300906072a8648ce3d0401"),
    (.ecdsaDER(.sha2_256), "300a06082a8648ce3d040302"),
    (.ecdsaDER(.sha2_384), "300a06082a8648ce3d040303"),
    (.ecdsaDER(.sha2_512), "300a06082a8648ce3d040304"),
    (
      .rsaPSS(.sha1),
      "303e06092a864886f70d01010a3031a00b300906052b0e03021a0500a118301606092a864886f70d010108300906052b0e03021a0500a203020114a303020101"
    ),
    (
      .rsaPSS(.sha2_256),
      "304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120a303020101"
    ),
    (
      .rsaPSS(.sha2_384),
      "304606092a864886f70d01010a3039a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130a303020101"
    ),
    (
      .rsaPSS(.sha2_512),
      "304606092a864886f70d01010a3039a00f300d06096086480165030402030500a11c301a06092a864886f70d010108300d06096086480165030402030500a203020140a303020101"
    ),
  ]

  @Test("Identifiers are those of RFC 7427, and are read back")
  func writing() throws {
    for (scheme, text) in Self.published {
      let octets = CertificateTests.hex(text)
      #expect(scheme.algorithmIdentifier == octets, "\(scheme)")
      #expect(SignatureScheme(algorithmIdentifier: octets) == scheme)
    }
  }

  @Test("EdDSA has one for each type of key, and r|s has none")
  func edwards() {
    let short = CertificateTests.hex("300506032b6570")
    let long = CertificateTests.hex("300506032b6571")
    #expect(SignatureScheme.eddsa.algorithmIdentifier(for: .ed25519) == short)
    #expect(SignatureScheme.eddsa.algorithmIdentifier(for: .ed448) == long)
    #expect(SignatureScheme.eddsa.algorithmIdentifier(for: .rsa(bits: 2048)) == nil)
    #expect(SignatureScheme.eddsa.algorithmIdentifier == nil)
    #expect(SignatureScheme.ecdsaRaw(.sha2_256).algorithmIdentifier == nil)
    #expect(SignatureScheme.rsaPSS(.sha2_256).algorithmIdentifier(for: .ed25519) == nil)
    #expect(SignatureScheme(algorithmIdentifier: short) == .eddsa)
    #expect(SignatureScheme(algorithmIdentifier: long) == .eddsa)
  }

  @Test(
    "Parameters may be NULL or absent, and PSS's may have their defaults",
    arguments: [
      (SignatureScheme.rsaPKCS1(.sha2_256), "300b06092a864886f70d01010b"),
      (.ecdsaDER(.sha2_256), "300c06082a8648ce3d0403020500"),
      (.eddsa, "300706032b65700500"),
      // Empty parameters, RFC 7427 appendix A.4.1: SHA-1 all over.
      (.rsaPSS(.sha1), "300d06092a864886f70d01010a3000"),
      // The hashes' own parameters absent, and the trailer left to its default.
      (
        .rsaPSS(.sha2_256),
        "303d06092a864886f70d01010a3030a00d300b0609608648016503040201a11a301806092a864886f70d010108300b0609608648016503040201a203020120"
      ),
    ])
  func variants(scheme: SignatureScheme, text: String) {
    #expect(SignatureScheme(algorithmIdentifier: CertificateTests.hex(text)) == scheme)
  }

  @Test(
    "What means something else is no scheme",
    arguments: [
      // DSA, ML-DSA-44, and RSA encryption.
      "300906072a8648ce380403", "300b0609608648016503040311", "300d06092a864886f70d0101010500",
      // PSS with a salt of 20 and SHA-256, and with SHA-1 in the mask.
      "304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020114a303020101",
      "304206092a864886f70d01010a3035a00f300d06096086480165030402010500a118301606092a864886f70d010108300906052b0e03021a0500a203020120a303020101",
      // Another trailer; fields in another order; PSS without parameters.
      "304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120a303020102",
      "301706092a864886f70d01010a300aa303020101a203020114",
      "300b06092a864886f70d01010a",
      // Octets behind it, and parameters that are neither.
      "300a06082a8648ce3d04030200", "300d06082a8648ce3d040302020101",
    ])
  func others(text: String) {
    #expect(SignatureScheme(algorithmIdentifier: CertificateTests.hex(text)) == nil)
  }

  @Test("Cut anywhere, an identifier is none, and traps nowhere")
  func cut() {
    for (_, text) in Self.published {
      let octets = CertificateTests.hex(text)
      for count in 0..<octets.count {
        #expect(SignatureScheme(algorithmIdentifier: Array(octets.prefix(count))) == nil)
      }
      for index in octets.indices {
        var flipped = octets
        flipped[index] ^= 0x80
        _ = SignatureScheme(algorithmIdentifier: flipped)
      }
    }
  }
}
