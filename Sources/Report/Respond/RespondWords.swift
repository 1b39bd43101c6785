internal import Diagnosis
internal import IKE
internal import IPsecCrypto
package import Measurement
internal import PacketDissector

/// What happened at the other end of checks, as a sentence each.
package enum RespondWords {
  /// Nil for what only programs want to know.
  package static func words(_ event: RespondingEvent) -> String? {
    switch event {
    case .session(let event, let peer): words(event, peer)
    case .fellSilent: "silent from now on: neither IKE nor ESP is answered"
    case .spokeAgain: "answering again"
    case .unanswered(let peer, let exchange, let transmission, let gap):
      "\(name(peer)): \(exchange) unanswered, number \(transmission)"
        + (gap.map { ", \(seconds($0)) later" } ?? "")
    case .detected(let peer, let detection): "\(name(peer)): \(words(detection))"
    }
  }

  private static func words(_ event: SessionEvent, _ peer: RespondingPeer) -> String? {
    let name = name(peer)
    switch event {
    case .established(let sa):
      return "\(name): IKE SA \(peer.session) stands with \(sa.peerIdentity)"
        + (sa.natRemote ? ", behind a NAT or as if it were" : "")
    case .childEstablished(let child): return "\(name): Child SA \(words(child))"
    case .childRekeyed(_, let successor):
      return "\(name): Child SA rekeyed, now \(words(successor))"
    case .childDeleted(let child, let party):
      return "\(name): Child SA \(spi(child.inboundSPI)) deleted by \(words(party))"
    case .childRefused(let fault): return "\(name): no Child SA: \(fault)"
    case .rekeyRefused(let fault): return "\(name): no rekeying: \(fault)"
    case .rekeyed: return "\(name): IKE SA \(peer.session) rekeyed"
    case .deleted(let party):
      return "\(name): IKE SA \(peer.session) deleted by \(words(party)); \(words(peer.answers))"
    case .failed(let failure): return "\(name): IKE SA \(peer.session) failed: \(failure)"
    case .natDetected, .fragmentsReduced, .initialContact, .alive, .redirected, .notified:
      return nil
    }
  }

  private static func words(_ child: ChildSA) -> String {
    let algorithms = [child.suite.encryption?.name, child.suite.integrity.map { "\($0.id)" }]
      .compactMap(\.self).joined(separator: ", ")
    let numbers = child.suite.sequenceNumbers == .partiallyTransmitted64 ? "64-bit (ESN)" : "32-bit"
    let told = [(child.ownReplayStatus, "told"), (child.peerReplayStatus, "heard")]
      .compactMap { status, verb in status.map { "; \(verb): \(words($0))" } }.joined()
    return "in \(spi(child.inboundSPI)), out \(spi(child.outboundSPI)): \(algorithms), "
      + "\(numbers) sequence numbers\(told)"
  }

  private static func words(_ status: AntiReplayStatus) -> String {
    if status.isProtected { return "replay protection on" }
    return "replay protection off, ESN "
      + (status.followsESNUnprotected ? "can be followed without" : "cannot be followed without")
  }

  private static func words(_ party: Party) -> String { party == .local ? "us" : "the peer" }

  private static func spi(_ spi: UInt32) -> String {
    Quantity.hexadecimal(UInt64(spi), digits: 8)
  }

  private static func name(_ peer: RespondingPeer) -> String {
    guard let remote = peer.remote else { return "session \(peer.session)" }
    return remote.port == 0 ? "\(remote.address)" : "\(remote.address) port \(remote.port)"
  }

  /// "answered 10 pings through the tunnel, 3 ESP echoes and 2 liveness checks"
  package static func words(_ answers: AnswerCounters) -> String {
    let parts = [
      part(answers.inner, "ping through a tunnel", "pings through a tunnel"),
      part(answers.encrypted, "encrypted ESP echo", "encrypted ESP echoes"),
      part(answers.oneWay, "one-way ESP echo (counted)", "one-way ESP echoes (counted)"),
      part(answers.plain, "ESP echo in clear", "ESP echoes in clear"),
      part(answers.checks, "liveness check", "liveness checks"),
    ].compactMap(\.self)
    return parts.isEmpty ? "nothing was asked" : "answered \(parts.joined(separator: ", "))"
  }

  /// What came besides; nil if that was nothing.
  package static func words(_ unanswered: UnansweredCounters) -> String? {
    let parts = [
      part(unanswered.unknownSPI, "ESP packet of no SA", "ESP packets of no SA"),
      part(unanswered.overRate, "echo above the rate limit", "echoes above the rate limit"),
      part(
        unanswered.outsideSelectors, "ping outside of the traffic selectors",
        "pings outside of the traffic selectors"),
      part(unanswered.otherPackets, "packet that is no echo", "packets that are no echo"),
      part(unanswered.lost, "datagram lost on purpose", "datagrams lost on purpose"),
      part(unanswered.fragments, "IKE fragment dropped", "IKE fragments dropped"),
      part(
        unanswered.untold, "failure of a peer unknown, not shown",
        "failures of peers unknown, not shown"),
    ].compactMap(\.self)
    return parts.isEmpty ? nil : "not answered: \(parts.joined(separator: ", "))"
  }

  private static func part(_ count: Int, _ one: String, _ many: String) -> String? {
    count == 0 ? nil : count == 1 ? "1 \(one)" : "\(Quantity.grouped(Int64(count))) \(many)"
  }

  // MARK: Detection

  private static func words(_ detection: SilenceDetection) -> String {
    guard let after = detection.sinceFirstRequest else {
      return "sent its request \(Quantity.times(UInt64(detection.transmissions.count))): too few "
        + "to tell when it gives up"
    }
    var words = "gave up \(seconds(after)) after its first unanswered request"
    if let longest = detection.sinceLastAnswer, let wait = detection.wait {
      words +=
        ", \(seconds(longest)) after our last answer (its check came \(seconds(wait)) after that)"
    }
    words += "; sent \(Quantity.times(UInt64(detection.transmissions.count)))"
    if let schedule = detection.schedule { words += ", \(schedule.name)" }
    switch detection.evidence {
    case .newInit: words += "; seen by its new IKE_SA_INIT"
    case .schedule: words += "; computed: its last gap continued, as nothing more came"
    case .none: break
    }
    return words
  }

  private static func seconds(_ duration: Duration) -> String {
    "\(Quantity.decimal(max(0, duration.inSeconds), places: 1)) s"
  }
}
