package import PacketDissector

/// What this build, on this machine, can do with a key exchange method.
package enum KeyExchangeSupport: Equatable, Sendable {
  /// Shares and secrets.
  case complete
  /// A share that a peer takes for one and answers, but no secret.
  case shareOnly
  case none
}

/// Why there is no share or no secret.
package enum KeyExchangeFailure: Error, Equatable, Sendable {
  case wrongLength(expected: Int, given: Int)
  /// A number out of range, a point off the curve, a key that is not reduced, a secret of zeros.
  case badShare
  /// There is no implementation here that computes this method's secret.
  case cannotComplete(String)
  case openSSLFailed
}

extension KeyExchangeFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .wrongLength(let expected, let given):
      "the key exchange data has \(given) bytes, not \(expected)"
    case .badShare: "the key exchange data is no valid public value"
    case .cannotComplete(let name): "this build cannot complete \(name)"
    case .openSSLFailed: "OpenSSL failed in a key exchange"
    }
  }
}

extension KeyExchangeMethod {
  package var support: KeyExchangeSupport { KeyExchangeScheme(self)?.support ?? .none }

  /// A method that holds against a quantum computer, alone or together with another.
  package var isPostQuantum: Bool {
    switch rawValue {
    case 35...37, 1035, 1083...1088: true
    default: false
    }
  }
}

/// The initiator's half of a key exchange: what it sends, and what it keeps secret.
package struct KeyExchangeInitiator: Sendable {
  package let method: KeyExchangeMethod
  /// The KE payload's data.
  package let data: [UInt8]
  private let half: any InitiatorHalf

  /// A fresh share; throws ``CryptoError/notImplemented(_:)`` where the support is none.
  package init(_ method: KeyExchangeMethod) throws(CryptoError) {
    guard let scheme = KeyExchangeScheme(method) else { throw .notImplemented("\(method)") }
    // What this machine has is asked last: the answer costs a tenth of a share.
    guard let half = scheme.initiate() else {
      throw scheme.support == .none ? .notImplemented("\(method)") : .openSSLFailed("\(method)")
    }
    self.init(method, half)
  }

  /// A half whose secret is known: for published vectors.
  init(_ method: KeyExchangeMethod, _ half: any InitiatorHalf) {
    self.method = method
    self.half = half
    data = half.data
  }

  /// The shared secret, from the data of the responder's KE payload.
  package func complete(_ response: [UInt8]) throws(KeyExchangeFailure) -> Secret {
    if let expected = method.dataByteCount?.responder, expected != response.count {
      throw .wrongLength(expected: expected, given: response.count)
    }
    return try half.complete(response)
  }
}

package enum KeyExchangeResponder {
  /// Answers the data of an initiator's KE payload: the data to send back, and the shared secret.
  package static func respond(
    to data: [UInt8], method: KeyExchangeMethod
  ) throws(KeyExchangeFailure) -> (data: [UInt8], secret: Secret) {
    guard let scheme = KeyExchangeScheme(method) else { throw .cannotComplete("\(method)") }
    if let expected = method.dataByteCount?.initiator, expected != data.count {
      throw .wrongLength(expected: expected, given: data.count)
    }
    do throws(KeyExchangeFailure) {
      return try scheme.respond(to: data)
    } catch .openSSLFailed where scheme.support != .complete {
      throw .cannotComplete("\(method)")
    }
  }
}
