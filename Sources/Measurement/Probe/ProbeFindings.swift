internal import Diagnosis
internal import IKE
internal import PacketDissector

/// What a result means to an operator, in the findings that captures lead to as well.
struct ProbeFindings {
  let result: AddressResult
  let notes: ProbeNotes
  let plan: ProbePlan

  init(_ result: AddressResult, _ notes: ProbeNotes, _ plan: ProbePlan) {
    self.result = result
    self.notes = notes
    self.plan = plan
  }

  var all: [Finding] {
    [
      noAnswer, refused, tcp, version, mismatch, methodLoop, cookie, malformed, weak, ikev1,
      aggressive, retransmissions, nat,
    ].compactMap { $0 }
  }

  var peer: IPAddress { result.address }
  /// The own address is not told: it says nothing of the peer.
  var subject: Finding.Subject { .peers(plan.source ?? result.own ?? peer, peer) }

  /// "1 request", "3 requests"
  func requests(_ count: Int) -> String { count == 1 ? "1 request" : "\(count) requests" }

  func way(_ way: ProbeWay) -> String {
    switch way {
    case .udp500: "UDP \(plan.ikePort)"
    case .udp4500: "UDP \(plan.natPort)"
    case .tcp4500: "TCP \(plan.natPort)"
    }
  }

  // MARK: Reachability

  private var noAnswer: Finding? {
    guard !result.isAlive, result.ways.allSatisfy(\.isSilent), !result.ways.isEmpty else {
      return nil
    }
    let sent = result.traffic.packetsSent
    let ports = result.ways.map { way($0.way) }.joined(separator: " and ")
    return Finding(
      .ikeNoAnswer, .certain, about: subject,
      "no answer from \(peer) to IKE_SA_INIT on \(ports) (sent \(sent) times)",
      meaning:
        "the requests or their answers are lost on the way, or nobody answers at that address",
      evidence: result.ways.map { way in
        Finding.Evidence("\(requests(way.sent)) on \(self.way(way.way)): no answer, no ICMP error")
      },
      remedies: [
        Finding.Remedy(
          "capture at the peer's outside: do the requests arrive there?",
          [
            .init(
              .shell,
              "tcpdump -ni any 'udp port \("\(plan.ikePort)") or udp port \("\(plan.natPort)")'")
          ]),
        Finding.Remedy(
          "allow UDP 500 and 4500 both ways in every firewall between",
          [.init(.nftables, "add rule inet filter input udp dport { 500, 4500 } accept")]),
        Finding.Remedy("check that \(peer) is the peer's address today"),
        Finding.Remedy(
          "strongSwan is silent to an address that has left it five half-open SAs, and to one it has no connection for: look at its log",
          [.init(.shell, "swanctl --log")]),
      ])
  }

  private var refused: Finding? {
    let refusals = result.ways.compactMap { way -> (WayResult, String, IPAddress?)? in
      guard case .refused(let reason, let by, true) = way.outcome else { return nil }
      return (way, reason, by)
    }
    guard let (first, reason, by) = refusals.first else { return nil }
    let reporter = by ?? peer
    let isPeer = reporter == peer
    return Finding(
      .ikeRefusedICMP, severity: result.isAlive ? .warning : nil, .certain, about: subject,
      "\(reporter) refuses IKE to \(peer) \(way(first.way)): \(reason)",
      meaning: isPeer
        ? "the host is there, and no IKE daemon listens on that port, or its firewall says so"
        : "a router on the way says so: the requests never reached the peer",
      evidence: refusals.map { way, reason, _ in
        Finding.Evidence("\(requests(way.sent)) on \(self.way(way.way)): \(reason)")
      },
      remedies: [.refusal(by: reporter, of: peer)])
  }

  private var tcp: Finding? {
    guard
      let way = result.ways.first(where: { if case .notIKE = $0.outcome { true } else { false } })
    else { return nil }
    return Finding(
      .tcpNotIKE, .likely, about: subject,
      "\(self.way(way.way)) of \(peer) answers, but does not speak IKE",
      meaning: "another service or a proxy has the port: IKE over TCP (RFC 9329) cannot work there",
      evidence: [
        Finding.Evidence("connected, sent the prefix IKETCP and IKE_SA_INIT: no IKE message came")
      ],
      remedies: [
        Finding.Remedy(
          "check the port that the peer listens on for IKE over TCP, and what has this one",
          [
            .init(.shell, "ss -ltnp 'sport = :\("\(plan.natPort)")'"),
            .init(.libreswan, "listen-tcp=yes"),
          ])
      ])
  }

  private var retransmissions: Finding? {
    let traffic = result.traffic
    guard traffic.retransmitted >= 3, traffic.unanswered < traffic.retransmitted,
      traffic.retransmitted * 20 >= traffic.packetsSent, result.isAlive
    else { return nil }
    let share = Quantity.percent(UInt64(traffic.retransmitted), of: UInt64(traffic.packetsSent))
    return Finding(
      .ikeRetransmits, .likely, about: subject,
      "\(traffic.retransmitted) of \(traffic.packetsSent) requests to \(peer) had to be sent again (\(share))",
      meaning:
        "packets are lost on the way, or the peer answers late: it limits rates, or is loaded",
      evidence: [
        Finding.Evidence(
          "\(traffic.packetsSent) sent, \(traffic.packetsReceived) answers, \(traffic.unanswered) requests never answered"
        )
      ],
      remedies: [
        Finding.Remedy("see where packets are lost", [.init(.shell, "mtr -u -P 500 \(peer)")])
      ])
  }

  private var nat: Finding? {
    guard let nat = result.peer?.nat, nat.weAreBehindNAT == true || nat.peerIsBehindNAT == true
    else { return nil }
    let who: Statement =
      switch (nat.weAreBehindNAT == true, nat.peerIsBehindNAT == true) {
      case (true, true): "this host and \(peer)"
      case (true, false): "this host"
      default: "\(peer)"
      }
    return Finding(
      .natDetected, .likely, about: subject,
      "NAT in front of \(who), or UDP encapsulation is forced: the NAT detection hashes do not fit",
      meaning: "ESP goes in UDP 4500, which keepalives must hold open",
      evidence: [
        Finding.Evidence(
          "the hashes in the answer to IKE_SA_INIT are not those of the addresses and ports used")
      ])
  }
}

extension WayResult {
  var isSilent: Bool { if case .silent = outcome { true } else { false } }
}
