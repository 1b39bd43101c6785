internal import IPsecCrypto
internal import PacketDissector

// Informational exchanges (RFC 2409, section 5.7): notifications, the end, and dead peer detection.

extension MainModeSession {
  func handleInformational(_ message: IKEv1Message, at now: Instant) {
    guard message.encrypted != nil else { return noteUnprotected(message.payloads.notifications) }
    switch phase {
    case .proving(_, let protection):
      take(message, protection, at: now) { notification in
        guard notification.type.isError else { return }
        fail(.refused(notification.type, .proof))
      }
    case .established(let protection):
      take(message, protection, at: now) { obey($0, protection, at: now) }
    case .idle, .offering, .agreeing, .ended:
      counters.strays += 1
    }
  }

  /// Notifications that anyone may have sent: they explain a failure, and change nothing.
  private func noteUnprotected(_ notifications: [IKEv1Notification]) {
    counters.unprotected += 1
    for type in notifications.map(\.type) {
      if type.isError { suspect(.refused(type, step)) }
      if toldTypes.count < Self.toldLimit, toldTypes.insert(type).inserted {
        emit(.notified(type, isProtected: false))
      }
    }
  }

  /// Types of unprotected notifications that are told; a peer has a few.
  private static var toldLimit: Int { 32 }

  /// Opens a message, and hands over its notifications if its hash is right.
  private func take(
    _ message: IKEv1Message, _ protection: IKEv1Protection, at now: Instant,
    _ body: (IKEv1Notification) -> Void
  ) {
    do throws(CryptoError) {
      let messageID = message.header.messageID
      guard messageID != 0, let content = try protection.open(message),
        case .hash(let hash)? = content.payloads.first?.body
      else { return distrust() }
      let expected = try protection.keys.hash(messageID: messageID, content.behindFirst)
      guard expected.hasSameBytes(as: Secret(copying: hash)) else { return distrust() }
      for notification in content.payloads.notifications { body(notification) }
      let spi = protection.keys.cookies
      let isDeleted = content.payloads.deletes.contains {
        $0.protocolID == .protoIsakmp && $0.spis.contains(spi)
      }
      if isDeleted { end(.deleted(by: .peer)) }
    } catch {
      fail(.crypto(error))
    }
  }

  private func distrust() {
    counters.badlyProtected += 1
    if case .proving = phase { suspect(.unreadable) }
  }

  private func obey(
    _ notification: IKEv1Notification, _ protection: IKEv1Protection, at now: Instant
  ) {
    guard case .sequenceNumber(let sequence)? = notification.meaning else {
      return emit(.notified(notification.type, isProtected: true))
    }
    // RFC 3706, section 5.3: the SPI is both cookies.
    guard notification.spi == protection.keys.cookies else { return counters.strays += 1 }
    if notification.type == .rUThere {
      answer(sequence, protection, at: now)
    } else {
      takeAnswer(sequence, at: now)
    }
  }

  /// Numbers that are not greater than the last are replays (RFC 3706, section 6.2).
  private func answer(_ sequence: UInt32, _ protection: IKEv1Protection, at now: Instant) {
    if let last = peerSequence, Int32(bitPattern: sequence &- last) <= 0 {
      return counters.strays += 1
    }
    peerSequence = sequence
    send(.rUThereAck, sequence, protection, at: now)
    emit(.answeredPeer(sequence: sequence))
  }

  private func takeAnswer(_ sequence: UInt32, at now: Instant) {
    guard let sent = probe?.sent, let index = sent.firstIndex(where: { $0.sequence == sequence })
    else { return counters.strays += 1 }
    probe = nil
    emit(.alive(roundTrip: now - sent[index].at, transmission: index + 1, of: sent.count))
  }
}

extension MainModeSession {
  /// Asks the peer whether it is there. False where there is no SA, where the peer has not announced that it
  /// answers (RFC 3706, section 5.1), and while an earlier question is under way.
  @discardableResult
  package func checkLiveness(at now: Instant) -> Bool {
    guard isEstablished, answersLiveness, probe == nil else { return false }
    probe = LivenessProbe(deadline: now)
    askAgain(at: now)
    return true
  }

  /// The next transmission of an R-U-THERE, or the end of waiting for its answer.
  func askAgain(at now: Instant) {
    guard case .established(let protection) = phase, var probe else { return }
    let policy = configuration.retransmission
    guard probe.sent.count < policy.transmissions else {
      self.probe = nil
      return emit(.silent(transmissions: probe.sent.count))
    }
    if !probe.sent.isEmpty { counters.retransmissions += 1 }
    probe.deadline = now + policy.wait(after: probe.sent.count)
    probe.sent.append((nextSequence, now))
    self.probe = probe
    send(.rUThere, nextSequence, protection, at: now)
    nextSequence &+= 1
  }

  private func send(
    _ type: IKEv1NotifyType, _ sequence: UInt32, _ protection: IKEv1Protection, at now: Instant
  ) {
    var data = ByteWriter()
    data.u32(sequence)
    let notification = IKEv1Notification(type, spi: protection.keys.cookies, data: data.bytes)
    sendInformational(
      IKEv1Payload(.notification, .notification(notification)), protection, at: now)
  }

  /// There is no answer to a Delete (RFC 2408, section 3.15).
  func sendDelete(_ protection: IKEv1Protection, at now: Instant) {
    let delete = IKEv1Delete(
      protocolID: .protoIsakmp, spiByteCount: 16, spis: [protection.keys.cookies])
    sendInformational(IKEv1Payload(.delete, .delete(delete)), protection, at: now)
  }

  private func sendInformational(
    _ payload: IKEv1Payload, _ protection: IKEv1Protection, at now: Instant
  ) {
    var messageID = random.word()
    while messageID == 0 { messageID = random.word() }
    var covered = ByteWriter()
    IKEv1Payload.writeChain([payload], to: &covered)
    do throws(CryptoError) {
      let hash = try protection.keys.hash(messageID: messageID, covered.bytes)
      let message = try protection.seal(
        header(.informational, messageID: messageID),
        [IKEv1Payload(.hash, .hash(hash.hashOctets)), payload])
      send(message, at: now)
    } catch {
      fail(.crypto(error))
    }
  }
}

extension IKEv1NotifyType {
  /// RFC 2408, section 3.14.1: from 16384 on there are states.
  fileprivate var isError: Bool { rawValue < 16384 }
}
