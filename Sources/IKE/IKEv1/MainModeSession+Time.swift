internal import PacketDissector

// Time: when a session wants to be called, and what it does then.

extension MainModeSession {
  /// When to call ``handleTimeout(at:)``; nil if there is nothing to wait for.
  package var deadline: Instant? {
    [transmission?.deadline, probe?.deadline, expiry, keepaliveDue].compactMap(\.self).min()
  }

  /// Does all that is due at `now`.
  package func handleTimeout(at now: Instant) {
    if let expiry, expiry <= now {
      emit(.expired)
      return close(at: now)
    }
    if let transmission, transmission.deadline <= now { transmitAgain(at: now) }
    if let probe, probe.deadline <= now { askAgain(at: now) }
    if let due = keepaliveDue, due <= now { sendKeepalive(at: now) }
  }

  private var keepaliveDue: Instant? {
    guard nat.local, isEstablished, let lastSent else { return nil }
    return lastSent + IKESession.keepaliveInterval
  }

  /// The next transmission of a message of main mode, or the end.
  func transmitAgain(at now: Instant) {
    guard var transmission else { return }
    let policy = configuration.retransmission
    guard transmission.count < policy.transmissions else {
      return fail(suspicion ?? .noAnswer(step, port: path.remote.port))
    }
    if transmission.count > 0 { counters.retransmissions += 1 }
    transmission.deadline = now + policy.wait(after: transmission.count)
    transmission.count += 1
    self.transmission = transmission
    send(transmission.bytes, at: now)
  }
}
