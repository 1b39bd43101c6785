internal import Decryption
internal import Host
internal import PacketDissector

/// What is wrong by a machine's SAs, counters and daemon.
struct HostFindings {
  let snapshot: HostSnapshot
  /// Whether counts are those between two readings, and not since the machine was started.
  let isDelta: Bool
  let sas: [(judgement: SAJudgement, movement: SAMovement)]
  let drops: [DropCause]
  /// Whether an SA was replaced between the readings.
  let isRekeyed: Bool

  /// The worst first.
  func all() -> [Finding] {
    var findings: [Finding] = []
    for (judgement, movement) in sas {
      if judgement.protection == .off { findings.append(replayOff(judgement)) }
      if let finding = sequenceWrap(judgement) { findings.append(finding) }
      if let finding = windowTooSmall(judgement, movement) { findings.append(finding) }
      if movement.replayed >= 3 { findings.append(repeated(judgement, movement)) }
      if !movement.isClean { findings += integrity(judgement, movement) }
    }
    findings += weakAlgorithms() + oneWay() + tunnelsDown() + drops.compactMap(dropped)
    return findings.enumerated().sorted {
      ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset)
    }.map(\.element)
  }

  static func windowLines(_ size: UInt32) -> [Finding.Setting] {
    [
      .init(.swanctl, "replay_window = \("\(size)")"),
      .init(.libreswan, "replay-window=\("\(size)")"),
      .init(.shell, "ip xfrm state update … replay-window \("\(size)")"),
    ]
  }

  private static let look = Finding.Setting(.shell, "ip -s xfrm state")

  private func replayOff(_ judgement: SAJudgement) -> Finding {
    let sa = judgement.sa
    let isCertain = sa.direction != nil
    // A card that does all of IPsec may keep the window itself.
    let isInCard = sa.offload?.isWholePacket == true
    var evidence = [
      Finding.Evidence(
        isCertain
          ? "the kernel says: inbound, window 0"
          : "window 0; inbound by this machine's addresses or by the numbers that it received")
    ]
    if let configured = judgement.configuredWindow {
      evidence.append(.init("the daemon is configured with a window of \(configured)"))
    }
    return Finding(
      .replayOff, severity: isInCard ? .info : nil,
      isInCard ? .possible : isCertain ? .certain : .likely, about: judgement.subject,
      "SA \(spi: sa.spi) from \(sa.source) takes packets without replay protection",
      meaning: "who records its packets can send them again, and they are taken",
      evidence: evidence,
      remedies: [
        .init("Give the SA a replay window (Linux holds up to 4096).", Self.windowLines(64))
      ]
    )
  }

  /// Numbers that end before the daemon is to make a new SA.
  private func sequenceWrap(_ judgement: SAJudgement) -> Finding? {
    guard let forecast = judgement.forecast, !judgement.sa.usesESN else { return nil }
    let sa = judgement.sa
    if let soft = sa.limits.packets.soft, soft < UInt64(UInt32.max) { return nil }
    let age = sa.added.map { max(0, Nanoseconds(from: $0, to: snapshot.time).seconds) }
    let rekey: Nanoseconds? = sa.limits.age.soft.flatMap { soft in
      age.map { .seconds(max(0, Double(soft) - $0)) }
    }
    // Without a limit of age, a week is what an operator has to act in.
    guard forecast.left < rekey ?? .seconds(7 * 86_400) else { return nil }
    let isMeasured = if case .measured = forecast.basis { true } else { false }
    let rate = Quantity.decimal(forecast.perSecond, places: forecast.perSecond < 10 ? 1 : 0)
    return Finding(
      .espSequenceWrap, isMeasured ? .likely : .possible, about: judgement.subject,
      "SA \(spi: sa.spi) has used up its sequence numbers in \(forecast.left), at \(rate) packets a second",
      meaning: "the SA then stops: without ESN there are 4,294,967,295 numbers",
      evidence: [
        .init("number \(max(sa.replay.incoming, sa.replay.outgoing)) now, without ESN"),
        .init(rekey.map { "a new SA is due in \($0)" } ?? "the SA has no limit of age"),
      ],
      remedies: [
        .init(
          "Use extended sequence numbers, or rekey by packets.",
          [
            .init(.swanctl, "esp_proposals = aes256gcm16-esn"),
            .init(.swanctl, "rekey_packets = 4000000000"), .init(.libreswan, "esn=yes"),
          ])
      ])
  }

  private func windowTooSmall(_ judgement: SAJudgement, _ movement: SAMovement) -> Finding? {
    guard case .window(let window) = judgement.protection else { return nil }
    // One in ten thousand; the kernel's count has 32 bits.
    let late = movement.beforeWindow
    let matters =
      late >= 3 && late &* 10_000 >= movement.packets
    let recommended = judgement.recommendedWindow.flatMap { $0 > window ? $0 : nil }
    guard matters || recommended != nil else { return nil }
    let size = recommended ?? min(4096, max(256, window &* 4))
    var evidence: [Finding.Evidence] = []
    if late > 0 {
      evidence.append(
        .init(
          "\(late) packets came later than its window reaches back, \(movement.packets) passed"
            + (isDelta ? "" : ", since the SA was made")))
    }
    if let recommended {
      evidence.append(.init("its packets in the capture take a window of \(recommended)"))
    }
    if let configured = judgement.configuredWindow, configured != window {
      evidence.append(.init("configured is \(configured), installed \(window)"))
    }
    return Finding(
      .replayWindowTooSmall, late > 0 ? .likely : .possible, about: judgement.subject,
      "the replay window of \(window) is too small for SA \(spi: judgement.sa.spi) from \(judgement.sa.source)",
      meaning: "packets overtake each other on the way, and late ones are dropped as replays",
      evidence: evidence,
      remedies: [
        .init(
          "Set a larger window; Linux holds up to 4096, Cisco IOS 1024, OpenBSD has 64 fixed.",
          Self.windowLines(size))
      ])
  }

  /// Only worth knowing: the window did what it is there for.
  private func repeated(_ judgement: SAJudgement, _ movement: SAMovement) -> Finding {
    let sa = judgement.sa
    return Finding(
      .replaySuspected, severity: .info, .possible, about: judgement.subject,
      "\(movement.replayed) packets of SA \(spi: sa.spi) from \(sa.source) came twice and were dropped",
      meaning: "the way duplicates packets, or somebody sends recorded ones",
      evidence: [.init("\(movement.replayed) repeated, \(movement.packets) passed")],
      remedies: [
        .init(
          "See in a capture whether the copies come at once (the network) or later.",
          [.init(.shell, "ipsecdiag replay FILE")])
      ])
  }

  private func integrity(_ judgement: SAJudgement, _ movement: SAMovement) -> [Finding] {
    guard movement.failed >= 3, let cause = DropRules.integrity(judgement, movement).first else {
      return []
    }
    let sa = judgement.sa
    let evidence = [
      Finding.Evidence("\(movement.failed) packets failed their ICV, \(movement.packets) passed"),
      Finding.Evidence(cause.reason),
    ]
    switch cause.cause {
    case .windowUnderESN:
      guard movement.failed &* 10_000 >= movement.packets
      else {
        return []
      }
      return [
        Finding(
          .replayWindowTooSmall, cause.confidence, about: judgement.subject,
          "ICV failures of SA \(spi: sa.spi) fit a replay window of \(sa.replay.window) that is too small under ESN, not wrong keys",
          evidence: evidence,
          remedies: [
            .init(
              "Set a larger window; Linux holds up to 4096.",
              Self.windowLines(
                max(judgement.recommendedWindow ?? 0, min(4096, max(256, sa.replay.window &* 4)))))
          ])
      ]
    case .icvLength:
      return [
        Finding(
          .espICVLength, cause.confidence, about: judgement.subject,
          "all packets of SA \(spi: sa.spi) from \(sa.source) fail their ICV: one side may cut HMAC-SHA-256 to 96 bits",
          evidence: evidence,
          remedies: [
            .init(
              "Use AES-GCM, or the peer's length.",
              [
                .init(.swanctl, "esp_proposals = aes256gcm16"), .init(.libreswan, "esp=aes_gcm256"),
                .init(.swanctl, "sha256_96 = yes"), .init(.libreswan, "sha2-truncbug=yes"),
              ])
          ])
      ]
    case .wrongKeys:
      return [
        Finding(
          .espICVBad, cause.confidence, about: judgement.subject,
          "all packets of SA \(spi: sa.spi) from \(sa.source) fail their ICV: the keys differ",
          evidence: evidence,
          remedies: [
            .init(
              "Make the SA anew on both sides; where keys are set by hand, compare them.",
              [.init(.shell, "swanctl --rekey --child NAME"), Self.look])
          ])
      ]
    default:
      return [
        Finding(
          .espICVBad, severity: .info, .possible, about: judgement.subject,
          "some packets of SA \(spi: sa.spi) from \(sa.source) fail their ICV", evidence: evidence)
      ]
    }
  }

  /// An algorithm by the kernel's name, and what it is used for.
  private struct Algorithm: Hashable {
    let name: String
    let isCipher: Bool
    let isAH: Bool

    /// The cipher and the integrity algorithm of an SA; AEAD ciphers are not ruled out.
    static func all(of sa: KernelSA) -> [Algorithm] {
      [(sa.cipher, true), (sa.integrity, false)].compactMap { told, isCipher in
        told.map { Algorithm(name: $0.name, isCipher: isCipher, isAH: sa.ipProtocol == 51) }
      }
    }

    /// Whether RFC 8221 does, or a later one.
    var isRuledOut: Bool {
      let number =
        isCipher
        ? EncryptionAlgorithm(kernelName: name, icvBits: nil)?.rawValue
        : IntegrityAlgorithm(kernelName: name)?.rawValue
      return number.flatMap {
        AlgorithmGrade(of: isCipher ? .encryption : .integrity, id: $0, for: isAH ? .ah : .esp)
      }?.isRuledOut == true
    }
  }

  /// One finding for each algorithm.
  private func weakAlgorithms() -> [Finding] {
    var users: [String: (count: UInt64, first: [KernelSA])] = [:]
    // Nearly all SAs share a few algorithms.
    var known: [Algorithm: Bool] = [:]
    for (judgement, _) in sas {
      for algorithm in Algorithm.all(of: judgement.sa) {
        let isRuledOut = known[algorithm] ?? algorithm.isRuledOut
        known[algorithm] = isRuledOut
        guard isRuledOut else { continue }
        let name = algorithm.name
        users[name, default: (0, [])].count &+= 1
        if users[name, default: (0, [])].first.count < 8 { users[name]?.first.append(judgement.sa) }
      }
    }
    return users.sorted { $0.key < $1.key }.map { name, use in
      Finding(
        .ikeWeakCrypto, .certain, about: .host,
        "\(use.count) SAs use \(name), which RFC 8221 rules out",
        evidence: use.first.map {
          .init("SA \(spi: $0.spi) from \($0.source) to \($0.destination)")
        },
        remedies: [
          .init(
            "Configure algorithms of today on both sides.",
            [
              .init(.swanctl, "esp_proposals = aes256gcm16-ecp384"),
              .init(.libreswan, "esp=aes_gcm256"),
            ])
        ])
    }
  }

  /// Between two readings much went out to a peer, and nothing came in.
  private func oneWay() -> [Finding] {
    guard isDelta else { return [] }
    struct Traffic {
      var sent: UInt64 = 0
      var received: UInt64 = 0
      var receives = false
    }
    var peers: [OuterPath: Traffic] = [:]
    for (judgement, movement) in sas {
      let sa = judgement.sa
      switch judgement.role {
      case .outbound:
        peers[OuterPath(source: sa.source, destination: sa.destination), default: Traffic()]
          .sent &+= movement.packets
      case .inbound:
        let key = OuterPath(source: sa.destination, destination: sa.source)
        peers[key, default: Traffic()].received &+= movement.packets &+ movement.failed
        peers[key]?.receives = true
      case .unknown: break
      }
    }
    return peers.filter { $1.receives && $1.received == 0 && $1.sent >= 10 }.map { path, traffic in
      Finding(
        .espOneWay, severity: .info, .possible, about: .peers(path.source, path.destination),
        "\(traffic.sent) packets went to \(path.destination) through the tunnel, none came back",
        meaning: "only the peer's counters tell whether it gets them; some traffic has no answers",
        evidence: [.init("between the readings: \(traffic.sent) out, 0 in")],
        remedies: [.init("Look at the peer's counters.", [Self.look])])
    }
  }

  private func tunnelsDown() -> [Finding] {
    snapshot.daemons.flatMap { daemon -> [Finding] in
      let standings = DaemonState.Standings(daemon)
      return daemon.connections.flatMap { connection in
        connection.children.filter {
          $0.isWanted == true && standings.standing(of: $0, in: connection) == .down
        }.map { child in
          Finding(
            .tunnelDown, .likely, about: .connection(connection.name),
            "\(identity: child.name) of \(identity: connection.name) is to stand, and has no SA",
            evidence: [
              .init("\(daemon.kind.rawValue) has it configured to start by itself"),
              .init(
                standings.hasIKESA(connection)
                  ? "the IKE SA stands without it" : "there is no IKE SA of that connection"),
            ],
            remedies: [
              .init(
                "Bring it up, and read what the daemon says.",
                [
                  daemon.kind == .strongSwan
                    ? .init(.shell, "swanctl --initiate --child \(identity: child.name)")
                    : .init(.shell, "ipsec auto --up \(identity: connection.name)")
                ])
            ])
        }
      }
    }
  }
}
