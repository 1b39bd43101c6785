package import Diagnosis
package import Host
package import IKE
internal import PacketDissector

/// What it means to an operator that there is no tunnel, or none any more, in the findings that captures and
/// probes lead to as well.
package struct TunnelFindings {
  /// A request that stayed unanswered, as it was last sent.
  package struct Unanswered: Equatable, Sendable {
    /// Octets of the largest of its IP packets before IP cut them up.
    package var largestPacket: Int
    /// Messages that it came in (RFC 7383); 1 where it was not fragmented.
    package var ikeFragments: Int
    /// IP packets that those came in.
    package var ipPackets: Int

    package init(largestPacket: Int, ikeFragments: Int, ipPackets: Int) {
      self.largestPacket = largestPacket
      self.ikeFragments = ikeFragments
      self.ipPackets = ipPackets
    }
  }

  let configuration: PeerConfiguration
  private let path: IKEPath
  private let errors: [SocketErrorReport]
  private let unanswered: Unanswered?

  /// `errors` is what ICMP said of what was sent; `unanswered` is the last request, where its sizes are known.
  package init(
    _ configuration: PeerConfiguration, _ path: IKEPath, errors: [SocketErrorReport] = [],
    unanswered: Unanswered? = nil
  ) {
    self.configuration = configuration
    self.path = path
    self.errors = errors
    self.unanswered = unanswered
  }

  /// Nil for what tells nothing of peer and path: an interruption, and what this host itself cannot do.
  package func finding(_ failure: TunnelFailure) -> Finding? {
    switch failure {
    case .session(let failure): finding(failure)
    case .refusedChild(let fault): finding(fault)
    case .ended(by: .peer): ended
    case .socket, .ended(by: .local), .interrupted, .noChild, .esp, .crypto: nil
    }
  }

  var peer: IPAddress { path.remote.address }
  var subject: Finding.Subject { .peers(path.local.address, peer) }
  private var ports: IKEPorts { configuration.ports }

  // MARK: The IKE SA

  private func finding(_ failure: SessionFailure) -> Finding? {
    switch failure {
    case .noAnswer(.ikeSAInit): errors.last.map(refused) ?? silent
    case .noAnswer(let exchange): silentLater(exchange)
    case .refused(.noProposalChosen, .ikeSAInit): proposalMismatch
    case .refused(.invalidKEPayload, _): methodRefused
    case .refused(.cookie, .ikeSAInit): cookieLoop
    case .refused(let type, .ikeAuth), .refused(let type, .ikeIntermediate):
      authenticationRefused(type)
    case .refused(let type, let exchange):
      malformed("the peer refused \(exchange) with \(type)")
    case .otherVersion(let version): otherVersion(version)
    case .authentication, .credential, .eap, .noPPK: authenticationFailed(failure)
    case .noIntermediate: intermediateMissing
    case .wrongChoice, .malformed, .missing, .unsupportedCriticalPayload, .unusableSuite,
      .keyExchange:
      malformed("\(failure)")
    case .abandoned, .redirected, .crypto, .unsendable: nil
    }
  }

  private func attempts(_ exchange: ExchangeType) -> Finding.Evidence {
    let policy = configuration.retransmission
    let span = Nanoseconds.seconds(policy.patience / .seconds(1))
    return Finding.Evidence(
      "\(exchange.name ?? "the request") sent \(Quantity.times(UInt64(policy.transmissions))) in \(span), no answer"
    )
  }

  private var silent: Finding {
    Finding(
      .ikeNoAnswer, .certain, about: subject,
      "no answer from \(peer) to IKE_SA_INIT on UDP \("\(ports.plain)")",
      meaning:
        "the requests or their answers are lost on the way, or nobody answers at that address",
      evidence: [attempts(.ikeSAInit)],
      remedies: [
        Finding.Remedy(
          "ask on both ports and over TCP, without credentials",
          [.init(.shell, "ipsecdiag probe \(peer)")]),
        Finding.Remedy(
          "capture at the peer's outside: do the requests arrive there?",
          [
            .init(
              .shell,
              "tcpdump -ni any 'udp port \("\(ports.plain)") or udp port \("\(ports.encapsulated)")'"
            )
          ]),
      ])
  }

  private func refused(_ report: SocketErrorReport) -> Finding {
    let reporter = report.offender ?? peer
    return Finding(
      .ikeRefusedICMP, .certain, about: subject,
      "\(reporter) refuses IKE to \(peer) UDP \("\(report.destination.port)")",
      meaning: reporter == peer
        ? "the host is there, and no IKE daemon listens on that port, or its firewall says so"
        : "a router on the way says so: the requests never reached the peer",
      evidence: [attempts(.ikeSAInit), Finding.Evidence("ICMP: \("\(report)")")],
      remedies: [.refusal(by: reporter, of: peer)])
  }

  /// IKE_SA_INIT was answered, what came after it was not.
  private func silentLater(_ exchange: ExchangeType) -> Finding {
    let name = exchange.name ?? "the next request"
    var evidence = [Finding.Evidence("IKE_SA_INIT was answered"), attempts(exchange)]
    guard let unanswered, unanswered.ipPackets > unanswered.ikeFragments else {
      if let unanswered {
        evidence.append(
          Finding.Evidence(
            "its largest IP packet had \(unanswered.largestPacket) octets, and no IP fragments"))
      }
      return Finding(
        .ikeNoAnswer, .likely, about: subject,
        "\(peer) answers IKE_SA_INIT, and no \(name) on UDP \("\(path.remote.port)")",
        meaning:
          "UDP \("\(path.remote.port)") is filtered, the path loses packets of that size, or the peer's daemon died over it",
        evidence: evidence,
        remedies: [
          Finding.Remedy(
            "ask on both ports without credentials", [.init(.shell, "ipsecdiag probe \(peer)")]),
          Finding.Remedy(
            "measure which sizes pass", [.init(.shell, "ipsecdiag mtu \(peer)")]),
        ])
    }
    evidence.append(
      Finding.Evidence(
        "it has \(unanswered.largestPacket) octets, and left in \(unanswered.ipPackets) IP fragments"
      ))
    return Finding(
      .ikeAuthFragLost, .likely, about: subject,
      "\(name) to \(peer) is larger than the MTU and stays unanswered: its IP fragments are lost",
      meaning: "some device on the way drops IP fragments, as many firewalls do",
      evidence: evidence,
      remedies: [
        Finding.Remedy(
          "turn on IKE fragments (RFC 7383) at both ends",
          [
            .init(.swanctl, "fragmentation = yes"), .init(.libreswan, "fragmentation=yes"),
          ]),
        Finding.Remedy("measure which sizes pass", [.init(.shell, "ipsecdiag mtu \(peer)")]),
      ])
  }

  private var proposalMismatch: Finding {
    Finding(
      .ikeProposalMismatch, .certain, about: subject,
      "\(peer) accepts none of the IKE proposals that it was offered",
      meaning:
        "no algorithms in common, or no connection for this host's address: some daemons answer so to whom they do not know",
      evidence: [Finding.Evidence("IKE_SA_INIT was answered with NO_PROPOSAL_CHOSEN (14)")]
        + offered(configuration.ikeProposals),
      remedies: [
        Finding.Remedy(
          "find out what it accepts, and offer that with --ike",
          [.init(.shell, "ipsecdiag probe --enumerate \(peer)")]),
        Finding.Remedy(
          "or see at the peer whom it has connections for",
          [.init(.shell, "swanctl --list-conns"), .init(.shell, "ipsec status")]),
      ])
  }

  func offered(_ proposals: [Proposal]) -> [Finding.Evidence] {
    proposals.prefix(3).map { Finding.Evidence("offered: \(ProposalNotation.readable($0))") }
  }

  private var methodRefused: Finding {
    Finding(
      .ikeKELoop, .certain, about: subject,
      "\(peer) refuses every key exchange share that it is sent: INVALID_KE_PAYLOAD without end",
      meaning: "one such answer is normal; here a share of the method asked for is refused again",
      evidence: [Finding.Evidence("the last answer was INVALID_KE_PAYLOAD (17)")]
        + offered(configuration.ikeProposals),
      remedies: [
        Finding.Remedy(
          "offer the method that the peer prefers alone",
          [.init(.shell, "ipsecdiag probe --enumerate \(peer)")])
      ])
  }

  private var cookieLoop: Finding {
    Finding(
      .ikeCookieLoop, .certain, about: subject,
      "\(peer) answers each cookie with another one",
      meaning:
        "the peer is alive; its cookie holds for one address and port, and something changes them on the way",
      evidence: [Finding.Evidence("the last answer was COOKIE (16390)")],
      remedies: [
        Finding.Remedy("keep one source address and port for IKE in every NAT between")
      ])
  }

  private func otherVersion(_ version: UInt8) -> Finding {
    Finding(
      .ikeVersion, .certain, about: subject, "\(peer) does not speak IKEv2 with this host",
      meaning: "it speaks IKEv1 only, which is deprecated (RFC 9395)",
      evidence: [Finding.Evidence("IKE_SA_INIT was answered in major version \(version)")],
      remedies: [
        Finding.Remedy(
          "upgrade the peer to IKEv2",
          [.init(.swanctl, "version = 2"), .init(.libreswan, "ikev2=insist")])
      ])
  }

  private var intermediateMissing: Finding {
    Finding(
      .ikeIntermediateSkipped, .certain, about: subject,
      "\(peer) chose additional key exchanges, and does not announce IKE_INTERMEDIATE",
      evidence: [
        Finding.Evidence("its answer lacks INTERMEDIATE_EXCHANGE_SUPPORTED (RFC 9242, section 3.1)")
      ],
      remedies: [Finding.Remedy("offer proposals without additional key exchanges")])
  }

  private func malformed(_ reason: String) -> Finding {
    Finding(
      .ikeMalformed, .certain, about: subject, "\(peer) answers in a way that no SA comes of",
      evidence: [Finding.Evidence("\(reason)")],
      remedies: [
        Finding.Remedy(
          "show what comes, field by field",
          [.init(.shell, "ipsecdiag decode -i any -v 'udp port 500 or udp port 4500'")])
      ])
  }

  // MARK: Proofs

  private func authenticationRefused(_ type: NotifyType) -> Finding {
    Finding(
      .ikeAuthFailed, .certain, about: subject,
      "\(peer) refuses to authenticate this host",
      meaning:
        "the key exchange went well; the identities, the shared secret, or the certificates do not fit",
      evidence: [Finding.Evidence("IKE_AUTH was answered with \(type.name ?? "\(type)")")]
        + identities,
      remedies: authenticationRemedies)
  }

  private func authenticationFailed(_ failure: SessionFailure) -> Finding {
    Finding(
      .ikeAuthFailed, .certain, about: subject,
      "\(peer) and this host do not agree on who they are",
      evidence: [Finding.Evidence("\(failure.description)")] + identities,
      remedies: authenticationRemedies)
  }

  private var identities: [Finding.Evidence] {
    let own = configuration.localIdentity
    var evidence = [
      Finding.Evidence("this host calls itself \(identity: "\(own)")")
    ]
    if let expected = configuration.remoteIdentity {
      evidence.append(Finding.Evidence("it expects \(identity: "\(expected)")"))
    }
    return evidence
  }

  private var authenticationRemedies: [Finding.Remedy] {
    [
      Finding.Remedy(
        "compare --id and --remote-id with what the peer is configured for, letter by letter and by type",
        [
          .init(.swanctl, "local { id = … }  remote { id = … }"),
          .init(.libreswan, "leftid=…  rightid=…"),
        ]),
      Finding.Remedy(
        "its log says which proof failed",
        [
          .init(.shell, "journalctl -u strongswan | grep -iE 'auth|ident|cert'"),
          .init(.shell, "journalctl -u ipsec | grep -iE 'auth|id|cert'"),
        ]),
      Finding.Remedy("then the secret; with certificates: the authority, the names, and the clock"),
    ]
  }

  private var ended: Finding {
    Finding(
      .dpdPeerDead, .certain, about: subject, "\(peer) has deleted the SA while it was in use",
      meaning: "the peer lives, and wants no tunnel with this host any more",
      evidence: [Finding.Evidence("a Delete for the IKE SA, protected by its keys")],
      remedies: [
        Finding.Remedy(
          "its log says why",
          [
            .init(.shell, "journalctl -u strongswan | grep -i 'delet'"),
            .init(.shell, "journalctl -u ipsec | grep -i 'delet'"),
          ])
      ])
  }
}

extension Tunnel {
  /// What a failure of this tunnel means to an operator; nil for an interruption, and for what this host itself
  /// cannot do.
  package func finding(
    _ failure: TunnelFailure, unanswered: TunnelFindings.Unanswered? = nil
  ) -> Finding? {
    TunnelFindings(
      session.configuration, path, errors: takeErrors(), unanswered: unanswered
    ).finding(failure)
  }
}
