package import PacketDissector

/// Child SAs that the peer refuses as they are first asked for. The reasons stand inside SK, so that keys
/// are needed; IKEv1's refusals likewise.
enum ChildNegotiation {
  static let rule = Rule([.childProposalMismatch, .childTSMismatch]) { evidence in
    evidence.sessions.sessions.flatMap { session -> [Finding] in
      session.majorVersion == 1
        ? refusedInIKEv1(session)
        : [proposals(session), selectors(session, evidence)].compactMap { $0 }
    }
  }

  /// Exchanges that ask for a Child SA anew: IKE_AUTH, and CREATE_CHILD_SA without REKEY_SA.
  private static func refused(_ session: IKESession, by type: NotifyType) -> [IKEExchange] {
    session.exchanges.filter { exchange in
      (exchange.type == ExchangeType.ikeAuth.rawValue
        || exchange.type == ExchangeType.createChildSA.rawValue)
        && exchange.response?.content.has(type) == true
        && exchange.request?.content.has(.rekeySA) != true
    }
  }

  /// Whether IKE_AUTH brought a Child SA.
  private static func hadChild(_ session: IKESession) -> Bool {
    session.exchanges(.ikeAuth).contains {
      $0.response?.content.proposals.isEmpty == false && $0.response?.content.error == nil
    }
  }

  // MARK: Proposals

  private static func proposals(_ session: IKESession) -> Finding? {
    // Where the first Child SA stood, it is a matter of rekeying.
    let refusals = refused(session, by: .noProposalChosen).filter {
      $0.type == ExchangeType.ikeAuth.rawValue || !hadChild(session)
    }
    guard let first = refusals.first, let response = first.response else { return nil }
    // In IKE_AUTH the request and the proposals are in the same exchange; with EAP they came earlier.
    let offered =
      first.request?.content.proposals
      ?? session.exchanges(.ikeAuth).lazy.compactMap { $0.request?.content.proposals }.first
      ?? []
    return mismatch(
      session, response, refusals.compactMap { $0.response?.first.frame },
      offered.map(ProposalNotation.readable), offered.first)
  }

  private static func mismatch(
    _ session: IKESession, _ response: IKEMessageTrack, _ frames: [FrameReference],
    _ offers: [String], _ offered: Proposal?
  ) -> Finding {
    let refusing = response.first.source.address
    var settings: [Finding.Setting] = []
    if let offered {
      if let words = ProposalNotation.strongSwan(offered) {
        settings.append(.init(.swanctl, "esp_proposals = \(words)"))
      }
      if let words = ProposalNotation.libreswan(offered) {
        settings.append(.init(.libreswan, "esp=\(words)"))
      }
    }
    return Finding(
      .childProposalMismatch, .certain, about: session.subject,
      "\(refusing) accepts none of the proposals for ESP: the IKE SA stands, without a tunnel",
      meaning: "both sides trust each other, and no traffic can flow",
      evidence: [Finding.Evidence("NO_PROPOSAL_CHOSEN (14), decrypted", frames)]
        + offers.prefix(6).enumerated().map {
          Finding.Evidence("offered, proposal \($0.offset + 1): \($0.element)")
        },
      remedies: [
        Finding.Remedy("let \(refusing) accept what is offered, or offer what it takes", settings),
        Finding.Remedy(
          "its log names its own list",
          [
            .init(.shell, "journalctl -u strongswan | grep -i 'proposals'"),
            .init(.shell, "journalctl -u ipsec | grep -i 'proposal'"),
          ]),
      ])
  }

  // MARK: Traffic selectors

  private static func selectors(_ session: IKESession, _ evidence: CaptureEvidence) -> Finding? {
    let refusals = refused(session, by: .tsUnacceptable)
    guard let first = refusals.first, let response = first.response else { return nil }
    let refusing = response.first.source.address
    let proposed =
      first.request?.content.initiatorSelectors.isEmpty == false
      ? first.request?.content
      : session.exchanges(.ikeAuth).lazy.compactMap { $0.request?.content }
        .first { !$0.initiatorSelectors.isEmpty }
    var facts = [
      Finding.Evidence(
        "TS_UNACCEPTABLE (38), decrypted", refusals.compactMap { $0.response?.first.frame })
    ]
    if let proposed {
      facts.append(
        Finding.Evidence(
          "proposed: " + SelectorText.list(proposed.initiatorSelectors) + " to "
            + SelectorText.list(proposed.responderSelectors)))
      facts += expected(proposed, refusing, session, evidence)
    }
    return Finding(
      .childTSMismatch, .certain, about: session.subject,
      "\(refusing) refuses the networks that the tunnel should carry: the IKE SA stands, without a tunnel",
      meaning:
        "the traffic selectors of the two sides have nothing in common; libreswan also answers so when its kernel refuses the SA",
      evidence: facts,
      remedies: [
        Finding.Remedy(
          "make the networks mirror images of each other",
          [
            .init(.swanctl, "local_ts = …  remote_ts = …"),
            .init(.libreswan, "leftsubnet=…  rightsubnet=…"),
          ]),
        Finding.Remedy(
          "a route-based gateway (cloud VPNs, VTI) wants 0.0.0.0/0 on both sides",
          [
            .init(.swanctl, "local_ts = 0.0.0.0/0  remote_ts = 0.0.0.0/0"),
            .init(.libreswan, "leftsubnet=0.0.0.0/0  rightsubnet=0.0.0.0/0"),
          ]),
      ])
  }

  /// What the refusing side asked for, or accepted, at another time, and what both have in common.
  private static func expected(
    _ proposed: IKEMessageContent, _ refusing: IPAddress, _ session: IKESession,
    _ evidence: CaptureEvidence
  ) -> [Finding.Evidence] {
    for other in evidence.sessions.sessions
    where other.involves(session.initiator.address, session.responder.address) {
      for exchange in other.exchanges {
        for message in [exchange.request, exchange.response].compactMap({ $0 })
        where message.first.source.address == refusing
          && !message.content.initiatorSelectors.isEmpty
        {
          // In its own request, its side is the initiator's.
          let isRequest = message.first.frame == exchange.request?.first.frame
          let own =
            isRequest ? message.content.initiatorSelectors : message.content.responderSelectors
          let others =
            isRequest ? message.content.responderSelectors : message.content.initiatorSelectors
          let common =
            SelectorText.overlap(proposed.initiatorSelectors, others)
            && SelectorText.overlap(proposed.responderSelectors, own)
          return [
            Finding.Evidence(
              "\(refusing) itself uses " + SelectorText.list(others) + " to "
                + SelectorText.list(own) + (common ? ", which overlaps" : ": no overlap"),
              [message.first.frame])
          ]
        }
      }
    }
    return []
  }

  // MARK: IKEv1

  private static func refusedInIKEv1(_ session: IKESession) -> [Finding] {
    guard
      session.exchanges.contains(where: { $0.type == IKEv1ExchangeType.quickMode.rawValue })
    else { return [] }
    for exchange in session.exchanges
    where exchange.type == IKEv1ExchangeType.informational.rawValue {
      guard let message = exchange.request, message.content.isOpened,
        message.content.notifies.contains(where: {
          $0.type == IKEv1NotifyType.noProposalChosen.rawValue
        })
      else { continue }
      let asked = session.exchanges.last {
        $0.type == IKEv1ExchangeType.quickMode.rawValue
          && ($0.request?.first.frame.time ?? message.first.frame.time) <= message.first.frame.time
      }
      let offers = asked?.request?.content.ikev1Proposals.flatMap(\.transforms) ?? []
      return [
        mismatch(
          session, message, [message.first.frame], offers.map(IKEv1Suite.readable), nil)
      ]
    }
    return []
  }
}

/// Traffic selectors in words.
package enum SelectorText {
  package static func list(_ selectors: [TrafficSelector]) -> Statement {
    guard !selectors.isEmpty else { return "nothing" }
    return selectors.prefix(4).enumerated().reduce("") { text, entry in
      text + (entry.offset == 0 ? "" : ", ") + "\(network: readable(entry.element))"
    } + (selectors.count > 4 ? " and \(selectors.count - 4) more" : "")
  }

  /// "10.1.0.0/24", "10.1.0.5", "10.1.0.1–10.1.0.9", with protocol and ports where they are limited.
  static func readable(_ selector: TrafficSelector) -> String {
    guard case .addresses(let range) = selector.content else {
      return "type \(selector.type.rawValue)"
    }
    var text = network(range)
    if selector.ipProtocol.rawValue != 0 { text += " \(selector.ipProtocol.description)" }
    if range.startPort == range.endPort {
      text += " port \(range.startPort)"
    } else if range.startPort != 0 || range.endPort != 65_535 {
      text += " ports \(range.startPort) to \(range.endPort)"
    }
    return text
  }

  private static func network(_ range: TrafficSelector.AddressRange) -> String {
    let width = range.start.isIPv6 ? 128 : 32
    guard range.start.isIPv6 == range.end.isIPv6 else { return "\(range.start)–\(range.end)" }
    if range.start == range.end { return range.start.description }
    let different = (range.start.high ^ range.end.high, range.start.low ^ range.end.low)
    let hostBits =
      different.0 != 0
      ? 128 - different.0.leadingZeroBitCount : 64 - different.1.leadingZeroBitCount
    let isAligned =
      hostBits <= 64
      ? isAligned(range.start.low, range.end.low, hostBits)
      : isAligned(range.start.high, range.end.high, hostBits - 64) && range.start.low == 0
        && range.end.low == .max
    return isAligned ? "\(range.start)/\(width - hostBits)" : "\(range.start)–\(range.end)"
  }

  private static func isAligned(_ start: UInt64, _ end: UInt64, _ bits: Int) -> Bool {
    let mask: UInt64 = bits >= 64 ? .max : (1 << UInt64(bits)) - 1
    return start & mask == 0 && end & mask == mask
  }

  /// Whether any address lies in both lists.
  static func overlap(_ left: [TrafficSelector], _ right: [TrafficSelector]) -> Bool {
    left.contains { one in
      right.contains { other in
        guard case .addresses(let a) = one.content, case .addresses(let b) = other.content,
          a.start.isIPv6 == b.start.isIPv6
        else { return false }
        return a.start <= b.end && b.start <= a.end
      }
    }
  }
}
