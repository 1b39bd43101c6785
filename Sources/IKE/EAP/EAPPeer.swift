package import IPsecCrypto
package import PacketDissector

/// The initiator's side of EAP (RFC 3748) with MSCHAPv2 as its method.
package struct EAPPeer: Sendable {
  package enum Step: Sendable {
    /// To be sent in the next IKE_AUTH request.
    case respond(EAPMessage)
    /// EAP-Success: the MSK, of which AUTH is made.
    case succeeded(Secret)
    case failed(EAPFailure)
  }

  private enum State {
    /// Asked for nothing but an identity yet.
    case started
    /// The response is out; the server must answer with this proof.
    case challenged(MSCHAPv2Exchange)
    /// The server has proven itself; EAP-Success is due.
    case proven(Secret)
    /// MSCHAPv2 has failed; EAP-Failure is due.
    case refused(EAPFailure)
    case ended
  }

  /// Requests that are answered in one run.
  package static let roundLimit = 20

  private let credential: EAPCredential
  private let peerChallenge: [UInt8]
  private var state = State.started
  private var rounds = 0

  /// `peerChallenge` are 16 random octets, used once.
  package init(_ credential: EAPCredential, peerChallenge: [UInt8]) {
    self.credential = credential
    self.peerChallenge = peerChallenge
  }

  /// Takes a message of the server. After `succeeded` and `failed` there is no further step.
  package mutating func handle(_ message: EAPMessage) -> Step {
    rounds += 1
    guard rounds <= Self.roundLimit else { return fail(.tooManyRounds) }
    switch (message.code, state) {
    case (_, .ended): return fail(.unexpected(message.code))
    case (.request, _): return answer(message)
    case (.success, .proven(let key)):
      state = .ended
      return .succeeded(key)
    case (.success, _): return fail(.successTooEarly)
    case (.failure, .refused(let reason)): return fail(reason)
    case (.failure, _): return fail(.refused)
    default: return fail(.unexpected(message.code))
    }
  }

  private mutating func answer(_ request: EAPMessage) -> Step {
    switch request.type {
    case .identity?: return respond(to: request, .identity, Array(credential.userName.utf8))
    case .notification?: return respond(to: request, .notification, [])
    case .mschapv2?:
      guard let packet = MSCHAPv2Packet(request.data) else { return fail(.malformed) }
      return answer(packet, in: request)
    case .expanded?:
      // RFC 3748 section 5.3.2: what is wanted instead, as an expanded type of vendor 0.
      let wanted: [UInt8] = [
        EAPType.expanded.rawValue, 0, 0, 0, 0, 0, 0, EAPType.mschapv2.rawValue,
      ]
      return .respond(
        EAPMessage(
          code: .response, identifier: request.identifier, type: .expanded,
          expandedType: EAPMessage.ExpandedType(vendorID: 0, vendorType: 3), data: wanted))
    case nil: return fail(.malformed)
    default: return respond(to: request, .legacyNak, [EAPType.mschapv2.rawValue])
    }
  }

  private mutating func answer(_ packet: MSCHAPv2Packet, in request: EAPMessage) -> Step {
    switch (packet, state) {
    case (.challenge(let id, let challenge, _), .started):
      return respond(to: challenge, id, in: request)
    case (.success(_, let message), .challenged(let exchange)):
      guard exchange.isProof(message) else { return fail(.serverNotProven) }
      state = .proven(exchange.masterKey)
      return respond(to: request, .mschapv2, MSCHAPv2Packet.successAcknowledged.bytes)
    case (.failure(_, let message), .challenged):
      state = .refused(.wrongPassword(message: String(decoding: message, as: UTF8.self)))
      return respond(to: request, .mschapv2, MSCHAPv2Packet.failureAcknowledged.bytes)
    default: return fail(.malformed)
    }
  }

  private mutating func respond(
    to challenge: [UInt8], _ id: UInt8, in request: EAPMessage
  ) -> Step {
    let name = Array(credential.userName.utf8)
    do throws(CryptoError) {
      let exchange = try MSCHAPv2Exchange(
        challenge: challenge, peerChallenge: peerChallenge, userName: name,
        password: credential.password)
      state = .challenged(exchange)
      let packet = MSCHAPv2Packet.response(
        id: id, peerChallenge: peerChallenge, ntResponse: exchange.response, name: name)
      return respond(to: request, .mschapv2, packet.bytes)
    } catch {
      return fail(.crypto(error))
    }
  }

  private func respond(to request: EAPMessage, _ type: EAPType, _ data: [UInt8]) -> Step {
    .respond(
      EAPMessage(code: .response, identifier: request.identifier, type: type, data: data))
  }

  private mutating func fail(_ reason: EAPFailure) -> Step {
    state = .ended
    return .failed(reason)
  }
}
