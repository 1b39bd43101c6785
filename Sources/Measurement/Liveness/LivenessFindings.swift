internal import Diagnosis
internal import PacketDissector

/// What a peer's answers and silences mean to an operator, in the findings that captures lead to as well.
struct LivenessFindings {
  let result: LivenessResult

  init(_ result: LivenessResult) { self.result = result }

  var all: [Finding] {
    [noAnswer, refused, dead, outages, loss].compactMap { $0 }
  }

  private var tally: LivenessTally { result.tally }
  private var peer: IPAddress { result.remote.address }
  private var subject: Finding.Subject { .peers(result.local.address, peer) }
  private var port: String { "UDP \(result.remote.port)" }

  private var request: String {
    switch result.method {
    case .initRequest: "IKE_SA_INIT"
    case .informational: "INFORMATIONAL"
    case .areYouThere: "R-U-THERE"
    }
  }

  /// What ICMP said in the silence that goes on now.
  private var refusal: (reason: String, by: IPAddress)? {
    guard case .refused(let reason, let by?) = tally.silenceCause else { return nil }
    return (reason, by)
  }

  // MARK: Never there

  private var noAnswer: Finding? {
    guard tally.state == .unknown, case .silence? = tally.silenceCause else { return nil }
    return Finding(
      .ikeNoAnswer, .certain, about: subject,
      "no answer from \(peer) to \(tally.sent) \(request) requests",
      meaning:
        "the requests or their answers are lost on the way, or nobody answers at that address",
      evidence: [
        Finding.Evidence("no answer and no ICMP error in \(Nanoseconds(result.duration))")
      ],
      remedies: [
        Finding.Remedy(
          "ask on all ports, and see which firewall drops what",
          [.init(.shell, "ipsecdiag probe \(peer)")])
      ])
  }

  private var refused: Finding? {
    guard tally.state == .unknown, let refusal else { return nil }
    let isPeer = refusal.by == peer
    return Finding(
      .ikeRefusedICMP, .certain, about: subject,
      "\(refusal.by) refuses IKE to \(peer) \(port): \(refusal.reason)",
      meaning: isPeer
        ? "the host is there, and no IKE daemon listens on that port"
        : "a router on the way says so: the requests do not reach the peer",
      evidence: [Finding.Evidence("\(tally.sent) requests, an ICMP error and no answer")],
      remedies: [
        isPeer
          ? Finding.Remedy(
            "start the IKE daemon at \(peer)",
            [.init(.shell, "systemctl status strongswan ipsec")])
          : Finding.Remedy(
            "mend the route or the filter at \(refusal.by)",
            [.init(.shell, "ip route get \(peer)")])
      ])
  }

  // MARK: There no more

  private var dead: Finding? {
    guard tally.state == .down, let outage = tally.outages.last else { return nil }
    let silent = Nanoseconds(result.duration - outage.start)
    let at = moment(outage.start)
    let (confidence, summary): (Confidence, Statement) =
      switch outage.cause {
      case .silence:
        (
          .likely,
          "\(peer) stopped answering at \(at): \(outage.sent) requests in \(silent) without an answer"
        )
      case .refused(let reason, let by):
        (.certain, "\(peer) is gone since \(at): \(by ?? peer) says \(reason)")
      case .deleted: (.certain, "\(peer) deleted the SA at \(at): it was ended on purpose")
      case .unknownSA:
        (.likely, "\(peer) lost the SA before \(at): it answers INVALID_IKE_SPI")
      case .noSA(let why): (.certain, "the SA with \(peer) ended at \(at): \(why)")
      }
    return Finding(
      .dpdPeerDead, confidence, about: subject, summary, meaning: meaning(outage.cause),
      evidence: [evidence(outage)] + before, remedies: remedies(outage.cause))
  }

  private func meaning(_ cause: LivenessTally.Cause) -> Statement {
    switch cause {
    case .silence:
      "the daemon or its host is down, or the path is cut; loss as it was before does not explain it"
    case .refused(_, let by):
      by == peer ? "the host is there, and its IKE daemon is not" : "the path to the peer is cut"
    case .deleted: "the peer's daemon closed it: an operator, a policy, or its shutdown"
    case .unknownSA:
      "the peer restarted or forgot the SA; that message is unprotected, and comes with no other answer"
    case .noSA: "the peer answers, but what it answers makes no SA"
    }
  }

  private func remedies(_ cause: LivenessTally.Cause) -> [Finding.Remedy] {
    switch cause {
    case .silence:
      [
        Finding.Remedy(
          "see whether the peer's host is up, and what still answers there",
          [.init(.shell, "ipsecdiag probe \(peer)")]),
        Finding.Remedy(
          "find out how long daemons go on sending to it",
          [.init(.shell, "ipsecdiag dpd --calculate")]),
      ]
    case .refused(_, let by):
      by == peer
        ? [
          Finding.Remedy(
            "start the IKE daemon at \(peer)",
            [.init(.shell, "systemctl status strongswan ipsec")])
        ]
        : [
          Finding.Remedy(
            "mend the route or the filter at \(by ?? peer)",
            [.init(.shell, "ip route get \(peer)")])
        ]
    case .deleted, .unknownSA, .noSA:
      [
        Finding.Remedy(
          "look at the peer's log at that time",
          [.init(.shell, "journalctl -u strongswan -u ipsec")])
      ]
    }
  }

  private func evidence(_ outage: LivenessTally.Outage) -> Finding.Evidence {
    guard let last = tally.lastAnswer else {
      return Finding.Evidence("\(tally.answered) answers before that")
    }
    return Finding.Evidence(
      "\(tally.answered) answers before that, the last at \(moment(last))")
  }

  private var before: [Finding.Evidence] {
    guard tally.sent > 0, result.method == .initRequest, case .silence? = tally.silenceCause else {
      return []
    }
    return [
      Finding.Evidence(
        "\(lossShare) of the requests were lost while the peer was up: so many in a row without an answer happen by that in less than one case of 1,000"
      )
    ]
  }

  // MARK: Come and gone

  /// What is over when the run ends.
  private var outages: Finding? {
    let over = tally.outages.filter { $0.end != nil }
    guard !over.isEmpty else { return nil }
    let longest = over.compactMap { outage in outage.end.map { $0 - outage.start } }.max() ?? .zero
    let times = Quantity.times(UInt64(over.count))
    return Finding(
      .dpdPeerDead, severity: .warning, .likely, about: subject,
      "\(peer) was down \(times), for \(Nanoseconds(longest)) at most, and came back",
      meaning:
        "a daemon that gave up within that time has torn its tunnel down, and sets it up anew",
      evidence: over.suffix(4).map { outage in
        let length = Nanoseconds((outage.end ?? outage.start) - outage.start)
        return Finding.Evidence(
          "down at \(moment(outage.start)) for \(length), \(outage.sent) requests unanswered")
      },
      remedies: [
        Finding.Remedy(
          "see which outages a daemon's schedule survives",
          [.init(.shell, "ipsecdiag dpd --calculate --daemon strongswan")])
      ])
  }

  private var loss: Finding? {
    guard tally.state != .unknown, let loss = tally.loss, tally.lost >= 3, loss >= 0.03 else {
      return nil
    }
    // Each of six transmissions must be lost, there or back: strongSwan's schedule (charon.retransmit_tries).
    let all = Quantity.decimal(loss * loss * loss * loss * loss * loss * 100, places: 4)
    return Finding(
      .ikeRetransmits, .likely, about: subject,
      "\(lossShare) of the requests to \(peer) stay without an answer while it is up (\(tally.lost) of \(tally.sent))",
      meaning:
        "packets are lost on the way, or the peer limits its answers; a check of strongSwan's with six transmissions then fails in \(all) % of the cases",
      evidence: [
        Finding.Evidence(
          "\(tally.sent) \(request) requests, \(tally.answered) checks answered")
      ],
      remedies: [
        Finding.Remedy(
          "find where packets are lost: capture at both ends and compare",
          [.init(.shell, "ipsecdiag diagnose -r here.pcap --compare there.pcap")])
      ])
  }

  private var lossShare: String {
    Quantity.percent(UInt64(max(0, tally.lost)), of: UInt64(max(0, tally.sent)))
  }

  // MARK: Words

  /// "14:44:29.310 UTC"
  private func moment(_ time: Duration) -> String {
    let milliseconds =
      (result.started.nanoseconds &+ Nanoseconds(time).count) / 1_000_000 % 86_400_000
    let parts = [
      milliseconds / 3_600_000, milliseconds / 60_000 % 60, milliseconds / 1000 % 60,
    ].map { $0 < 10 ? "0\($0)" : "\($0)" }
    let fraction = String(milliseconds % 1000 + 1000).dropFirst()
    return "\(parts.joined(separator: ":")).\(fraction) UTC"
  }
}
