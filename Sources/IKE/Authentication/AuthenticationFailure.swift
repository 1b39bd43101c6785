package import IPsecCrypto
package import PacketDissector

/// Why a side was not authenticated, or cannot be.
package enum AuthenticationFailure: Error, Equatable, Sendable {
  /// The message has no AUTH payload, or no ID payload.
  case missing
  case unexpectedIdentity(Identity, expected: Identity)
  /// Another method than what was demanded is proven by.
  case unexpectedMethod(AuthenticationMethod)
  /// The MAC is not the one of our secret: another pre-shared key, or another message.
  case wrongSharedKey
  /// No CERT payload with an X.509 certificate.
  case noCertificate
  /// A certificate whose key OpenSSL cannot read.
  case unreadableCertificate
  case untrustedCertificate(ChainVerdict)
  case identityNotInCertificate(Identity)
  /// The AlgorithmIdentifier of method 14 names nothing that is known here.
  case unknownAlgorithm([UInt8])
  /// A hash that we did not announce, such as SHA-1.
  case hashRefused(SignatureScheme)
  /// The certificate's key does not make signatures of the AUTH method's kind.
  case keyDoesNotFit(AuthenticationMethod, PublicKeyType)
  case wrongSignature
  /// Our key makes no signature that the peer says it can verify.
  case noCommonSignature(PublicKeyType)
  /// An AUTH was to be made of an EAP credential, or without its MSK.
  case eapNotDone
  case crypto(CryptoError)
}

extension AuthenticationFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing: "the message has no AUTH or no ID payload"
    case .unexpectedIdentity(let claimed, let expected): "it is \(claimed), not \(expected)"
    case .unexpectedMethod(let method): "it authenticates by \(method), which is not accepted"
    case .wrongSharedKey: "AUTH does not match: the secrets differ"
    case .noCertificate: "it sent no X.509 certificate"
    case .unreadableCertificate: "its certificate cannot be read"
    case .untrustedCertificate(let verdict): "its certificate is not trusted: \(verdict.words)"
    case .identityNotInCertificate(let identity): "its certificate does not say \(identity)"
    case .unknownAlgorithm(let identifier):
      "it signs with \(SignatureAlgorithmTable.name(of: identifier) ?? "an unknown algorithm")"
    case .hashRefused(let scheme): "it signs with \(scheme), which is not accepted"
    case .keyDoesNotFit(let method, let key): "its key (\(key)) does not fit \(method)"
    case .wrongSignature: "its signature does not verify"
    case .noCommonSignature(let key): "it can verify no signature of our key (\(key))"
    case .eapNotDone: "EAP has not come to an end"
    case .crypto(let error): "\(error)"
    }
  }
}

extension ChainVerdict {
  fileprivate var words: String {
    switch self {
    case .valid: "it is valid"
    case .expired: "it, or a CA above it, has expired"
    case .notYetValid: "it, or a CA above it, is not valid yet"
    case .unknownIssuer(let name): "\(name) is no trusted CA"
    case .badSignature: "a signature in its chain does not verify"
    case .notACA: "it was signed by somebody who is no CA"
    case .other(let text): text
    }
  }
}
