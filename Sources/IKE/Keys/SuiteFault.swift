package import IPsecCrypto
package import PacketDissector

/// Why a chosen proposal gives no suite.
package enum SuiteFault: Error, Equatable, Sendable {
  /// Another protocol than the SA's.
  case wrongProtocol(ProtocolID)
  case missing(TransformType)
  /// A choice is left.
  case several(TransformType)
  /// A type that has no place in this protocol, or is not known.
  case unexpected(TransformType)
  /// An attribute that is not known, or a key length that the cipher does not have.
  case notUnderstood(TransformType)
  /// The proposal ends in the midst of a transform.
  case cut
  /// A cipher that hides nothing, or takes its IV from ESP's sequence number.
  case notForIKE(EncryptionAlgorithm)
  case integrityBesideAEAD(IntegrityAlgorithm)
  /// RFC 9370, section 2.2.1, allows each key exchange method once.
  case repeatedMethod(KeyExchangeMethod)
  /// A transform that cannot be had here, or not with this key length.
  case notUsable(CryptoError)

  static func of<Value>(_ make: () throws(CryptoError) -> Value) throws(SuiteFault) -> Value {
    do throws(CryptoError) {
      return try make()
    } catch {
      throw .notUsable(error)
    }
  }
}

extension SuiteFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .wrongProtocol(let id): "the proposal is for \(id)"
    case .missing(let type): "the proposal has no transform of type \(type)"
    case .several(let type): "the proposal has several transforms of type \(type)"
    case .unexpected(let type): "a transform of type \(type) has no place in the proposal"
    case .notUnderstood(let type):
      "a transform of type \(type) has an unknown attribute or an impossible key length"
    case .cut: "the proposal ends in the midst of a transform"
    case .notForIKE(let cipher): "\(cipher) is for ESP alone"
    case .integrityBesideAEAD(let algorithm):
      "\(algorithm) stands beside a cipher with an ICV of its own"
    case .repeatedMethod(let method): "\(method) would be done twice"
    case .notUsable(let error): error.description
    }
  }
}
