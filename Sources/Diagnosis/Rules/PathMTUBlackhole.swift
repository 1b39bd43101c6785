internal import PacketDissector

/// Large packets vanish without ICMP, as decrypted echoes and TCP segments show.
enum PathMTUBlackhole {
  static let rule = Rule([.mtuBlackhole, .mtuBand]) { evidence in
    let echoes = evidence.inner.echoes.keys.map {
      OuterPath(source: $0.source, destination: $0.destination)
    }
    let segments = evidence.inner.segments.filter(isStuck).map {
      OuterPath(source: $0.outerSource, destination: $0.outerDestination)
    }
    return Set(echoes + segments).sorted {
      ($0.source, $0.destination) < ($1.source, $1.destination)
    }
    .compactMap { path in
      PathMTUExceeded.isReported(path, evidence)
        ? nil : band(path, evidence) ?? blackhole(path, evidence)
    }
  }

  /// Every path carries so much: what vanishes below has another cause.
  private static let leastBytes = 548

  // MARK: Ladder

  /// Which sizes of echo requests are answered.
  private struct Ladder {
    /// Bytes of the inner packets, ascending.
    let answered: [(bytes: Int, count: InnerTraffic.Echoes)]
    let lost: [(bytes: Int, count: InnerTraffic.Echoes)]

    init?(_ path: OuterPath, _ evidence: CaptureEvidence) {
      guard let sizes = evidence.inner.echoes[path.inner]?.sorted(by: { $0.key < $1.key }) else {
        return nil
      }
      answered = sizes.filter { $0.value.answered > 0 }.map { ($0.key, $0.value) }
      lost = sizes.filter { $0.value.answered == 0 }.map { ($0.key, $0.value) }
      guard !answered.isEmpty, lost.reduce(0, { $0 + $1.count.sent }) >= 3,
        lost.allSatisfy({ $0.bytes > PathMTUBlackhole.leastBytes })
      else { return nil }
    }

    /// The largest that was answered below all that were lost.
    var passing: Int? {
      lost.first.flatMap { smallest in answered.last { $0.bytes < smallest.bytes }?.bytes }
    }

    /// Those answered that are larger than some that were lost.
    var above: [(bytes: Int, count: InnerTraffic.Echoes)] {
      lost.last.map { largest in answered.filter { $0.bytes > largest.bytes } } ?? []
    }

    /// Each size is lost or answered on one side of the break.
    var isMonotonic: Bool {
      guard let smallest = lost.first?.bytes else { return false }
      return answered.allSatisfy { $0.bytes < smallest }
    }

    var text: Statement {
      func list(_ sizes: [(bytes: Int, count: InnerTraffic.Echoes)]) -> String {
        let shown = sizes.suffix(6).map {
          "\($0.bytes) (\($0.count.answered) of \($0.count.sent))"
        }
        return shown.joined(separator: ", ")
      }
      return
        "echo requests answered, by bytes of the inner packet: \(list(answered)); never: \(list(lost))"
    }

    var frames: [FrameReference] { lost.prefix(6).map(\.count.first) }
  }

  // MARK: Band

  private static func band(_ path: OuterPath, _ evidence: CaptureEvidence) -> Finding? {
    guard let ladder = Ladder(path, evidence), let passing = ladder.passing,
      let lowest = ladder.lost.first?.bytes, let highest = ladder.lost.last?.bytes
    else { return nil }
    let above = ladder.above
    let split = evidence.inner.splitEchoes[path.inner]
    let largerPass = above.reduce(0) { $0 + $1.count.answered } >= 2
    let splitPass = ladder.isMonotonic && (split?.answered ?? 0) >= 2
    guard largerPass || splitPass else { return nil }
    // Between the two bounds nothing else came through.
    guard ladder.answered.allSatisfy({ $0.bytes < lowest || $0.bytes > highest }) else {
      return nil
    }
    var facts = [Finding.Evidence(ladder.text, ladder.frames)]
    if largerPass {
      facts.append(
        Finding.Evidence(
          "larger ones pass: \(above.map { "\($0.bytes)" }.joined(separator: ", ")) bytes",
          above.prefix(4).map(\.count.first)))
    }
    if splitPass, let split {
      facts.append(
        Finding.Evidence(
          "those that were split before ESP pass: \(split.answered) of \(split.sent)", [split.first]
        ))
    }
    facts += fragmentFacts(path, evidence)
    return Finding(
      .mtuBand, .likely, about: .peers(path.source, path.destination),
      "inner packets of \(lowest) to \(highest) bytes vanish, smaller and larger ones pass",
      meaning:
        "those sizes must be fragmented after encapsulation, and such fragments are dropped on the way; what is split before ESP passes",
      evidence: facts,
      remedies: InnerLimits.remedies(inner: passing) + [
        Finding.Remedy(
          "or split before encapsulation: the MTU of the tunnel's interface decides, and DF must not be copied out",
          [
            .init(.cisco, "crypto ipsec fragmentation before-encryption"),
            .init(.swanctl, "copy_df = no"),
          ])
      ])
  }

  private static func fragmentFacts(
    _ path: OuterPath, _ evidence: CaptureEvidence
  ) -> [Finding.Evidence] {
    let flows = evidence.flows(path.source, path.destination).filter { $0.inFragments > 0 }
    let count = flows.reduce(0) { $0 + $1.inFragments }
    guard count > 0 else { return [] }
    return [
      Finding.Evidence(
        "\(count) ESP packets left as IP fragments", flows.prefix(4).compactMap(\.firstInFragments))
    ]
  }

  // MARK: Black hole

  private static func blackhole(_ path: OuterPath, _ evidence: CaptureEvidence) -> Finding? {
    let ladder = Ladder(path, evidence).flatMap { $0.isMonotonic ? $0 : nil }
    let stuck = evidence.inner.segments.filter {
      $0.outerSource == path.source && $0.outerDestination == path.destination && isStuck($0)
    }
    let smallestLost = ([ladder?.lost.first?.bytes] + stuck.map(\.stuckBytes)).compactMap(\.self)
      .min()
    guard let smallestLost else { return nil }
    let passing = passing(ladder, path, evidence, below: smallestLost)
    let limits = InnerLimits(path, evidence)
    var facts: [Finding.Evidence] = []
    if let ladder { facts.append(Finding.Evidence(ladder.text, ladder.frames)) }
    facts += stuck.prefix(4).map { segments in
      Finding.Evidence(
        "a TCP segment in a packet of \(segments.stuckBytes) bytes, sent \(Quantity.times(UInt64(segments.stuckCount))), was never acknowledged, though the connection was set up",
        segments.stuckFrames)
    }
    if let outer = limits.outerBytes(inner: smallestLost) {
      facts.append(
        Finding.Evidence(
          "with ESP around it that is a packet of \(outer) bytes\(limits.isKnown ? "" : " (if the suite is AES-GCM)")"
        ))
    }
    facts.append(Finding.Evidence("no ICMP error about size is in the capture"))
    facts += fragmentFacts(path, evidence)
    let both = ladder != nil && !stuck.isEmpty
    return Finding(
      .mtuBlackhole, both ? .certain : .likely, about: .peers(path.source, path.destination),
      "inner packets of \(smallestLost) bytes and more from \(path.source) vanish, and no ICMP says so",
      meaning:
        "a link on the path carries less than the senders believe, and its ICMP is filtered or never sent: small things work, and transfers hang",
      evidence: facts, remedies: remedies(passing, limits, path))
  }

  /// The largest inner packet known to pass.
  private static func passing(
    _ ladder: Ladder?, _ path: OuterPath, _ evidence: CaptureEvidence, below lost: Int
  ) -> Int? {
    let acknowledged = evidence.inner.segments
      .filter { $0.outerSource == path.source && $0.outerDestination == path.destination }
      .map(\.largestAcknowledged)
    return (acknowledged + [ladder?.passing ?? 0]).filter { $0 > leastBytes && $0 < lost }.max()
  }

  private static func remedies(
    _ passing: Int?, _ limits: InnerLimits, _ path: OuterPath
  ) -> [Finding.Remedy] {
    // What IPv6 guarantees, where nothing larger is known to pass.
    let inner = passing ?? limits.innerMTU(pathMTU: 1280) ?? 1214
    return InnerLimits.remedies(inner: inner) + [
      Finding.Remedy(
        passing == nil
          ? "no larger size is known to pass: measure with echoes that must not be fragmented"
          : "find the exact limit with echoes that must not be fragmented",
        [.init(.shell, "ping -M do -s \("\(inner - 28)") INNER-HOST")]),
      Finding.Remedy(
        "or mend the path: let ICMP through that says \"fragmentation needed\" (IPv6: \"packet too big\")",
        [
          .init(.nftables, "add rule inet filter forward icmp type destination-unreachable accept"),
          .init(.nftables, "add rule inet filter forward icmpv6 type packet-too-big accept"),
        ]),
    ]
  }

  // MARK: TCP

  /// The connection stands, and a large segment of it is sent again and again.
  static func isStuck(_ segments: InnerTraffic.Segments) -> Bool {
    guard segments.stuckCount >= 4, segments.stuckBytes > leastBytes,
      segments.acknowledged != nil, segments.stuckBytes > segments.largestAcknowledged,
      let first = segments.stuckFrames.first, let last = segments.stuckFrames.last
    else { return false }
    return Nanoseconds(from: first.time, to: last.time).seconds >= 1
  }
}
