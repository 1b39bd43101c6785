package import IPsecCrypto
package import PacketDissector

/// What a side proves itself with.
package enum Credential: Sendable {
  case preSharedKey(Secret)
}

/// What the peer must prove itself with.
package enum PeerRequirement: Sendable {
  case preSharedKey(Secret)
}

/// Why an AUTH payload was not made, or not believed.
package enum AuthenticationFault: Error, Equatable, Sendable {
  case missing(PayloadType)
  case otherIdentity(Identity)
  case otherMethod(AuthenticationMethod)
  case wrongMAC
  case noPPK
  case crypto(CryptoError)

  static func of<Value>(
    _ make: () throws(CryptoError) -> Value
  ) throws(AuthenticationFault) -> Value {
    do throws(CryptoError) {
      return try make()
    } catch {
      throw .crypto(error)
    }
  }
}

extension Credential {
  var method: AuthenticationMethod { .sharedKeyMessageIntegrityCode }

  func prove(
    _ context: AuthenticationContext, _ side: Side, _ identity: Identity
  ) throws(AuthenticationFault) -> AuthenticationPayload {
    guard case .preSharedKey(let secret) = self else { throw .missing(.authentication) }
    let mac = try AuthenticationFault.of { () throws(CryptoError) in
      try context.sharedKeyMAC(of: side, identity, secret)
    }
    // Lent bytes are copied before the closure ends.
    return AuthenticationPayload(method: method, data: unsafe mac.withBytes { unsafe Array($0) })
  }
}

extension PeerRequirement {
  func verify(
    _ proof: AuthenticationPayload, _ context: AuthenticationContext, _ side: Side,
    _ identity: Identity
  ) throws(AuthenticationFault) {
    guard case .preSharedKey(let secret) = self,
      proof.method == .sharedKeyMessageIntegrityCode
    else { throw .otherMethod(proof.method) }
    let mac = try AuthenticationFault.of { () throws(CryptoError) in
      try context.sharedKeyMAC(of: side, identity, secret)
    }
    guard mac.hasSameBytes(as: Secret(copying: proof.data)) else { throw .wrongMAC }
  }
}
