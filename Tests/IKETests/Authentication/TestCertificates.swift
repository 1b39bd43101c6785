import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

/// Keys and certificates of Tests/Fixtures/certificates.
enum TestCertificates {
  /// A day on which the certificates are valid that are meant to be: 1 January 2026.
  static let now: Int64 = 1_767_225_600

  static func read(_ name: String) throws -> [UInt8] {
    try TestFixture.read("certificates/" + name)
  }

  static func certificate(_ name: String) throws -> Certificate {
    try #require(Certificate.read(try read(name + ".pem")).first)
  }

  static func key(_ name: String) throws -> PrivateKey {
    try PrivateKey(pem: read(name + ".key.pem"), passphrase: nil)
  }

  static func anchors(_ names: String...) throws -> TrustAnchors {
    TrustAnchors(try names.map { try certificate($0) })
  }

  static func chain(_ names: String...) throws -> CertificateChainPayloads {
    CertificateChainPayloads(certificates: try names.map { try certificate($0).der })
  }

  static func identity(_ text: String) throws -> Identity {
    try #require(Identity(text: text))
  }
}
