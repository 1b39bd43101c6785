internal import PacketDissector

// INFORMATIONAL: liveness, deletion and notifications (RFC 7296, section 1.4).

extension IKESession {
  /// Asks the peer whether it is there. Its answer is an event; without one the session fails.
  package func checkLiveness(at now: Instant) {
    guard isEstablished, let current else { return }
    start(.liveness, on: current, at: now)
  }

  /// Deletes the Child SA with this inbound SPI of ours.
  package func deleteChild(_ inboundSPI: UInt32, at now: Instant) {
    guard isEstablished, let current else { return }
    start(.deleteChildren([inboundSPI]), on: current, at: now)
  }

  /// Ends the session: the peer is told, if there is an IKE SA to tell it in.
  package func close(at now: Instant) {
    switch phase {
    case .established:
      guard let current else { return }
      phase = .closing(.deleted(by: .local))
      current.waiting = []
      start(.deleteIKE, on: current, at: now)
    case .idle, .initiating, .negotiating: end(.deleted(by: .local), at: now)
    case .closing, .ended: return
    }
  }

  /// The D payloads that delete Child SAs: they name the sender's inbound SPIs.
  func deletePayloads(inboundSPIs: [UInt32]) -> [IKEPayload] {
    [ProtocolID.esp, .ah].compactMap { protocolID in
      let spis = children.filter {
        $0.suite.protocolID == protocolID && inboundSPIs.contains($0.inboundSPI)
      }
      guard !spis.isEmpty else { return nil }
      return IKEPayload(
        .delete,
        .delete(
          DeletePayload(
            protocolID: protocolID, spiSize: 4, spis: spis.map(\.inboundSPI.octets))))
    }
  }

  func forgetChildren(inboundSPIs: [UInt32], by party: Party) {
    for child in children where inboundSPIs.contains(child.inboundSPI) {
      emit(.childDeleted(child, by: party))
    }
    children.removeAll { inboundSPIs.contains($0.inboundSPI) }
    superseded.subtract(inboundSPIs)
  }

  func answerInformational(
    _ request: [IKEPayload], on sa: IKESA, at now: Instant
  ) -> Answer {
    var answer = Answer()
    if request.isEmpty { counters.answeredChecks += 1 }
    if let probe = request.notify(.cookie2) {
      answer.payloads.append(.notify(.cookie2, .data(probe.data)))
    }
    for delete in request.deletes {
      guard delete.protocolID != .ike else {
        return Answer(answer.payloads, then: .end(.deleted(by: .peer)))
      }
      answer.payloads += deleteInReturn(delete, on: sa)
    }
    for notify in request.notifies where notify.type != .cookie2 {
      if let event = meaning(of: notify) {
        return Answer(answer.payloads, then: .end(event))
      }
    }
    return answer
  }

  /// Forgets the Child SAs that the peer deletes; the answer names their other directions, but for those
  /// whose deletion is under way here too (RFC 7296, section 1.4.1).
  private func deleteInReturn(_ delete: DeletePayload, on sa: IKESA) -> [IKEPayload] {
    let peerSPIs = delete.spis.compactMap(UInt32.init(octets:))
    if sa.isMakingChild { sa.stillborn.formUnion(peerSPIs) }
    let gone = children.filter {
      $0.suite.protocolID == delete.protocolID && peerSPIs.contains($0.outboundSPI)
    }
    var own: [UInt32] = []
    if case .deleteChildren(let spis) = sa.underWay?.exchange { own = spis }
    let inbound = gone.map(\.inboundSPI)
    let payloads = deletePayloads(inboundSPIs: inbound.filter { !own.contains($0) })
    forgetChildren(inboundSPIs: inbound, by: .peer)
    return payloads
  }

  /// The end of the session that a notification means; nil, and told, for any other.
  private func meaning(of notify: NotifyPayload) -> SessionEvent? {
    switch notify.type {
    case .authenticationFailed, .invalidSyntax:
      return .failed(.refused(notify.type, in: .informational))
    case .redirect:
      if case .redirect(let gateway, _) = notify.content { emit(.redirected(gateway)) }
    default: emit(.notified(notify))
    }
    return nil
  }
}
