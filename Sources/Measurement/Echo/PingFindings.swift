package import Diagnosis
internal import IKE
internal import PacketDissector

extension PingResult {
  /// What the series shows to be wrong. Silence is a finding only where both sides have said that they answer.
  package var findings: [Finding] {
    if !setupFindings.isEmpty { return setupFindings }
    if let dead = deadIKE { return [dead] }
    if let silent = silentData { return [silent] }
    return loss.map { [$0] } ?? []
  }

  private var subject: Finding.Subject {
    guard let algorithms = established?.algorithms else { return .peers(local, remote) }
    return .ikeSA(initiatorSPI: algorithms.initiatorSPI, initiator: local, responder: remote)
  }

  /// Whether the peer, or a host behind it, is known to answer such echoes.
  package var isAnswerExpected: Bool { isNegotiated || answered > 0 }

  /// IKE gave up on the peer.
  private var deadIKE: Finding? {
    guard case .session(.noAnswer(let exchange))? = ending else { return nil }
    let ike: Finding.Evidence = .init(
      "no answer to any transmission of an \(exchange.name ?? "IKE") request")
    guard answered > 0 else {
      return Finding(
        .dpdPeerDead, .certain, about: subject,
        "neither IKE nor echoes were answered after the SA was set up",
        evidence: [ike, .init("0 of \(sent) echoes answered")],
        remedies: [
          .init(
            "See whether the peer's address answers at all, and whether its daemon restarted.",
            [.init(.shell, "ipsecdiag probe \(remote)")])
        ])
    }
    return Finding(
      .dpdFalseDeath, .certain, about: subject,
      "IKE is dead while the data path is alive",
      meaning: """
        The next liveness check takes a tunnel down that still carries traffic. Something drops IKE alone, or the \
        peer's IKE daemon hangs.
        """,
      evidence: [ike, .init("\(answered) of \(sent) echoes answered through the Child SA")],
      remedies: [
        .init(
          "Look for a policer on UDP 500 and 4500 before the peer, and whether its IKE daemon answers anyone.",
          [.init(.shell, "ipsecdiag probe \(remote)")])
      ])
  }

  /// IKE answers, and nothing comes back through the Child SA.
  private var silentData: Finding? {
    guard isNegotiated, answered == 0, sent > 0, !plan.probe.isOneWay, liveness.isAlive else {
      return nil
    }
    var evidence: [Finding.Evidence] = [
      .init("0 of \(sent) ESP echoes answered within \(Nanoseconds(plan.timeout))"),
      .init("IKE answered on the same path in \(Nanoseconds(liveness.roundTrips.last ?? .zero))"),
      .init("both sides announced in IKE_AUTH that they answer echoes"),
    ]
    let remedies: [Finding.Remedy] = [
      .init(
        "On the peer, see whether the packets come in and are refused, or never come.",
        [.init(.shell, "ip -s xfrm state"), .init(.shell, "grep -vw 0 /proc/net/xfrm_stat")])
    ]
    guard otherPackets == 0 else {
      evidence.append(
        .init("\(otherPackets) other authentic packets came in: the return direction works"))
      return Finding(
        .espOneWay, .likely, about: subject,
        "IKE is alive, and ESP arrives here, but what is sent into the tunnel is lost",
        evidence: evidence, remedies: remedies)
    }
    evidence.append(.init("no other authentic packet came in"))
    return Finding(
      .espBlocked, .likely, about: subject, "IKE is alive, the data path is dead",
      meaning: """
        Both went in UDP to the same port, so that no filter on ports tells them apart: the peer gets ESP and drops \
        it, or something on the way looks inside.
        """,
      evidence: evidence, remedies: remedies)
  }

  private var loss: Finding? {
    guard answered > 0, lost > 0, plan.sizes.count == 1 else { return nil }
    let share = Quantity.percent(UInt64(lost), of: UInt64(sent))
    return Finding(
      .espLoss, lost * 10 > sent ? .likely : .possible, about: subject,
      "\(share) of the echoes stayed unanswered: \(lost) of \(sent)",
      evidence: [
        .init("\(answered) answered, \(late) of them later than \(Nanoseconds(plan.timeout))"),
        .init(
          liveness.isAlive
            ? "IKE answered throughout" : "IKE was not asked, or did not always answer"),
      ],
      remedies: [
        .init(
          "Find out whether it is the size, the path or the peer: repeat with small echoes, then with more.",
          [.init(.shell, "ipsecdiag ping \(remote) --size 16 --count 100 --interval 0.1")])
      ])
  }
}
