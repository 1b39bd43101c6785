internal import PacketDissector

/// IKE requests of IKEv2 that led nowhere, and which of two captures lacks what: the request was lost, or
/// its answer, or it came and was not answered, or the answer came and was not taken.
enum ComparedIKE {
  /// Past that many hosts in trouble, more of them tell nothing new.
  private static let limit = 256

  static func findings(
    _ comparison: CaptureComparison, _ a: CaptureEvidence, _ b: CaptureEvidence
  ) -> [Finding] {
    var findings: [Finding] = []
    for (label, evidence) in [(CaptureLabel.a, a), (.b, b)] {
      for session in evidence.sessions.sessions
      where session.majorVersion == 2 && findings.count < limit {
        let failed = session.exchanges.lazy.compactMap {
          Failure($0, session, seenBy: label, evidence, comparison)
        }.first
        guard let finding = failed.flatMap(judge) else { continue }
        // Attempts of one host at another are one finding.
        let isKnown = findings.contains {
          $0.id == finding.id && $0.subject.hosts == finding.subject.hosts
        }
        if !isKnown { findings.append(finding) }
      }
    }
    return findings
  }

  /// An exchange that its asker tried several times, in vain.
  private struct Failure {
    let name: String
    let session: IKESession
    /// The capture at the asker's side.
    let asker: CaptureLabel
    let asking: IPAddress
    let asked: IPAddress
    let request: ComparedMessage
    let response: ComparedMessage?
    let path: PathComparison?
    /// Requests that were sent on after an answer had come.
    let sentAfterAnswer: Int

    init?(
      _ exchange: IKEExchange, _ session: IKESession, seenBy label: CaptureLabel,
      _ evidence: CaptureEvidence, _ comparison: CaptureComparison
    ) {
      let request = PacketLog.Message(exchange, session, isResponse: false)
      guard let sent = comparison.messages[request], sent.isFromA == (label == .a),
        let track = exchange.request, session.isLast(exchange),
        sent.isLarge || Self.isSetup(exchange), evidence.unreachables(for: session).isEmpty
      else { return nil }
      let isComplete =
        exchange.response.map { $0.fragments?.isComplete ?? true } ?? false
      sentAfterAnswer =
        isComplete
        ? track.transmissions.count {
          $0.frame.time > exchange.response?.first.frame.time ?? $0.frame.time
        } : 0
      guard !isComplete || sentAfterAnswer >= 2 else { return nil }
      name = exchange.name(2)
      self.session = session
      asker = label
      let ends = session.ends(of: exchange)
      (asking, asked) = ends
      self.request = sent
      path = comparison.paths.first {
        Set([$0.hostAtA, $0.hostAtB]) == [ends.asking, ends.asked]
      }
      response = comparison.messages[PacketLog.Message(exchange, session, isResponse: true)]
    }

    /// A request by which an IKE SA comes to be; what is silent later is another finding.
    private static func isSetup(_ exchange: IKEExchange) -> Bool {
      [ExchangeType.ikeSAInit, .ikeIntermediate, .ikeAuth].contains { $0.rawValue == exchange.type }
    }
  }

  private static func judge(_ failure: Failure) -> Finding? {
    let least: UInt64 = failure.request.isLarge ? 2 : 3
    guard failure.request.timesSent >= least else { return nil }
    if failure.request.timesArrived == 0 {
      return lost(failure.request, failure, isAnswer: false)
    }
    guard let response = failure.response, response.timesSent > 0 else {
      return unanswered(failure)
    }
    if response.timesArrived == 0 { return lost(response, failure, isAnswer: true) }
    return failure.sentAfterAnswer >= 2 ? ignored(response, failure) : nil
  }

  // MARK: Lost on the way

  private static func lost(
    _ message: ComparedMessage, _ failure: Failure, isAnswer: Bool
  ) -> Finding {
    let sender = isAnswer ? failure.asker.other : failure.asker
    let host = isAnswer ? failure.asked : failure.asking
    let way: Statement = "from \(sender.rawValue) to \(sender.other.rawValue)"
    let what: Statement = "\(failure.name) \(isAnswer ? "answer" : "request")"
    var facts = [sent(message, what, sender)]
    facts += arrived(message, sender)
    if message.isInIPFragments { facts += ipFragments(failure, sender) }
    if isAnswer {
      facts.insert(
        Finding.Evidence(
          "the request arrived \(failure.request.timesArrived) of \(failure.request.timesSent) times",
          failure.request.arrivedFrames, of: failure.asker.other), at: 0)
    }
    let missing = message.missing.filter { $0 > 0 }.map { "\($0)" }.joined(separator: ", ")
    let summary: Statement
    let id: FindingID
    if message.fragments > 0 {
      id = .ikeSKFIncomplete
      summary =
        "fragment \(missing) of \(message.fragments) of \(host)'s \(what) is lost \(way) (\(message.timesSent) times)"
    } else if message.isInIPFragments {
      id = .ikeAuthFragLost
      summary =
        "\(host)'s \(what) of \(message.bytes) bytes, in IP fragments, is lost \(way) (\(message.timesSent) times)"
    } else if message.isLarge {
      id = .ikeLargeUnanswered
      summary =
        "\(host)'s \(what) of \(message.bytes) bytes is lost \(way) (\(message.timesSent) times)"
    } else {
      id = .ikeNoAnswer
      summary = "\(host)'s \(what) is lost \(way): 0 of \(message.timesSent) arrive"
    }
    return Finding(
      id, .certain, about: failure.session.subject, summary,
      meaning: id == .ikeNoAnswer
        ? "dropped between the two captures, not by the peer"
        : id == .ikeAuthFragLost
          ? "IP fragments are dropped between the two captures: firewalls and mobile networks often do"
          : "dropped between the two captures by size or content: what is small passes",
      evidence: facts, remedies: remedies(id, message, failure))
  }

  private static func sent(
    _ message: ComparedMessage, _ what: Statement, _ sender: CaptureLabel
  ) -> Finding.Evidence {
    Finding.Evidence(
      "the \(what) left \(message.timesSent) times\(message.fragments > 0 ? ", in \(message.fragments) IKE fragments" : "")",
      message.sentFrames, of: sender)
  }

  private static func arrived(
    _ message: ComparedMessage, _ sender: CaptureLabel
  ) -> [Finding.Evidence] {
    guard message.fragments > 0 else { return [] }
    let parts = message.pieces.sorted { $0.key < $1.key }.prefix(16).map { piece in
      "\(piece.key): \(piece.value.arrived) of \(piece.value.sent)"
    }
    return [
      Finding.Evidence(
        "arrived, by fragment: \(parts.joined(separator: ", "))", message.arrivedFrames,
        of: sender.other)
    ]
  }

  private static func ipFragments(
    _ failure: Failure, _ sender: CaptureLabel
  ) -> [Finding.Evidence] {
    let direction = failure.path?.directions.first { $0.sender == sender }
    guard let count = direction?.counts[.ipFragment], count.sent > 0 else { return [] }
    return [
      Finding.Evidence("of \(count.sent) IP fragments that left, \(count.arrived) arrived")
    ]
  }

  private static func remedies(
    _ id: FindingID, _ message: ComparedMessage, _ failure: Failure
  ) -> [Finding.Remedy] {
    switch id {
    case .ikeSKFIncomplete:
      return IKELargeMessages.smallerFragments(message.bytes) + [
        Finding.Remedy("look for a middlebox between that drops UDP by size or content")
      ]
    case .ikeNoAnswer:
      return [
        Finding.Remedy(
          "allow UDP 500 and 4500 both ways in every firewall between",
          [.init(.nftables, "add rule inet filter forward udp dport { 500, 4500 } accept")])
      ]
    default:
      return [
        Finding.Remedy(
          "switch IKE fragmentation (RFC 7383) on, on both sides",
          [.init(.swanctl, "fragmentation = yes"), .init(.libreswan, "fragmentation=yes")]),
        Finding.Remedy(
          "or make the message smaller: ECDSA certificates, and only the leaf",
          [.init(.swanctl, "send_cert = ifasked"), .init(.libreswan, "sendca=none")]),
      ]
    }
  }

  // MARK: At one end

  private static func unanswered(_ failure: Failure) -> Finding {
    let request = failure.request
    let other = failure.asker.other.rawValue
    let arrival = Finding.Evidence(
      "\(request.timesArrived) of \(request.timesSent) requests arrived at \(other), complete",
      request.arrivedFrames, of: failure.asker.other)
    let silence = Finding.Evidence("no answer left there")
    guard request.isLarge else {
      return Finding(
        .ikeNoAnswer, .certain, about: failure.session.subject,
        "\(failure.name) reaches \(failure.asked), which sends no answer (\(request.timesArrived) of \(request.timesSent) arrived at \(other))",
        meaning: "the path is open: the cause is at \(failure.asked), behind the capture",
        evidence: [arrival, silence],
        remedies: [
          Finding.Remedy(
            "see that the daemon runs at \(failure.asked), and that its own firewall lets UDP 500 and 4500 in",
            [
              .init(.shell, "ss -lunp 'sport = :500 or sport = :4500'"),
              .init(.shell, "nft list ruleset"),
            ]),
          Finding.Remedy(
            "read its log: a peer without a connection for \(failure.asking) may be silent"),
        ])
    }
    return Finding(
      .ikeLargeUnanswered, .certain, about: failure.session.subject,
      "\(failure.asking)'s \(failure.name) of \(request.fragments > 0 ? "\(request.fragments) fragments" : "\(request.bytes) bytes") arrives whole at \(failure.asked), which sends no answer",
      meaning: "nothing is lost between: the daemon or the firewall at \(failure.asked) drops it",
      evidence: [arrival, silence],
      remedies: [
        Finding.Remedy(
          "let the receiver take larger messages: strongSwan drops those over 10,000 bytes",
          [.init(.strongswan, "charon.max_packet = 30000")]),
        Finding.Remedy(
          "see what its own firewall does with UDP 4500", [.init(.shell, "nft list ruleset")]),
      ])
  }

  private static func ignored(_ response: ComparedMessage, _ failure: Failure) -> Finding {
    Finding(
      .ikeReplyIgnored, .certain, about: failure.session.subject,
      "\(failure.asking) goes on asking (\(failure.name)) although answers reach it at \(failure.asker.rawValue)",
      meaning: "nothing is lost between: the answers arrive, and the daemon never gets them",
      evidence: [
        Finding.Evidence(
          "\(response.timesArrived) of \(response.timesSent) answers arrived",
          response.arrivedFrames, of: failure.asker),
        Finding.Evidence(
          "the request was sent \(failure.sentAfterAnswer) times after the first of them"),
      ],
      remedies: [
        Finding.Remedy(
          "look for a firewall or connection tracking at \(failure.asking) that drops the answers",
          [.init(.shell, "nft list ruleset"), .init(.shell, "conntrack -L -p udp")]),
        Finding.Remedy(
          "see that one daemon, and only one, has the port open",
          [.init(.shell, "ss -lunp 'sport = :500 or sport = :4500'")]),
      ])
  }
}

extension PacketLog.Message {
  /// As it stands in the log, whole.
  init(_ exchange: IKEExchange, _ session: IKESession, isResponse: Bool) {
    self.init(
      initiatorSPI: session.initiatorSPI, majorVersion: 2, exchange: exchange.type,
      messageID: exchange.messageID, isResponse: isResponse,
      isFromInitiator: exchange.isInitiators != isResponse, fragment: 0, fragments: 0)
  }
}
