package import PacketDissector

// Datagrams: those of this SA, sorted by exchange.

extension MainModeSession {
  /// Takes a datagram that came from `remote` to `local`.
  package func handle(
    _ datagram: [UInt8], from remote: Endpoint, to local: Endpoint, at now: Instant
  ) {
    let path = IKEPath(local: local, remote: remote)
    let hasMarker = path.hasMarker(configuration.ports)
    guard let bytes = hasMarker ? NonESPMarker.removed(from: datagram) : datagram else {
      counters.notIKE += 1
      return
    }
    var reader = ByteReader(bytes.rawBytes)
    guard let message = try? IKEv1Message(from: &reader) else {
      counters.notIKE += 1
      return
    }
    guard owns(message) else {
      counters.strays += 1
      return
    }
    guard message.header.majorVersion == 1 else {
      counters.strays += 1
      return suspect(.otherVersion(message.header.majorVersion))
    }
    switch message.exchangeType {
    case .identityProtection: handleMainMode(message, along: path, at: now)
    case .informational: handleInformational(message, at: now)
    // Phase 2, mode config and XAUTH: none of them is answered.
    default: counters.strays += 1
    }
  }

  /// Whether a message bears our cookie and the peer's, as far as there is one. Who refuses the first
  /// message, or has forgotten the SA, may give none of its own.
  private func owns(_ message: IKEv1Message) -> Bool {
    let header = message.header
    guard header.initiatorSPI == initiatorCookie, !hasEnded else { return false }
    return responderCookie == 0 || header.responderSPI == responderCookie
      || header.responderSPI == 0 && message.encrypted == nil
  }
}
