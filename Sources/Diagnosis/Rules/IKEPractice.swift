internal import PacketDissector

/// How IKE is used: lost messages, old versions, weak algorithms, malformed messages, floods.
enum IKEPractice {
  static let rule = Rule([
    .ikeRetransmits, .ikeAggressivePSK, .ikeV1, .ikeWeakCrypto, .ikeHalfOpenFlood, .ikeMalformed,
  ]) { evidence in
    retransmissions(evidence) + versionOne(evidence) + floods(evidence)
      + evidence.sessions.sessions.flatMap { session in
        [aggressive(session), malformed(session), withoutNumbers(session)].compactMap { $0 }
      } + WeakCrypto.findings(evidence)
  }

  struct Pair: Hashable {
    let one: IPAddress
    let other: IPAddress

    init(_ session: IKESession) {
      one = min(session.initiator.address, session.responder.address)
      other = max(session.initiator.address, session.responder.address)
    }
  }

  /// The sessions of each pair of hosts, in the order in which they came.
  static func byPair(_ sessions: [IKESession]) -> [(pair: Pair, sessions: [IKESession])] {
    var order: [Pair] = []
    var grouped: [Pair: [IKESession]] = [:]
    for session in sessions {
      let pair = Pair(session)
      if grouped[pair] == nil { order.append(pair) }
      grouped[pair, default: []].append(session)
    }
    return order.map { ($0, grouped[$0] ?? []) }
  }

  // MARK: Retransmissions

  /// Fewer are nothing to speak of.
  private static let fewest = 3
  private static let share = 0.05

  private static func retransmissions(_ evidence: CaptureEvidence) -> [Finding] {
    byPair(evidence.sessions.sessions).compactMap { pair, sessions in
      let answered = sessions.flatMap(\.exchanges).filter {
        $0.isAnswered && $0.request != nil
      }
      let total = answered.count + sessions.reduce(0) { $0 + Int(clamping: $1.forgotten) }
      // What a daemon keeps asking although it is answered is another finding.
      let again = answered.filter { exchange in
        guard let request = exchange.request, let response = exchange.response else { return false }
        return request.transmissions.count > 1 && response.fragments?.missing.isEmpty ?? true
      }
      guard again.count >= fewest, Double(again.count) >= share * Double(total),
        let session = sessions.first,
        let longest = again.max(by: { ($0.request?.count ?? 0) < ($1.request?.count ?? 0) }),
        let request = longest.request
      else { return nil }
      let worst = again.compactMap(\.answerTime).max() ?? Nanoseconds(0)
      return Finding(
        .ikeRetransmits, .certain, about: .peers(pair.one, pair.other),
        "\(again.count) of \(total) IKE requests were answered only when sent again (\(Quantity.percent(UInt64(again.count), of: UInt64(total))))",
        meaning:
          "requests or answers are lost; the slowest took \(worst). What loses IKE loses ESP as well",
        evidence: [
          Finding.Evidence(
            "requests sent again", again.prefix(12).compactMap { $0.request?.first.frame })
        ] + request.evidence(longest.name(session.majorVersion)),
        remedies: [
          Finding.Remedy(
            "find the loss: compare captures of both sides",
            [.init(.shell, "ipsecdiag diagnose -r here.pcap --compare there.pcap")]),
          Finding.Remedy("look for a policer on UDP 500 and 4500 at either gateway"),
        ])
    }
  }

  // MARK: IKEv1

  private static func versionOne(_ evidence: CaptureEvidence) -> [Finding] {
    byPair(evidence.sessions.sessions.filter { $0.majorVersion == 1 }).compactMap {
      pair, sessions in
      // A refusal in IKEv1 of what was asked in IKEv2 is no use of it.
      let used = sessions.filter { session in
        !evidence.sessions.sessions.contains {
          $0.majorVersion == 2 && $0.initiatorSPI == session.initiatorSPI
        }
      }
      guard let first = used.first else { return nil }
      return Finding(
        .ikeV1, .certain, about: .peers(pair.one, pair.other),
        "\(first.initiator.address) and \(first.responder.address) use IKEv1, which is deprecated (RFC 9395)",
        evidence: [
          Finding.Evidence(
            used.count == 1 ? "one IKEv1 SA" : "\(used.count) IKEv1 SAs",
            used.prefix(8).map(\.first))
        ],
        remedies: [
          Finding.Remedy(
            "move both sides to IKEv2",
            [.init(.swanctl, "version = 2"), .init(.libreswan, "ikev2=yes")])
        ])
    }
  }

  private static func aggressive(_ session: IKESession) -> Finding? {
    guard session.majorVersion == 1,
      let exchange = session.exchanges.first(where: {
        $0.type == IKEv1ExchangeType.aggressive.rawValue
      }),
      let transform = (exchange.response ?? exchange.request)?.content.ikev1Proposals
        .flatMap(\.transforms).first(where: IKEv1Suite.usesPreSharedKey)
    else { return nil }
    let isAnswered = exchange.response != nil
    guard isAnswered else { return nil }
    return Finding(
      .ikeAggressivePSK, .certain, about: session.subject,
      "aggressive mode with a pre-shared key: \(session.responder.address) gives its hash to whoever asks",
      meaning: "the secret can be guessed offline, as fast as a computer can hash",
      evidence: [
        Finding.Evidence(
          "aggressive mode, \(IKEv1Suite.readable(transform))",
          [exchange.request, exchange.response].compactMap { $0?.first.frame })
      ],
      remedies: [
        Finding.Remedy(
          "use IKEv2, or main mode; with aggressive mode, certificates",
          [
            .init(.swanctl, "version = 2"), .init(.swanctl, "aggressive = no"),
            .init(.libreswan, "aggressive=no"),
          ]),
        Finding.Remedy("change the secret: it must be taken for known"),
      ])
  }

  // MARK: Malformed messages

  private static func malformed(_ session: IKESession) -> Finding? {
    for exchange in session.exchanges {
      for message in [exchange.request, exchange.response].compactMap({ $0 }) {
        guard let stop = message.content.stop, !stop.isForWantOfCapture else { continue }
        // What the other side took cannot be so bad.
        let isTaken =
          message.digest == exchange.request?.digest
          ? exchange.isAnswered && exchange.response?.content.error == nil
          : !session.isLast(exchange)
        return Finding(
          .ikeMalformed, severity: isTaken ? .info : nil, .certain, about: session.subject,
          "\(message.first.source.address) sends a message that breaks the syntax (\(exchange.name(session.majorVersion)))",
          meaning: isTaken
            ? "the receiver went on all the same"
            : "the receiver drops it, or answers INVALID_SYNTAX",
          evidence: [Finding.Evidence("\(stop.description)", message.frames)],
          remedies: [
            Finding.Remedy(
              "show the message field by field, and report it to the maker of the sender",
              [.init(.shell, "ipsecdiag decode -r FILE -v")])
          ])
      }
    }
    return nil
  }

  /// ESP or AH without transform type 5, which is mandatory (RFC 7296, section 3.3.3).
  private static func withoutNumbers(_ session: IKESession) -> Finding? {
    for exchange in session.exchanges where session.majorVersion == 2 {
      guard let request = exchange.request,
        let proposal = request.content.proposals.first(where: \.lacksSequenceNumbers)
      else { continue }
      let isTaken = exchange.response?.content.proposals.isEmpty == false
      return Finding(
        .ikeMalformed, severity: isTaken ? .info : nil, .certain, about: session.subject,
        "\(request.first.source.address) proposes \(proposal.protocolID.description) without saying which sequence numbers (\(exchange.name(session.majorVersion)))",
        meaning: isTaken
          ? "the receiver went on all the same: 32-bit sequence numbers are meant"
          : "transform type 5 is mandatory: some receivers refuse such a proposal, others read 32-bit sequence numbers into it",
        evidence: [
          Finding.Evidence(
            "proposal \(proposal.number) has \(proposal.transforms.count) transforms, none of type 5 (Sequence Numbers)",
            request.frames)
        ],
        remedies: [
          Finding.Remedy(
            "update the sender, or write its proposal out",
            [.init(.swanctl, "esp_proposals = aes256-sha256-noesn"), .init(.libreswan, "esn=no")])
        ])
    }
    return nil
  }

  // MARK: Floods

  private static func floods(_ evidence: CaptureEvidence) -> [Finding] {
    evidence.sessions.halfOpen.targets.values.sorted { $0.begun > $1.begun }.compactMap { target in
      guard target.busiest >= 50, target.completed * 10 < target.begun else { return nil }
      let sources: Statement =
        target.sources.count == 1
        ? "one source"
        : target.sources.count < 16 ? "\(target.sources.count) sources" : "many sources"
      return Finding(
        .ikeHalfOpenFlood, .certain,
        about: .peers(target.responder, target.sources.min() ?? target.responder),
        "\(target.begun) IKE SAs were begun at \(target.responder) by " + sources
          + ", and \(target.completed) went on to IKE_AUTH",
        meaning:
          "half-open SAs take memory and computing time; real peers may be refused meanwhile",
        evidence: [
          Finding.Evidence(
            "up to \(target.busiest) in ten seconds", [target.first, target.last])
        ],
        remedies: [
          Finding.Remedy(
            "let the daemon ask for cookies, and limit half-open SAs",
            [
              .init(.strongswan, "charon.cookie_threshold = 30"),
              .init(.strongswan, "charon.block_threshold = 5"),
              .init(.libreswan, "ddos-mode=auto"),
            ]),
          Finding.Remedy(
            "limit new requests for each source",
            [
              .init(
                .nftables,
                "add rule inet filter input udp dport 500 meter ike { ip saddr limit rate over 10/second } drop"
              )
            ]),
        ])
    }
  }
}

extension DissectionError {
  /// The bytes that are missing may have been there on the wire.
  fileprivate var isForWantOfCapture: Bool {
    if case .truncated(_, _, let limit) = reason { return limit == .capture }
    return false
  }
}

extension Proposal {
  fileprivate var lacksSequenceNumbers: Bool {
    (protocolID == .esp || protocolID == .ah) && !transforms.isEmpty
      && !transforms.contains { $0.type == .sequenceNumbers }
  }
}
