package import PacketDissector

// Datagrams: sorted by IKE SA and window, opened, and requests answered, or answered again.

extension IKESession {
  /// Takes a datagram that came from `remote` to `local`.
  package func handle(
    _ datagram: [UInt8], from remote: Endpoint, to local: Endpoint, at now: Instant
  ) {
    let path = IKEPath(local: local, remote: remote)
    guard let bytes = unwrapped(datagram, path) else {
      counters.notIKE += 1
      return
    }
    if case .initiating = phase { return handleInitAnswer(bytes, along: path, at: now) }
    var reader = ByteReader(bytes.rawBytes)
    guard let message = try? IKEMessage(from: &reader) else {
      counters.notIKE += 1
      return
    }
    guard let sa = securityAssociations.first(where: { $0.owns(message.header) }) else {
      counters.strays += 1
      return
    }
    if message.header.isResponse {
      handleResponse(message, bytes, on: sa, at: now)
    } else {
      handleRequest(message, bytes, on: sa, along: path, at: now)
    }
  }

  private func unwrapped(_ datagram: [UInt8], _ path: IKEPath) -> [UInt8]? {
    guard configuration.transport == .datagrams, path.hasMarker(configuration.ports) else {
      return datagram
    }
    return NonESPMarker.removed(from: datagram)
  }

  private func handleRequest(
    _ message: IKEMessage, _ bytes: [UInt8], on sa: IKESA, along path: IKEPath, at now: Instant
  ) {
    let messageID = UInt64(message.header.messageID)
    if messageID + 1 == sa.expectedRequest {
      return answerAgain(message, bytes, on: sa, along: path, at: now)
    }
    guard messageID == sa.expectedRequest, !sa.isDeleted else {
      counters.strays += 1
      return
    }
    guard let opened = open(message, bytes, sa.protection) else { return }
    if message.fragment?.number == 1 { sa.firstFragment = bytes }
    guard case .message(let chain, let authenticated) = opened else { return }
    let first = message.fragment == nil ? bytes : sa.firstFragment
    sa.expectedRequest += 1
    follow(path)
    let type = ExchangeType(rawValue: message.header.exchangeType)
    let answer = answer(type, chain, authenticated: authenticated, on: sa, along: path, at: now)
    let header = sa.header(type, messageID: message.header.messageID, isResponse: true)
    if let total = message.fragment?.total, total > 1 { noteFragmentBytes(first.count) }
    respond(answer, header, to: first, on: sa, path, now)
  }

  /// Seals and sends an answer, keeps it for repetitions, and does what follows from it.
  private func respond(
    _ answer: Answer, _ header: IKEHeader, to first: [UInt8], on sa: IKESA, _ path: IKEPath,
    _ now: Instant
  ) {
    do throws(SealFailure) {
      let sealed = try sa.protection.seal(
        header, answer.payloads, fragmentBytes: answerLimit(along: path))
      sa.answered = IKESA.AnsweredRequest(
        messageID: header.messageID, firstDatagram: first, protection: sa.protection,
        header: header, payloads: answer.payloads, datagrams: sealed.datagrams)
      send(sealed.datagrams, along: path, at: now)
      conclude(answer.consequence, authenticated: sealed.authenticated, on: sa, at: now)
    } catch {
      fail(.unsendable(error), at: now)
    }
  }

  private func conclude(
    _ consequence: Answer.Consequence, authenticated: [UInt8], on sa: IKESA, at now: Instant
  ) {
    switch consequence {
    case .none: break
    case .intermediate(let request, let secret):
      takeIntermediate(request: request, response: authenticated, secret, on: sa, at: now)
    case .end(.deleted(by: .peer)): peerDeleted(sa, at: now)
    case .end(let event):
      if sa === current { end(event, at: now) } else { retire(sa) }
    }
    advance(sa, at: now)
  }

  /// Takes the first of several fragments, which is as long as they get, for what the path lets through;
  /// a peer that sends crumbs gets none in return.
  private func noteFragmentBytes(_ count: Int) {
    peerFragmentBytes = max(count, Self.smallestFragment)
  }

  private static let smallestFragment = 128

  /// The answer may be no larger than what the peer's own fragments showed to pass.
  private func answerLimit(along path: IKEPath) -> Int? {
    guard let own = fragmentLimit else { return nil }
    return min(own, peerFragmentBytes ?? own)
  }

  /// A request that was answered came again: so does the answer, octet for octet. Of fragments, only the
  /// first makes that happen (RFC 7383, section 2.6.1).
  private func answerAgain(
    _ message: IKEMessage, _ bytes: [UInt8], on sa: IKESA, along path: IKEPath, at now: Instant
  ) {
    guard var answered = sa.answered, answered.messageID == message.header.messageID else {
      counters.strays += 1
      return
    }
    if bytes != answered.firstDatagram {
      // Not the same octets: the same request in other fragments, or not the peer's.
      if let fragment = message.fragment, fragment.number != 1 { return }
      guard open(message, bytes, answered.protection) != nil else { return }
      if message.fragment != nil, bytes.count < answered.firstDatagram.count {
        noteFragmentBytes(bytes.count)
        recut(&answered, limit: answerLimit(along: path))
        answered.firstDatagram = bytes
        sa.answered = answered
      }
    }
    counters.repeatedAnswers += 1
    send(answered.datagrams, along: path, at: now)
  }

  /// The peer has come down to smaller fragments: perhaps it was the answer that did not pass.
  private func recut(_ answered: inout IKESA.AnsweredRequest, limit: Int?) {
    guard usesFragmentation else { return }
    let sealed = try? answered.protection.seal(
      answered.header, answered.payloads, fragmentBytes: limit)
    // With no more fragments than before, what was sent stays.
    if let sealed, sealed.datagrams.count > answered.datagrams.count {
      answered.datagrams = sealed.datagrams
    }
  }

  /// A responder follows its initiator to another address or port, once the message there is known to be
  /// the peer's; who is behind a NAT itself does so only until it is established (RFC 7296, section 2.23).
  private func follow(_ path: IKEPath) {
    guard !isOriginator, path != self.path else { return }
    if isEstablished, nat.local { return }
    self.path = path
  }

  /// What a request of the peer's comes to.
  private func answer(
    _ type: ExchangeType, _ chain: PayloadChain, authenticated: [UInt8], on sa: IKESA,
    along path: IKEPath, at now: Instant
  ) -> Answer {
    if let critical = chain.payloads.unsupportedCritical {
      return Answer([.notify(.unsupportedCriticalPayload, .payloadType(critical))])
    }
    if let failure = chain.failure(type) { return .refusal(.invalidSyntax, failure) }
    let request = chain.payloads
    switch (type, phase) {
    case (.ikeIntermediate, .negotiating):
      return answerIntermediate(request, authenticated: authenticated, on: sa)
    case (.ikeAuth, .negotiating): return answerAuthentication(request, on: sa, at: now)
    case (.informational, _): return answerInformational(request, on: sa, at: now)
    case (.createChildSA, .established): return answerCreateChild(request, on: sa, at: now)
    case (.ikeFollowupKE, .established): return answerFollowup(request, on: sa, at: now)
    case (.createChildSA, .closing), (.ikeFollowupKE, .closing):
      return Answer([.notify(.temporaryFailure)])
    default: return .refusal(.invalidSyntax, .malformed(type))
    }
  }
}

extension IKEMessage {
  /// The fragment that the message is; nil for a whole one.
  fileprivate var fragment: EncryptedFragmentPayload? {
    if case .encryptedFragment(let fragment) = payloads.last?.body { fragment } else { nil }
  }
}
