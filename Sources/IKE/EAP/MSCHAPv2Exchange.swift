internal import IPsecCrypto

/// What both sides of one run of MSCHAPv2 compute alike from its challenges and the password.
struct MSCHAPv2Exchange: Sendable {
  /// NT-Response, 24 octets: the peer's proof.
  let response: [UInt8]
  /// 20 octets: the authenticator's proof.
  let authenticatorResponse: [UInt8]
  /// MSK, 64 octets.
  let masterKey: Secret

  init(
    challenge: [UInt8], peerChallenge: [UInt8], userName: [UInt8], password: Secret
  ) throws(CryptoError) {
    response = try MSCHAPv2.response(
      authenticatorChallenge: challenge, peerChallenge: peerChallenge, userName: userName,
      password: password)
    authenticatorResponse = try MSCHAPv2.authenticatorResponse(
      to: response, authenticatorChallenge: challenge, peerChallenge: peerChallenge,
      userName: userName, password: password)
    masterKey = try MSCHAPv2.masterSessionKey(response: response, password: password)
  }

  /// Whether a Success message carries the authenticator's proof.
  func isProof(_ message: [UInt8]) -> Bool {
    MSCHAPv2.isProof(message, authenticatorResponse)
  }
}
