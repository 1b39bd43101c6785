package import IPsecCrypto
package import PacketDissector

/// Why EAP came to no good end.
package enum EAPFailure: Error, Equatable, Sendable {
  /// EAP-Failure, without a word why.
  case refused
  /// MSCHAPv2's Failure, with what the server says: "E=691 R=0 ..." is a wrong name or password.
  case wrongPassword(message: String)
  /// The server did not prove that it knows the password.
  case serverNotProven
  /// EAP-Success before the method was through.
  case successTooEarly
  /// Something else than is due at this point.
  case unexpected(EAPCode)
  /// A message of MSCHAPv2 that is none, or not the one that is due.
  case malformed
  /// More requests than any method needs.
  case tooManyRounds
  /// The peer wants another method, by its number; nil if it says none.
  case otherMethod(EAPType?)
  case crypto(CryptoError)
}

extension EAPFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .refused: "EAP was refused"
    case .wrongPassword(let message): "EAP-MSCHAPv2 was refused: \(message)"
    case .serverNotProven: "the EAP server does not know the password"
    case .successTooEarly: "EAP-Success came before the method was through"
    case .unexpected(let code): "EAP \(code) came where it was not due"
    case .malformed: "the EAP-MSCHAPv2 message is malformed, or not the one that is due"
    case .tooManyRounds: "EAP does not come to an end"
    case .otherMethod(let type): "the EAP peer wants \(type.map { "\($0)" } ?? "no method")"
    case .crypto(let error): "\(error)"
    }
  }
}
