package import IPsecCrypto
package import PacketDissector

/// The responder's side of EAP (RFC 3748), with MSCHAPv2 as its only method.
package struct EAPAuthenticator: Sendable {
  package enum Step: Sendable {
    /// To be sent in the IKE_AUTH response.
    case request(EAPMessage)
    /// EAP-Success, to be sent; the MSK, of which AUTH is made; and who it is.
    case succeeded(EAPMessage, Secret, userName: String)
    /// EAP-Failure, to be sent with the end of the IKE SA.
    case failed(EAPMessage, EAPFailure)
  }

  private enum State {
    case identityAsked
    case challenged
    /// Success is out, and waits to be acknowledged.
    case proven(Secret, userName: String)
    /// Failure is out, and waits to be acknowledged.
    case refused(EAPFailure)
    case ended
  }

  private let accounts: [String: Secret]
  private let challenge: [UInt8]
  private let name: [UInt8]
  private var identifier: UInt8
  private var state = State.identityAsked

  /// `challenge` are 16 random octets, used once; `identifier` is the first request's.
  package init(
    accounts: [String: Secret], challenge: [UInt8], name: String, identifier: UInt8
  ) {
    self.accounts = accounts
    self.challenge = challenge
    self.name = Array(name.utf8)
    self.identifier = identifier
  }

  /// The first message: who is it?
  package var firstRequest: EAPMessage {
    EAPMessage(code: .request, identifier: identifier, type: .identity)
  }

  /// Takes a response. After `succeeded` and `failed` there is no further step.
  package mutating func handle(_ message: EAPMessage) -> Step {
    guard message.code == .response else { return fail(.unexpected(message.code)) }
    guard message.identifier == identifier else { return fail(.malformed) }
    switch (message.type, state) {
    case (.identity?, .identityAsked):
      state = .challenged
      return request(.challenge(id: identifier &+ 1, challenge, name: name))
    case (.mschapv2?, _):
      guard let packet = MSCHAPv2Packet(message.data) else { return fail(.malformed) }
      return handle(packet)
    case (.legacyNak?, .challenged):
      return fail(.otherMethod(message.data.first.map(EAPType.init(rawValue:))))
    default: return fail(.malformed)
    }
  }

  private mutating func handle(_ packet: MSCHAPv2Packet) -> Step {
    switch (packet, state) {
    case (.response(identifier, let peerChallenge, let response, let name), .challenged):
      return check(response, peerChallenge, name)
    case (.successAcknowledged, .proven(let key, let userName)):
      state = .ended
      return .succeeded(
        EAPMessage(code: .success, identifier: identifier), key, userName: userName)
    case (.failureAcknowledged, .refused(let reason)): return fail(reason)
    default: return fail(.malformed)
    }
  }

  private mutating func check(
    _ response: [UInt8], _ peerChallenge: [UInt8], _ name: [UInt8]
  ) -> Step {
    let userName = String(decoding: name, as: UTF8.self)
    guard let password = accounts[userName] else { return refuse() }
    do throws(CryptoError) {
      let exchange = try MSCHAPv2Exchange(
        challenge: challenge, peerChallenge: peerChallenge, userName: name, password: password)
      guard Secret(copying: exchange.response).hasSameBytes(as: Secret(copying: response)) else {
        return refuse()
      }
      state = .proven(exchange.masterKey, userName: userName)
      var message = TextBuffer(capacity: 64)
      message.put("S=")
      message.hex(exchange.authenticatorResponse)
      let text = message.string.uppercased() + " M=Welcome"
      return request(.success(id: identifier &+ 1, message: Array(text.utf8)))
    } catch {
      return fail(.crypto(error))
    }
  }

  /// RFC 2759 section 6: error 691, no further attempt, a challenge that nobody will use, version 3.
  private mutating func refuse() -> Step {
    let text = "E=691 R=0 C=\(String(repeating: "0", count: 32)) V=3 M=Authentication failed"
    state = .refused(.wrongPassword(message: text))
    return request(.failure(id: identifier &+ 1, message: Array(text.utf8)))
  }

  private mutating func request(_ packet: MSCHAPv2Packet) -> Step {
    identifier &+= 1
    return .request(
      EAPMessage(code: .request, identifier: identifier, type: .mschapv2, data: packet.bytes))
  }

  private mutating func fail(_ reason: EAPFailure) -> Step {
    state = .ended
    return .failed(EAPMessage(code: .failure, identifier: identifier), reason)
  }
}
