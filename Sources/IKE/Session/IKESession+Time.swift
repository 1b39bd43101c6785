internal import PacketDissector

// Time: when a session wants to be called, and what it does then.

extension IKESession {
  /// When to call ``handleTimeout(at:)``; nil if there is nothing to wait for.
  package var deadline: Instant? {
    if case .initiating(let initiation) = phase { return initiation.exchange.deadline }
    let requests = securityAssociations.compactMap(\.underWay?.deadline)
    return (requests + [expiry, keepaliveDue].compactMap(\.self)).min()
  }

  /// Does all that is due at `now`.
  package func handleTimeout(at now: Instant) {
    if case .initiating = phase { return retryInit(at: now) }
    if let expiry, expiry <= now { return expire() }
    for sa in securityAssociations {
      if let underWay = sa.underWay, underWay.deadline <= now { retry(on: sa, at: now) }
    }
    if let due = keepaliveDue, due <= now { sendKeepalive(at: now) }
  }

  private var keepaliveDue: Instant? {
    guard nat.local, configuration.transport == .datagrams, let lastSent else { return nil }
    switch phase {
    case .negotiating, .established: return lastSent + Self.keepaliveInterval
    case .idle, .initiating, .closing, .ended: return nil
    }
  }

  private func expire() {
    if case .negotiating = phase { fail(.abandoned, at: nil) }
    phase = .ended
    expiry = nil
  }

  /// Sends a request again, in smaller fragments if that may help, or gives up.
  private func retry(on sa: IKESA, at now: Instant) {
    guard var underWay = sa.underWay else { return }
    let policy = configuration.requestPolicy
    guard underWay.transmissions < policy.transmissions else { return giveUp(on: sa, at: now) }
    if underWay.deservesSmallerFragments { reduceFragments(&underWay, sa) }
    counters.retransmissions += underWay.datagrams.count
    send(underWay.transmit(at: now, policy), along: path, at: now)
    sa.underWay = underWay
  }

  /// Cuts the request into more fragments, if one of the sizes that are left makes more.
  private func reduceFragments(_ underWay: inout RequestUnderWay, _ sa: IKESA) {
    guard usesFragmentation else { return }
    let sizes = configuration.fragmentBytes
    while fragmentSizeIndex + 1 < sizes.count {
      fragmentSizeIndex += 1
      let size = sizes[fragmentSizeIndex]
      // A size that has no room for anything is passed over.
      let sealed = try? sa.protection.seal(
        underWay.header, underWay.payloads,
        fragmentBytes: path.messageBytes(in: size, configuration.ports))
      if let sealed, underWay.cut(into: sealed.datagrams) {
        return emit(.fragmentsReduced(to: size))
      }
    }
  }

  /// All transmissions of a request were in vain: the peer is gone (RFC 7296, section 2.4).
  private func giveUp(on sa: IKESA, at now: Instant) {
    guard let underWay = sa.underWay else { return }
    sa.underWay = nil
    guard sa === current else { return retire(sa) }
    switch underWay.exchange {
    case .deleteIKE, .farewell: endClosing(at: now)
    default: fail(.noAnswer(underWay.exchange.type), at: now)
    }
  }
}

extension IKESession {
  /// Ends the session; nothing is said to the peer. With a time, its last answer is repeated for a while.
  func fail(_ failure: SessionFailure, at now: Instant?) {
    end(.failed(failure), at: now)
  }

  func end(_ event: SessionEvent?, at now: Instant?) {
    if case .ended = phase { return }
    // Whoever closes without an event has told why before.
    let isTold = if case .closing(nil) = phase { true } else { false }
    if let event, !isTold { emit(event) }
    phase = .ended
    handshake = nil
    children = []
    for sa in securityAssociations {
      sa.underWay = nil
      sa.waiting = []
      sa.isDeleted = true
    }
    let hasAnswer = securityAssociations.contains { $0.answered != nil }
    expiry = hasAnswer ? now.map { $0 + Self.linger } : nil
  }

  /// The peer has heard that this side ends the IKE SA, or never will.
  func endClosing(at now: Instant) {
    guard case .closing(let event) = phase else { return end(.deleted(by: .local), at: now) }
    end(event, at: now)
  }

  /// An IKE SA that another took over from is deleted.
  func retire(_ sa: IKESA) {
    sa.isDeleted = true
    sa.underWay = nil
    sa.waiting = []
    // The newest ones may still have to repeat an answer.
    let deleted = retiring.filter(\.isDeleted)
    if deleted.count > 2, let oldest = deleted.first { retiring.removeAll { $0 === oldest } }
  }
}
