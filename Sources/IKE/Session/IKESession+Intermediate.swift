internal import IPsecCrypto
internal import PacketDissector

// IKE_INTERMEDIATE (RFC 9242) with additional key exchanges (RFC 9370), between IKE_SA_INIT and IKE_AUTH.

extension IKESession {
  func intermediateRequest() -> [IKEPayload]? {
    guard let share = handshake?.share else { return nil }
    return [.keyExchange(share.method, share.data)]
  }

  /// Takes the responder's share.
  func finishIntermediate(
    _ request: RequestUnderWay, _ response: [IKEPayload], authenticated: [UInt8], on sa: IKESA,
    at now: Instant
  ) {
    if let error = response.errorNotify {
      return fail(.refused(error.type, in: .ikeIntermediate), at: now)
    }
    guard let share = handshake?.share else { return }
    handshake?.capabilities.verifier.add(response.notifies)
    guard let answer = response.keyExchange, answer.method == share.method else {
      return leave(.missing(.keyExchange, in: .ikeIntermediate), on: sa, at: now)
    }
    do throws(SessionFailure) {
      let secret = try SessionFailure.of { () throws(KeyExchangeFailure) in
        try share.complete(answer.data)
      }
      try SessionFailure.of { () throws(CryptoError) in
        try handshake?.intermediate.add(
          request: request.authenticated, response: authenticated, keys: sa.keys,
          prf: sa.suite.prf)
        try sa.update(with: secret)
      }
      handshake?.share = nil
      proceed(at: now)
    } catch {
      leave(error, on: sa, at: now)
    }
  }

  /// Answers the initiator's share.
  func answerIntermediate(
    _ request: [IKEPayload], authenticated: [UInt8], on sa: IKESA
  ) -> Answer {
    handshake?.capabilities.verifier.add(request.notifies)
    guard !sa.isInitiator, let method = handshake?.remaining.first else {
      // Without a key exchange the exchange is there for others' extensions, and changes AUTH alone.
      return Answer(then: .intermediate(request: authenticated, nil))
    }
    guard let share = request.keyExchange, share.method == method else {
      return .refusal(.invalidSyntax, .missing(.keyExchange, in: .ikeIntermediate))
    }
    do throws(KeyExchangeFailure) {
      let (data, secret) = try KeyExchangeResponder.respond(to: share.data, method: method)
      handshake?.remaining.removeFirst()
      return Answer(
        [.keyExchange(method, data)], then: .intermediate(request: authenticated, secret))
    } catch {
      return .refusal(.invalidSyntax, .keyExchange(error))
    }
  }

  /// Behind the response, which the old keys still protect.
  func takeIntermediate(
    request: [UInt8], response: [UInt8], _ secret: Secret?, on sa: IKESA, at now: Instant
  ) {
    do throws(CryptoError) {
      try handshake?.intermediate.add(
        request: request, response: response, keys: sa.keys, prf: sa.suite.prf)
      if let secret { try sa.update(with: secret) }
    } catch {
      fail(.crypto(error), at: now)
    }
  }
}

extension IKESA {
  /// SKEYSEED(n) of RFC 9370, section 2.2.2.
  fileprivate func update(with secret: Secret) throws(CryptoError) {
    try replaceKeys(
      keys.updated(
        with: secret, suite, initiatorNonce: initiatorNonce, responderNonce: responderNonce,
        initiatorSPI: initiatorSPI, responderSPI: responderSPI))
  }
}
