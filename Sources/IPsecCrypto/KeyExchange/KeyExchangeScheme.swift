internal import PacketDissector

/// What an initiator holds until the response is there.
protocol InitiatorHalf: Sendable {
  /// The KE payload's data.
  var data: [UInt8] { get }
  /// The secret; `response` has the method's length.
  func complete(_ response: [UInt8]) throws(KeyExchangeFailure) -> Secret
}

/// The kind of arithmetic behind a method's number.
enum KeyExchangeScheme: Sendable {
  /// RFC 2409, RFC 3526 and RFC 5114.
  case modp(MODPGroup)
  /// RFC 5903 and RFC 6954: OpenSSL's name of the curve, and the octets of a coordinate.
  case curve(String, coordinateBytes: Int)
  /// RFC 8031: OpenSSL's name of the function.
  case montgomery(String)
  /// FIPS 203, as draft-ietf-ipsecme-ikev2-mlkem uses it.
  case lattice(LatticeKEM)

  init?(_ method: KeyExchangeMethod) {
    switch method.rawValue {
    case 19: self = .curve("prime256v1", coordinateBytes: 32)
    case 20: self = .curve("secp384r1", coordinateBytes: 48)
    case 21: self = .curve("secp521r1", coordinateBytes: 66)
    case 25: self = .curve("prime192v1", coordinateBytes: 24)
    case 26: self = .curve("secp224r1", coordinateBytes: 28)
    case 27: self = .curve("brainpoolP224r1", coordinateBytes: 28)
    case 28: self = .curve("brainpoolP256r1", coordinateBytes: 32)
    case 29: self = .curve("brainpoolP384r1", coordinateBytes: 48)
    case 30: self = .curve("brainpoolP512r1", coordinateBytes: 64)
    case 31: self = .montgomery("X25519")
    case 32: self = .montgomery("X448")
    case 35: self = .lattice(.mlKEM512)
    case 36: self = .lattice(.mlKEM768)
    case 37: self = .lattice(.mlKEM1024)
    default:
      guard let group = MODPGroup.group(method) else { return nil }
      self = .modp(group)
    }
  }

  var support: KeyExchangeSupport {
    switch self {
    case .modp: .complete
    case .curve(let name, _): OpenSSLKey.knowsCurve(name) ? .complete : .none
    case .montgomery(let name): OpenSSLKey.knowsAlgorithm(name) ? .complete : .none
    case .lattice(let kem): kem.implementation == .none ? .shareOnly : .complete
    }
  }

  func initiate() -> (any InitiatorHalf)? {
    switch self {
    case .modp(let group): MODPHalf(group)
    case .curve(let name, let coordinateBytes): CurveHalf(name, coordinateBytes: coordinateBytes)
    case .montgomery(let name): MontgomeryHalf(name)
    case .lattice(let kem): kem.initiate()
    }
  }

  /// `data` has the method's length.
  func respond(
    to data: [UInt8]
  ) throws(KeyExchangeFailure) -> (data: [UInt8], secret: Secret) {
    if case .lattice(let kem) = self { return try kem.encapsulate(to: data) }
    // In a Diffie-Hellman exchange both halves are alike.
    guard let half = initiate() else { throw .openSSLFailed }
    return (half.data, try half.complete(data))
  }
}
