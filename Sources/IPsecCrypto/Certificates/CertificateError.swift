/// Why a file of keys or certificates is of no use.
package enum CertificateError: Error, Equatable, Sendable {
  case noPrivateKey
  /// PEM that says it is a private key, and holds none that OpenSSL knows.
  case unreadablePrivateKey
  case passphraseNeeded
  /// Or a cipher that this machine's OpenSSL does not have.
  case wrongPassphrase
  case noCertificate
  /// The certificate of a file, counted from 1, that cannot be read.
  case unreadableCertificate(Int)
}

extension CertificateError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noPrivateKey: "there is no private key in it"
    case .unreadablePrivateKey: "the private key cannot be read"
    case .passphraseNeeded: "the private key is encrypted, and needs a passphrase"
    case .wrongPassphrase: "the passphrase does not open the private key"
    case .noCertificate: "there is no certificate in it"
    case .unreadableCertificate(let number): "certificate \(number) in it cannot be read"
    }
  }
}
