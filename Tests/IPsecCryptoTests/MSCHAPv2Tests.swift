import IPsecCrypto
import Testing

/// RFC 2759 section 9.2 and RFC 3079 section 3.5.3.
@Suite("MS-CHAPv2")
struct MSCHAPv2Tests {
  static let authenticatorChallenge = CertificateTests.hex("5b5d7c7d7b3f2f3e3c2c602132262628")
  static let peerChallenge = CertificateTests.hex("21402324255e262a28295f2b3a337c7e")
  static let password = Secret(copying: Array("clientPass".utf8))
  static let response = CertificateTests.hex("82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df")

  private func respond(_ userName: String, _ password: Secret = password) throws -> [UInt8] {
    try MSCHAPv2.response(
      authenticatorChallenge: Self.authenticatorChallenge, peerChallenge: Self.peerChallenge,
      userName: Array(userName.utf8), password: password)
  }

  private func proof() throws -> [UInt8] {
    try MSCHAPv2.authenticatorResponse(
      to: Self.response, authenticatorChallenge: Self.authenticatorChallenge,
      peerChallenge: Self.peerChallenge, userName: Array("User".utf8), password: Self.password)
  }

  @Test("The response is RFC 2759's, whatever domain stands before the name")
  func publishedResponse() throws {
    #expect(try respond("User") == Self.response)
    #expect(try respond("DOMAIN\\User") == Self.response)
    #expect(try respond("user") != Self.response)
    #expect(try respond("User", Secret(copying: Array("clientpass".utf8))) != Self.response)
  }

  @Test("The authenticator's proof is RFC 2759's, in digits of either case and with text behind")
  func publishedProof() throws {
    let proof = try proof()
    #expect(proof == CertificateTests.hex("407a5589115fd0d6209f510fe9c04566932cda56"))
    let digits = "407A5589115FD0D6209F510FE9C04566932CDA56"
    for text in ["S=\(digits)", "S=\(digits) M=Welcome", "S=\(digits.lowercased())"] {
      #expect(MSCHAPv2.isProof(Array(text.utf8), proof), "\(text)")
    }
    for text in [
      "", "S=", digits, "s=\(digits)", "S=\(digits.dropLast())", "S=\(digits.dropLast())7",
      "S=\(digits.dropLast())g", "M=\(digits)", "S= \(digits.dropLast())",
    ] {
      #expect(!MSCHAPv2.isProof(Array(text.utf8), proof), "\(text)")
    }
    #expect(!MSCHAPv2.isProof(Array("S=\(digits)".utf8), []))
  }

  @Test("The session key has RFC 3079's key from the authenticator behind that of the peer")
  func publishedKey() throws {
    let key = try MSCHAPv2.masterSessionKey(response: Self.response, password: Self.password)
    #expect(key.count == 64)
    #expect(key.part(16..<32)?.revealed == "8b7cdc149b993a1ba118cb153f56dccb")
    #expect(key.part(32..<64)?.revealed == String(repeating: "0", count: 64))
    #expect(key.part(0..<16)?.revealed != key.part(16..<32)?.revealed)
  }
}
