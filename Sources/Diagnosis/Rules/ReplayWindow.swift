internal import PacketDissector

/// Packets that come later than a replay window reaches back: what each size of window would drop.
enum ReplayWindow {
  static let rule = Rule([.replayWindowTooSmall]) { evidence in
    var worst: [OuterPath: ESPFlow] = [:]
    var order: [OuterPath] = []
    for flow in evidence.flows.flows where judged(flow) != nil {
      let path = OuterPath(source: flow.source, destination: flow.destination)
      if let known = worst[path] {
        if dropped(flow, by: common) > dropped(known, by: common) { worst[path] = flow }
      } else {
        worst[path] = flow
        order.append(path)
      }
    }
    return order.compactMap { path in worst[path].flatMap(finding) }
  }

  /// What Cisco IOS, Juniper, Windows and Check Point have where nothing is configured; strongSwan and
  /// older libreswan have ``small``.
  private static let common: UInt32 = 64
  private static let small: UInt32 = 32

  private static func dropped(_ flow: ESPFlow, by window: UInt32) -> UInt64 {
    guard let disorder = flow.sequence.disorder else { return 0 }
    if let place = Disorder.windows.firstIndex(of: window) { return disorder.dropped[place] }
    return disorder.distances.count(in: window..<UInt32.max)
  }

  /// The window to judge by, and how bad it is where that drops something: what the key file says, the
  /// common one, or as a hint the smaller one. Nil where all packets come in time.
  private static func judged(_ flow: ESPFlow) -> (window: UInt32, severity: Severity)? {
    guard flow.isCountedOn else { return nil }
    if let own = flow.opening.replayWindow, own > 0 {
      return matters(dropped(flow, by: own), of: flow.sequence.received) ? (own, .warning) : nil
    }
    if matters(dropped(flow, by: common), of: flow.sequence.received) { return (common, .warning) }
    return matters(dropped(flow, by: small), of: flow.sequence.received) ? (small, .info) : nil
  }

  /// Three packets at least, and one in ten thousand.
  private static func matters(_ dropped: UInt64, of received: UInt64) -> Bool {
    dropped >= 3 && dropped * 10_000 >= received
  }

  private static func finding(_ flow: ESPFlow) -> Finding? {
    guard let (window, severity) = judged(flow), let disorder = flow.sequence.disorder else {
      return nil
    }
    let count = dropped(flow, by: window)
    let isKnown = flow.opening.replayWindow == window
    let classes = lateClasses(flow)
    let share = Quantity.percent(count, of: flow.sequence.received)
    return Finding(
      .replayWindowTooSmall, severity: severity, classes.isEmpty && !isKnown ? .possible : .likely,
      about: flow.subject,
      "a replay window of \(window) drops \(share) of \(flow.name): packets come up to \(disorder.distances.largest) late",
      meaning:
        "packets overtake each other on the way; what comes later than the receiver's window reaches back is dropped as a replay, and under ESN counts as a failed ICV",
      evidence: facts(flow, disorder, classes), remedies: remedies(flow, disorder, classes))
  }

  /// The classes of late packets that are not those of most packets on time.
  private static func lateClasses(_ flow: ESPFlow) -> [TrafficClasses.Entry] {
    let entries = flow.classes.entries
    let onTime = entries.max { $0.packets &- $0.late < $1.packets &- $1.late }
    return entries.filter { $0.late > 0 && $0.dscp != onTime?.dscp }
  }

  private static func facts(
    _ flow: ESPFlow, _ disorder: Disorder, _ classes: [TrafficClasses.Entry]
  ) -> [Finding.Evidence] {
    let late = flow.events.filter { event in
      if case .late(let distance) = event.arrival { distance >= small } else { false }
    }
    let table = zip(Disorder.windows, disorder.dropped)
      .map { "\($0): \(Quantity.grouped(Int64(clamping: $1)))" }.joined(separator: ", ")
    var facts = [
      Finding.Evidence(
        "\(disorder.late) of \(flow.sequence.received) packets came after a higher number: half of them by \(disorder.distances.percentile(0.5)) or less, 99 % by \(disorder.distances.percentile(0.99)), the latest by \(disorder.distances.largest)",
        late.prefix(8).map(\.frame)),
      Finding.Evidence("dropped by a window of \(table)"),
    ]
    for entry in classes {
      facts.append(
        Finding.Evidence(
          "DSCP \(entry.dscp) comes late: \(entry.late) of its \(entry.packets) packets; queues send other classes first"
        ))
    }
    facts.append(
      Finding.Evidence(
        flow.opening.replayWindow.flatMap { $0 > 0 ? "the key file says: window \($0)" : nil }
          ?? "the receiver's window is not in the capture: 64 is what most have, 32 strongSwan's default"
      ))
    return facts
  }

  private static func remedies(
    _ flow: ESPFlow, _ disorder: Disorder, _ classes: [TrafficClasses.Entry]
  ) -> [Finding.Remedy] {
    let enough = zip(Disorder.windows, disorder.dropped)
      .first { $0 > small && $1 * 100_000 <= flow.sequence.received }?.0
    let size = enough ?? 4096
    var remedies = [
      Finding.Remedy(
        enough == nil
          ? "no usual window holds all of it: take the largest, on \(flow.destination), the receiver"
          : "set the window to \("\(size)") on \(flow.destination), the receiver (both ends for both ways)",
        [
          .init(.swanctl, "replay_window = \("\(size)")"),
          .init(.libreswan, "replay-window=\("\(size)")"),
          .init(
            .cisco, "crypto ipsec security-association replay window-size \("\(min(size, 1024))")"),
        ]),
      Finding.Remedy(
        "limits: Linux 4096, Cisco IOS 1024; OpenBSD has 64 fixed. See what the receiver has and drops:",
        [.init(.shell, "ip -s xfrm state"), .init(.shell, "cat /proc/net/xfrm_stat")]),
    ]
    if !classes.isEmpty {
      remedies.append(
        Finding.Remedy(
          "or give each traffic class an SA of its own, or send ESP in one class: no queue reorders it then",
          [.init(.swanctl, "copy_dscp = no")]))
    }
    return remedies
  }
}
