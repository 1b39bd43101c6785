/// What the lines of a PEM file say, RFC 7468.
enum PEM {
  static func hasPrivateKey(_ bytes: [UInt8]) -> Bool {
    lines(of: bytes).contains { $0.hasPrefix("-----BEGIN ") && $0.hasSuffix("PRIVATE KEY-----") }
  }

  /// PKCS #8 says so in the label, the older forms in a header.
  static func isEncrypted(_ bytes: [UInt8]) -> Bool {
    lines(of: bytes).contains {
      $0 == "-----BEGIN ENCRYPTED PRIVATE KEY-----" || $0.hasPrefix("Proc-Type: 4,ENCRYPTED")
    }
  }

  static func hasLabel(_ bytes: [UInt8]) -> Bool {
    lines(of: bytes).contains { $0.hasPrefix("-----BEGIN ") }
  }

  private static func lines(of bytes: [UInt8]) -> [Substring] {
    String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
  }
}
