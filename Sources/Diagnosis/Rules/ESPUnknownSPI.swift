internal import PacketDissector

/// ESP that goes on towards a peer which no longer knows the SA: it restarted, or it says so.
enum ESPUnknownSPI {
  static let rule = Rule([.espUnknownSPI]) { evidence in
    var found: Set<OuterPath> = []
    var findings: [Finding] = []
    let candidates =
      notified(evidence) + deleted(evidence) + comeback(evidence) + initialContact(evidence)
      + silenced(evidence)
    for (path, finding) in candidates where !found.contains(path) {
      found.insert(path)
      findings.append(finding)
    }
    return findings
  }

  /// How long both SAs may carry packets around a rekey, in seconds.
  private static let grace = 5.0
  private static let leastPackets: UInt64 = 5

  // MARK: The peer says so

  private struct Notice {
    let frame: FrameReference
    let from: IPAddress
    let to: IPAddress
    /// The unknown one; nil where it is the IKE SA's.
    let spi: UInt32?
  }

  private static func notified(_ evidence: CaptureEvidence) -> [(OuterPath, Finding)] {
    evidence.sessions.sessions.flatMap(notices).compactMap { notice in
      let path = OuterPath(source: notice.to, destination: notice.from)
      let flows = evidence.flows(path.source, path.destination)
        .filter { $0.first.time <= notice.frame.time && $0.packets >= leastPackets }
        .filter { notice.spi == nil || $0.spi == notice.spi }
      guard let flow = flows.max(by: { $0.last.time < $1.last.time }) else { return nil }
      let since = Nanoseconds(from: notice.frame.time, to: flow.last.time).seconds
      let isTransient = since <= grace && notice.spi != nil
      let name: Statement =
        notice.spi.map { "INVALID_SPI for \(spi: $0)" } ?? "INVALID_IKE_SPI"
      guard since > 0 || notice.spi != nil || isUnanswered(path, evidence) else { return nil }
      return (
        path,
        finding(
          flow, isTransient ? .info : .critical, .certain,
          isTransient
            ? "\(path.destination) did not know \(spi: flow.spi) for a moment, as around a rekey"
            : "\(path.destination) does not know the SAs that \(path.source) sends on (\(name))",
          [
            Finding.Evidence(
              "\(path.destination) answers with \(name), unprotected", [notice.frame]),
            Finding.Evidence(
              "\(flow.packets) packets on \(spi: flow.spi), the last here", [flow.last]),
          ])
      )
    }
  }

  private static func notices(_ session: IKESession) -> [Notice] {
    var notices = session.unprotected.compactMap { entry -> Notice? in
      let spi = entry.content.notify(.invalidSPI).map { UInt32(octets: $0.data) }
      guard spi != nil || entry.content.has(.invalidIKESPI) else { return nil }
      return notice(entry.frame, session, isInitiators: entry.isInitiators, spi: spi)
    }
    guard session.majorVersion == 1 else { return notices }
    for exchange in session.exchanges {
      guard let request = exchange.request, request.content.firstEncrypted == nil,
        let notify = request.content.notifies.first(where: {
          $0.type == IKEv1NotifyType.invalidSPI.rawValue
        })
      else { continue }
      let octets = notify.spi.count == 4 ? notify.spi : notify.data
      guard octets.count >= 4 else { continue }
      notices.append(
        Notice(
          frame: request.first.frame, from: request.first.source.address,
          to: request.first.destination.address, spi: UInt32(octets: octets)))
    }
    return notices
  }

  private static func notice(
    _ frame: FrameReference, _ session: IKESession, isInitiators: Bool, spi: UInt32?
  ) -> Notice {
    let (initiator, responder) = (session.initiator.address, session.responder.address)
    return Notice(
      frame: frame, from: isInitiators ? initiator : responder,
      to: isInitiators ? responder : initiator, spi: spi)
  }

  private static func isUnanswered(_ path: OuterPath, _ evidence: CaptureEvidence) -> Bool {
    ESPDirection.silentRun(path, evidence) != nil
  }

  // MARK: The peer deleted it

  private static func deleted(_ evidence: CaptureEvidence) -> [(OuterPath, Finding)] {
    evidence.sessions.sessions.flatMap { session in
      session.exchanges.flatMap { [$0.request, $0.response] }.compactMap(\.self)
    }.compactMap { message in
      let spis = message.content.deletions.filter { $0.protocolID == ProtocolID.esp.rawValue }
        .flatMap(\.spis)
      let path = OuterPath(
        source: message.first.destination.address, destination: message.first.source.address)
      guard !spis.isEmpty, let run = ESPDirection.silentRun(path, evidence), let last = run.last,
        let flow = evidence.flows(path.source, path.destination).first(where: { flow in
          spis.contains(flow.spi)
            && Nanoseconds(from: message.last.frame.time, to: flow.last.time).seconds > grace
        }), last.time >= flow.last.time
      else { return nil }
      return (
        path,
        finding(
          flow, .critical, .certain,
          "\(path.source) still sends on \(spi: flow.spi), which \(path.destination) has deleted",
          [
            Finding.Evidence("\(path.destination) deletes \(spi: flow.spi)", [message.first.frame]),
            Finding.Evidence(
              "the last packet on it, \(Nanoseconds(from: message.last.frame.time, to: flow.last.time)) later",
              [flow.last]),
            Finding.Evidence(
              "\(run.count) packets without one back", run.first.map { [$0] } ?? []),
          ])
      )
    }
  }

  // MARK: The peer comes back with a new IKE SA

  /// ESP went unanswered by a peer that had answered before, which then took up a new IKE SA at once: it
  /// was reachable, and had lost the old one.
  private static func comeback(_ evidence: CaptureEvidence) -> [(OuterPath, Finding)] {
    evidence.sessions.sessions.flatMap { session -> [(OuterPath, Finding)] in
      guard session.isSeenFromItsStart, let established = session.establishedAt,
        Nanoseconds(from: session.first.time, to: established.time).seconds <= 5
      else { return [] }
      let pair = OuterPath(
        source: session.initiator.address, destination: session.responder.address)
      return [pair, pair.back].compactMap { path in comeback(session, path, evidence) }
    }
  }

  private static func comeback(
    _ session: IKESession, _ path: OuterPath, _ evidence: CaptureEvidence
  ) -> (OuterPath, Finding)? {
    guard let run = ESPDirection.silentRun(path, evidence), let first = run.first,
      Nanoseconds(from: first.time, to: session.first.time).seconds >= grace - 1,
      let flow = evidence.flows(path.source, path.destination)
        .filter({ $0.first.time <= first.time && $0.last.time > first.time })
        .max(by: { $0.last.time < $1.last.time }),
      Nanoseconds(from: flow.last.time, to: session.first.time).seconds <= 2,
      evidence.flows(path.destination, path.source).contains(where: { $0.first.time < first.time }),
      !isHeard(path, from: first, until: session, evidence)
    else { return nil }
    let isByPeer = session.initiator.address == path.destination
    let isFirstContact =
      isByPeer
      && session.exchanges(.ikeAuth).contains {
        $0.request?.content.has(.initialContact) == true
      }
    var facts = [
      Finding.Evidence(
        "\(run.count) packets from \(path.source) in \(run.duration), nothing back from \(path.destination), which had answered before",
        [first]),
      Finding.Evidence("the last on the old SPI \(spi: flow.spi)", [flow.last]),
      Finding.Evidence(
        isByPeer
          ? "then \(path.destination) begins a new IKE SA, without a word on the old one"
          : "then \(path.destination) answers IKE_SA_INIT at once, having answered nothing on the old SA",
        [session.first]),
    ]
    if isFirstContact {
      facts.append(
        Finding.Evidence("and says INITIAL_CONTACT: it has no other SA", [session.first]))
    }
    let lost = Nanoseconds(from: first.time, to: session.first.time)
    return (
      path,
      finding(
        flow, .critical, isFirstContact ? .certain : .likely,
        "\(path.destination) lost its SAs (restart?): ESP from \(path.source) went nowhere for \(lost)",
        facts)
    )
  }

  /// The receiver of `path` said anything on an older IKE SA meanwhile.
  private static func isHeard(
    _ path: OuterPath, from first: FrameReference, until session: IKESession,
    _ evidence: CaptureEvidence
  ) -> Bool {
    evidence.sessions.sessions.contains { other in
      guard other.initiatorSPI != session.initiatorSPI,
        other.involves(path.source, path.destination)
      else { return false }
      return other.exchanges.flatMap { [$0.request, $0.response] }.compactMap(\.self)
        .flatMap(\.transmissions).contains {
          $0.source.address == path.destination && $0.frame.time >= first.time
            && $0.frame.time.nanoseconds <= session.first.time.nanoseconds &+ 2_000_000_000
        }
    }
  }

  // MARK: The old SA is used on after INITIAL_CONTACT

  private static func initialContact(_ evidence: CaptureEvidence) -> [(OuterPath, Finding)] {
    evidence.sessions.sessions.compactMap { session in
      guard let established = session.establishedAt, session.isSeenFromItsStart,
        session.exchanges(.ikeAuth).contains(where: {
          $0.request?.content.has(.initialContact) == true
        })
      else { return nil }
      let path = OuterPath(
        source: session.latestResponder.address, destination: session.latestInitiator.address)
      let flow = evidence.flows(path.source, path.destination).first { flow in
        flow.first.time < session.first.time && flow.packets >= leastPackets
          && Nanoseconds(from: established.time, to: flow.last.time).seconds > grace
          && flow.longestSilence.seconds < grace
          && (flow.encapsulation == .ip || flow.destinationPort == session.latestInitiator.port)
      }
      guard let flow else { return nil }
      return (
        path,
        finding(
          flow, .critical, .likely,
          "\(path.source) sends on \(spi: flow.spi), which \(path.destination) no longer has",
          [
            Finding.Evidence(
              "\(path.destination) begins anew with INITIAL_CONTACT: it has no other SA",
              [established]),
            Finding.Evidence("ESP on the SA from before, the last here", [flow.last]),
          ])
      )
    }
  }

  // MARK: The peer is silent

  /// No IKE SA between the two is in the capture: what the receiver knows of the SPI, nothing tells.
  private static func silenced(_ evidence: CaptureEvidence) -> [(OuterPath, Finding)] {
    SilentPeer.all(evidence).compactMap { silent in
      let (one, other) = (silent.path.source, silent.path.destination)
      guard !evidence.sessions.sessions.contains(where: { $0.involves(one, other) }) else {
        return nil
      }
      return (
        silent.path,
        finding(
          silent.flow, .critical, .possible,
          "\(other) answered until \(silent.lasted) before the end, then fell silent: it lost its SAs, or is gone",
          silent.facts)
      )
    }
  }

  private static func finding(
    _ flow: ESPFlow, _ severity: Severity, _ confidence: Confidence, _ summary: Statement,
    _ facts: [Finding.Evidence]
  ) -> Finding {
    Finding(
      .espUnknownSPI, severity: severity, confidence, about: flow.subject, summary,
      meaning: severity == .info
        ? nil
        : "the receiver drops every packet and counts XfrmInNoStates; the sender believes that the tunnel stands",
      evidence: facts,
      remedies: severity == .info
        ? []
        : [
          Finding.Remedy(
            "let \(flow.source) notice sooner that its peer is gone: liveness checks",
            [
              .init(.swanctl, "dpd_delay = 10s"), .init(.libreswan, "dpddelay=10"),
              .init(.cisco, "crypto isakmp invalid-spi-recovery"),
            ]),
          Finding.Remedy(
            "now: clear the SAs on both sides, and bring the tunnel up again",
            [
              .init(.shell, "swanctl --terminate --ike CONNECTION"),
              .init(.shell, "ip -s xfrm state"),
            ]),
        ])
  }
}
