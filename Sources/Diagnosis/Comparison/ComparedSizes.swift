internal import PacketDissector

/// Which sizes of ESP packets pass in one direction, by what became of each packet.
struct ComparedSizes {
  /// No size above ``largestArrived`` arrived.
  struct Limit {
    let largestArrived: UInt16
    let smallestLost: UInt16
    let largestLost: UInt16
    let lost: [DirectionComparison.Fate]
    /// Smaller packets that left after the first loss, and how many of those arrived.
    let smallerSent: Int
    let smallerArrived: Int
  }

  /// Sizes that never arrived while smaller and larger ones did.
  struct Band {
    let sizes: ClosedRange<UInt16>
    let nextSmaller: UInt16?
    let nextLarger: UInt16
    let lost: [DirectionComparison.Fate]
  }

  /// IP fragments of which no datagram arrived, while whole packets did.
  struct Fragments {
    let sizes: ClosedRange<UInt16>
    let lost: [DirectionComparison.Fate]
  }

  private(set) var limit: Limit?
  private(set) var band: Band?
  private(set) var fragments: Fragments?

  private static let leastLost = 3

  init(_ direction: DirectionComparison) {
    let whole = direction.fates.filter { !$0.isInIPFragments }
    let pieces = direction.fates.filter(\.isInIPFragments)
    guard let largest = whole.filter(\.arrived).map(\.bytes).max() else { return }
    limit = Self.limit(whole, largest)
    band = Self.band(direction, whole, below: largest)
    let sizes = pieces.map(\.bytes)
    if pieces.count >= Self.leastLost, !pieces.contains(where: \.arrived), let least = sizes.min(),
      let most = sizes.max()
    {
      fragments = Fragments(sizes: least...most, lost: pieces)
    }
  }

  private static func limit(
    _ whole: [DirectionComparison.Fate], _ largest: UInt16
  ) -> Limit? {
    let lost = whole.filter { $0.bytes > largest }
    guard lost.count >= leastLost, let first = lost.first, let smallest = lost.map(\.bytes).min(),
      let most = lost.map(\.bytes).max()
    else { return nil }
    let smaller = whole.filter { $0.bytes <= largest }
    let since = smaller.filter { $0.time > first.time }
    let limit = Limit(
      largestArrived: largest, smallestLost: smallest, largestLost: most, lost: lost,
      smallerSent: since.count, smallerArrived: since.count(where: \.arrived))
    // What is lost whatever its size has another cause; and one burst of loss says nothing of sizes.
    let isLasting =
      lost.count >= 5 && (lost.last?.time ?? first.time) &- first.time >= 1_000_000_000
    guard smaller.count(where: \.arrived) >= leastLost,
      limit.smallerArrived * 5 >= limit.smallerSent * 4,
      isLasting || incidents(lost, among: whole) >= 2 || Set(lost.map(\.bytes)).count >= 2
    else { return nil }
    return limit
  }

  /// How often loss of these packets began anew after something had arrived.
  private static func incidents(
    _ lost: [DirectionComparison.Fate], among all: [DirectionComparison.Fate]
  ) -> Int {
    let sizes = Set(lost.map(\.bytes))
    var count = 0
    var isBroken = true
    for fate in all {
      if fate.arrived {
        isBroken = true
      } else if isBroken, sizes.contains(fate.bytes) {
        count += 1
        isBroken = false
      }
    }
    return count
  }

  private static func band(
    _ direction: DirectionComparison, _ whole: [DirectionComparison.Fate], below largest: UInt16
  ) -> Band? {
    let steps = direction.sizes.sorted { $0.key < $1.key }.filter { $0.key <= largest }
    var best: Band?
    var start = steps.startIndex
    while start < steps.endIndex {
      guard steps[start].value.arrived == 0 else {
        start += 1
        continue
      }
      let end = steps[start...].firstIndex { $0.value.arrived > 0 } ?? steps.endIndex
      defer { start = end }
      guard end < steps.endIndex else { continue }
      let sizes = steps[start].key...steps[end - 1].key
      let lost = whole.filter { sizes.contains($0.bytes) }
      let others = whole.filter { !sizes.contains($0.bytes) && $0.bytes <= largest }
      // A burst may take all packets of a size; it does not come three times to the same one.
      guard lost.count >= leastLost + 1, incidents(lost, among: whole) >= 3,
        others.count(where: \.arrived) * 5 >= others.count * 4, lost.count > best?.lost.count ?? 0
      else { continue }
      best = Band(
        sizes: sizes, nextSmaller: start > 0 ? steps[start - 1].key : nil,
        nextLarger: steps[end].key, lost: lost)
    }
    return best
  }

  /// Whether a packet was lost for its size.
  func explains(_ fate: DirectionComparison.Fate) -> Bool {
    guard !fate.arrived else { return false }
    if fate.isInIPFragments { return fragments != nil }
    if let limit, fate.bytes > limit.largestArrived { return true }
    return band?.sizes.contains(fate.bytes) ?? false
  }
}

/// What sizes of ESP a path takes: `mtu-blackhole` and `mtu-band`, from both captures.
enum ComparedMTU {
  static func findings(
    _ path: PathComparison, _ a: CaptureEvidence, _ b: CaptureEvidence
  ) -> [Finding] {
    let verdicts = path.directions.map { (direction: $0, sizes: ComparedSizes($0)) }
    let limits = verdicts.filter {
      $0.sizes.limit != nil && !hasICMP($0.direction, $0.direction.isFromA ? a : b)
    }
    var findings: [Finding] = []
    if let finding = blackhole(path, limits) { findings.append(finding) }
    for (direction, sizes) in verdicts {
      if let band = sizes.band { findings.append(self.band(band, direction)) }
      if let fragments = sizes.fragments {
        findings.append(self.fragments(fragments, direction))
      }
    }
    return findings
  }

  /// The sender was told: that is another finding.
  private static func hasICMP(_ direction: DirectionComparison, _ evidence: CaptureEvidence) -> Bool
  {
    let spis = Set(direction.fates.map(\.spi))
    return evidence.icmp.entries.contains {
      if case .esp(let spi) = $0.quoted { $0.isTooBig && spis.contains(spi) } else { false }
    }
  }

  private static func blackhole(
    _ path: PathComparison, _ verdicts: [(direction: DirectionComparison, sizes: ComparedSizes)]
  ) -> Finding? {
    let limits = verdicts.compactMap { verdict in
      verdict.sizes.limit.map { (direction: verdict.direction, limit: $0) }
    }
    guard let worst = limits.min(by: { $0.limit.smallestLost < $1.limit.smallestLost }) else {
      return nil
    }
    let (direction, limit) = worst
    let isExact = limit.smallestLost - limit.largestArrived <= 8
    let mtu = Int(limit.largestArrived)
    var facts: [Finding.Evidence] = []
    for (direction, limit) in limits {
      facts.append(
        Finding.Evidence(
          "\(direction.way): up to \(limit.largestArrived) bytes arrive, \(limit.smallestLost) to \(limit.largestLost) bytes never do (0 of \(limit.lost.count))",
          limit.lost.prefix(8).map(\.frame), of: direction.sender))
      if limit.smallerSent > 0 {
        facts.append(
          Finding.Evidence(
            "\(direction.way): of smaller packets sent meanwhile \(limit.smallerArrived) of \(limit.smallerSent) arrive"
          ))
      }
    }
    facts.append(Finding.Evidence("no ICMP \"too big\" for them reached their sender's capture"))
    let lost: Statement =
      limit.smallestLost == limit.largestLost
      ? "of \(limit.smallestLost) bytes"
      : "of \(limit.smallestLost) to \(limit.largestLost) bytes"
    return Finding(
      .mtuBlackhole, limits.contains { $0.limit.smallerArrived > 0 } ? .certain : .likely,
      about: .peers(path.hostAtA, path.hostAtB),
      isExact
        ? "ESP packets above \(limit.largestArrived) bytes never get \(direction.way), smaller ones do"
        : "ESP packets \(lost) never get \(direction.way), those up to \(limit.largestArrived) bytes do",
      meaning: isExact
        ? "a link between takes IP packets of \(mtu) to \(Int(limit.smallestLost) - 1) bytes, and drops larger ones without a word: connections stand and hang"
        : "a link between takes less than \(limit.smallestLost) bytes, and drops larger packets without a word: connections stand and hang",
      evidence: facts, remedies: remedies(isExact ? mtu : min(1280, Int(limit.smallestLost))))
  }

  /// For a path that takes IP packets of `mtu` bytes.
  private static func remedies(_ mtu: Int) -> [Finding.Remedy] {
    [
      Finding.Remedy(
        "see what \(mtu) bytes outside leave for the packets inside, and lower the inner MTU to it",
        [.init(.shell, "ipsecdiag mtu --calculate --path-mtu \("\(mtu)")")]),
      Finding.Remedy(
        "or clamp the MSS of TCP that goes into the tunnel, at both gateways",
        [
          .init(
            .nftables,
            "add rule inet filter forward tcp flags syn tcp option maxseg size set \("\(max(536, mtu - 120))")"
          )
        ]),
      Finding.Remedy(
        "let ICMP type 3 code 4 (IPv6: type 2) pass in every firewall between",
        [
          .init(
            .nftables, "add rule inet filter forward icmp type destination-unreachable accept")
        ]),
    ]
  }

  private static func band(
    _ band: ComparedSizes.Band, _ direction: DirectionComparison
  ) -> Finding {
    let smaller: Statement =
      band.nextSmaller.map { "\($0) bytes and \(band.nextLarger) bytes do" }
      ?? "\(band.nextLarger) bytes do"
    return Finding(
      .mtuBand, .certain, about: direction.subject,
      "ESP of \(band.sizes.lowerBound) to \(band.sizes.upperBound) bytes never gets \(direction.way), \(smaller)",
      meaning: "a device between drops by size, in a way that larger packets escape",
      evidence: [
        Finding.Evidence(
          "\(band.lost.count) packets of these sizes left, none arrived",
          band.lost.prefix(8).map(\.frame), of: direction.sender)
      ], remedies: remedies(Int(band.nextSmaller ?? band.sizes.lowerBound)))
  }

  private static func fragments(
    _ fragments: ComparedSizes.Fragments, _ direction: DirectionComparison
  ) -> Finding {
    Finding(
      .mtuBand, .certain, about: direction.subject,
      "ESP that goes in IP fragments never gets \(direction.way), whole packets do",
      meaning:
        "packets inside that are a little too large for one outer packet are lost; smaller ones pass, and larger ones that are split before encryption",
      evidence: [
        Finding.Evidence(
          "\(fragments.lost.count) packets of \(fragments.sizes.lowerBound) to \(fragments.sizes.upperBound) bytes left in IP fragments, none became whole at the other capture",
          fragments.lost.prefix(8).map(\.frame), of: direction.sender)
      ],
      remedies: [
        Finding.Remedy(
          "keep ESP whole: lower the inner MTU, or clamp the MSS of TCP, at both gateways",
          [
            .init(
              .nftables,
              "add rule inet filter forward tcp flags syn tcp option maxseg size set 1360")
          ]),
        Finding.Remedy("or let IP fragments pass in the firewalls between"),
      ])
  }
}

extension DirectionComparison {
  /// "from A to B"
  var way: Statement { "from \(sender.rawValue) to \(receiver.rawValue)" }

  var subject: Finding.Subject { .peers(source, destination) }
}
