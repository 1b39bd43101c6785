internal import PacketDissector

/// MS-CHAPv2, RFC 2759, and the key that EAP-MSCHAPv2 makes of it for IKEv2's AUTH.
///
/// Challenges have 16 octets each; the user name is text of any encoding, as the peer sent it, with
/// or without a domain in front of a backslash; a password is UTF-8.
package enum MSCHAPv2 {
  /// The 24 octets that prove that the peer has the password: GenerateNTResponse.
  package static func response(
    authenticatorChallenge: [UInt8], peerChallenge: [UInt8], userName: [UInt8], password: Secret
  ) throws(CryptoError) -> [UInt8] {
    let challenge = try challengeHash(peerChallenge, authenticatorChallenge, userName)
    let keys = try passwordHash(password) + [UInt8](repeating: 0, count: 5)
    var response: [UInt8] = []
    for start in [0, 7, 14] {
      response += try LegacyPrimitives.desBlock(challenge, key: keys[start..<start + 7])
    }
    return response
  }

  /// The 20 octets that prove that the authenticator has the password, too:
  /// GenerateAuthenticatorResponse, before it is written in digits.
  package static func authenticatorResponse(
    to response: [UInt8], authenticatorChallenge: [UInt8], peerChallenge: [UInt8],
    userName: [UInt8], password: Secret
  ) throws(CryptoError) -> [UInt8] {
    let digest = try HashFunction.sha1.digest(
      try passwordHashHash(password), response,
      Array("Magic server to client signing constant".utf8))
    let challenge = try challengeHash(peerChallenge, authenticatorChallenge, userName)
    return try HashFunction.sha1.digest(
      digest, challenge, Array("Pad to make it do more than one iteration".utf8))
  }

  /// Whether a Success message, `S=` with 40 digits and then any text, has that proof.
  package static func isProof(_ message: [UInt8], _ expected: [UInt8]) -> Bool {
    let prefix = Array("S=".utf8)
    let digits = message.dropFirst(prefix.count).prefix(40)
    guard message.starts(with: prefix), digits.count == 40, expected.count == 20 else {
      return false
    }
    let values = digits.map { Character(Unicode.Scalar($0)).hexDigitValue.map(UInt8.init) ?? 0xFF }
    guard !values.contains(0xFF) else { return false }
    let proof = stride(from: 0, to: 40, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    return proof.rawBytes.isSame(as: expected.rawBytes)
  }

  /// The 64 octets that both sides sign AUTH with: the keys of RFC 3079 section 3 from peer to
  /// authenticator and back, 16 octets each, and zeros.
  package static func masterSessionKey(
    response: [UInt8], password: Secret
  ) throws(CryptoError) -> Secret {
    let master = try HashFunction.sha1.digest(
      try passwordHashHash(password), response, Array("This is the MPPE Master Key".utf8)
    ).prefix(16)
    var key =
      try sessionKey(
        master,
        "On the client side, this is the send key; on the server side, it is the receive key.")
      + sessionKey(
        master,
        "On the client side, this is the receive key; on the server side, it is the send key.")
      + [UInt8](repeating: 0, count: 32)
    return Secret(consuming: &key)
  }

  /// GetAsymmetricStartKey for 128 bits, RFC 3079 section 3.4.
  private static func sessionKey(
    _ master: ArraySlice<UInt8>, _ purpose: String
  ) throws(CryptoError) -> [UInt8] {
    try Array(
      HashFunction.sha1.digest(
        Array(master), [UInt8](repeating: 0, count: 40), Array(purpose.utf8),
        [UInt8](repeating: 0xF2, count: 40)
      ).prefix(16))
  }

  /// ChallengeHash, of 8 octets.
  private static func challengeHash(
    _ peer: [UInt8], _ authenticator: [UInt8], _ userName: [UInt8]
  ) throws(CryptoError) -> [UInt8] {
    let name = userName.lastIndex(of: UInt8(ascii: "\\")).map { userName[($0 + 1)...] }
    return try Array(
      HashFunction.sha1.digest(peer, authenticator, Array(name ?? userName[...])).prefix(8))
  }

  /// NtPasswordHash: MD4 of the password in UTF-16, least significant octet first.
  private static func passwordHash(_ password: Secret) throws(CryptoError) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(2 * password.count)
    unsafe password.withBytes { bytes in
      _ = unsafe transcode(
        bytes.makeIterator(), from: UTF8.self, to: UTF16.self, stoppingOnError: false
      ) { unit in
        text.append(UInt8(truncatingIfNeeded: unit))
        text.append(UInt8(truncatingIfNeeded: unit >> 8))
      }
    }
    let secret = Secret(consuming: &text)
    return try unsafe secret.withBytes { (bytes) throws(CryptoError) in
      try unsafe LegacyPrimitives.md4(bytes)
    }
  }

  private static func passwordHashHash(_ password: Secret) throws(CryptoError) -> [UInt8] {
    let hash = Secret(copying: try passwordHash(password))
    return try unsafe hash.withBytes { (bytes) throws(CryptoError) in
      try unsafe LegacyPrimitives.md4(bytes)
    }
  }
}
