import IPsecCrypto
import Testing

@Suite("Names in certificates")
struct CertificateTests {
  /// Self-signed for these tests with `openssl req -x509`; its key was thrown away.
  static let certificate = hex(
    "308201de30820183a003020102021460749f1554ce563bf1decd08aede0f3f1d1b92ec30",
    "0a06082a8648ce3d0403023043310b3009060355040613024348311a3018060355040a0c",
    "11697073656364696167206578616d706c653118301606035504030c0f5ac3bc72696368",
    "20676174657761793020170d3236313132333133353232375a180f323132363130333031",
    "33353232375a3043310b3009060355040613024348311a3018060355040a0c1169707365",
    "6364696167206578616d706c653118301606035504030c0f5ac3bc726963682067617465",
    "7761793059301306072a8648ce3d020106082a8648ce3d03010703420004c4f8723e06c0",
    "1ffb2b915b54edc734f7dcab3d73e056b2f67449d9125dd1d2c1946b2b673857fb869e30",
    "6af87f08d4fbaf189d958bca78d5d83958a37a347a72a3533051301d0603551d0e041604",
    "14a64f75e2742304167949ca130a58d72fa1f2cc78301f0603551d23041830168014a64f",
    "75e2742304167949ca130a58d72fa1f2cc78300f0603551d130101ff040530030101ff30",
    "0a06082a8648ce3d0403020349003046022100a6b978021d8b215a73ac0d23be82efdbbb",
    "31a55e4b4dbd51145bf1ba5175042a022100fd1ca524a9300791aec2b9ab329c4d2f805e",
    "7f1cc3244dd2aa9419363571521f")

  static func hex(_ lines: String...) -> [UInt8] {
    let digits = Array(lines.joined().utf8)
    return stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
  }

  @Test("Subject, issuer and validity are read, with their non-ASCII letters")
  func names() throws {
    let summary = try #require(CertificateSummary(der: Self.certificate))
    #expect(summary.subject == "CN=Zürich gateway,O=ipsecdiag example,C=CH")
    #expect(summary.issuer == summary.subject)
    #expect(summary.notBefore == "Nov 23 13:52:27 2026 GMT")
    #expect(summary.notAfter == "Oct 30 13:52:27 2126 GMT")
  }

  @Test("Whatever is no certificate gives nothing, and traps nowhere")
  func malformed() {
    #expect(CertificateSummary(der: []) == nil)
    for count in 0..<Self.certificate.count {
      #expect(CertificateSummary(der: Array(Self.certificate.prefix(count))) == nil)
    }
  }
}
