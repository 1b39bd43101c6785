internal import Diagnosis
internal import Host
package import PacketDissector

/// What `ipsecdiag daemon` prints for people.
package struct DaemonText {
  private let report: DaemonReport
  private let naming: Naming
  private let options: DiagnosisText.Options
  private var page: Page { options.page }
  /// Of connections, and of SAs, unless all are asked for.
  private static let rowLimit = 20
  private static let remedyLimit = 5

  package init(_ report: DaemonReport, _ naming: Naming, _ options: DiagnosisText.Options) {
    self.report = report
    self.naming = naming
    self.options = options
  }

  package func write(to text: inout TextBuffer) {
    text.put(report.verdict, options)
    if options.isQuiet { return }
    for daemon in report.daemons { self.daemon(daemon, to: &text) }
    if !report.missing.isEmpty { text.put("\nNot found out\n") }
    for missing in report.missing { line(missing.reason, indent: 2, to: &text) }
  }

  private func daemon(_ daemon: DaemonReport.Daemon, to text: inout TextBuffer) {
    let state = daemon.state
    text.put("\n")
    line("\(state.kind.rawValue) \(state.version ?? "of unknown version")", indent: 0, to: &text)
    let tunnels = DaemonReport.tunnels(of: state)
    for connection in rows(state.connections) {
      self.connection(
        connection, tunnels.filter { $0.connection == connection.name }, to: &text)
    }
    rest(state.connections.count, "connection", to: &text)
    remedies(tunnels, state.kind, to: &text)
    if !state.ikeSAs.isEmpty { text.put("\nSAs\n") }
    for sa in rows(state.ikeSAs) { ikeSA(sa, to: &text) }
    rest(state.ikeSAs.count, "IKE SA", to: &text)
    counters(state.counters, to: &text)
    if state.kind == .strongSwan { untold(daemon, to: &text) }
  }

  // MARK: Connections

  private func connection(
    _ connection: DaemonState.Connection, _ tunnels: [DaemonReport.Tunnel],
    to text: inout TextBuffer
  ) {
    var parts = [
      "\(naming.name(ofIdentity: connection.name)): "
        + "\(hosts(connection.localAddresses)) to \(hosts(connection.remoteAddresses))"
    ]
    if let version = connection.ikeVersion { parts.append("IKEv\(version)") }
    if let delay = connection.dpdDelay {
      let seconds = Quantity.decimal(delay, places: delay == delay.rounded() ? 0 : 1)
      parts.append("liveness check after \(seconds) s of silence")
    }
    line(parts.joined(separator: ", "), indent: 2, to: &text)
    for tunnel in tunnels { self.tunnel(tunnel, to: &text) }
  }

  private func tunnel(_ tunnel: DaemonReport.Tunnel, to text: inout TextBuffer) {
    let child = tunnel.child
    let wish =
      switch child.isWanted {
      case true where tunnel.standing != .up: ", wanted"
      case false: ", set up only when asked for"
      default: ""
      }
    var parts = ["\(naming.name(ofIdentity: child.name)): \(tunnel.standing.rawValue)\(wish)"]
    if !child.localSelectors.isEmpty || !child.remoteSelectors.isEmpty {
      parts.append("\(networks(child.localSelectors)) to \(networks(child.remoteSelectors))")
    }
    if let window = child.replayWindow {
      parts.append(window == 0 ? "no replay protection" : "replay window \(window) packets")
    }
    line(parts.joined(separator: "; "), indent: 4, to: &text)
  }

  private func remedies(
    _ tunnels: [DaemonReport.Tunnel], _ kind: DaemonState.Kind, to text: inout TextBuffer
  ) {
    let amiss = tunnels.filter { $0.severity == .critical }
    guard !amiss.isEmpty else { return }
    text.put("\nRemedy\n")
    line(
      "Set it up by hand: the daemon then says why it does not come up. `ipsecdiag probe` tells "
        + "whether the peer answers at all.", indent: 2, to: &text)
    for tunnel in amiss.prefix(Self.remedyLimit) where !naming.redacts {
      guard let command = tunnel.command(of: kind) else { continue }
      page.command(command, indent: 4, to: &text)
    }
  }

  private func hosts(_ addresses: [String]) -> String {
    addresses.isEmpty ? "any" : addresses.map { naming.name(ofHost: $0) }.joined(separator: ", ")
  }

  private func networks(_ selectors: [String]) -> String {
    selectors.isEmpty
      ? "any" : selectors.map { naming.name(ofNetwork: $0) }.joined(separator: ", ")
  }

  // MARK: SAs

  private func ikeSA(_ sa: DaemonState.IKESA, to text: inout TextBuffer) {
    var parts = ["\(naming.name(ofIdentity: sa.name)) [\(sa.uniqueID)]: \(sa.state)"]
    if let age = sa.age { parts[0] += " for \(age) s" }
    if !sa.remoteAddress.isEmpty {
      parts.append("\(hosts([sa.localAddress])) to \(hosts([sa.remoteAddress]))")
    }
    if let seconds = sa.rekeyIn { parts.append(Self.moment("new keys", seconds)) }
    line(parts.joined(separator: ", "), indent: 2, to: &text)
    for child in sa.children { self.child(child, to: &text) }
  }

  private func child(_ child: DaemonState.ChildSA, to text: inout TextBuffer) {
    var parts = ["\(naming.name(ofIdentity: child.name)): \(child.state)"]
    if let spi = child.inboundSPI { parts.append("SPI in \(hex(spi))") }
    if let spi = child.outboundSPI { parts.append("out \(hex(spi))") }
    if let reqID = child.reqID { parts.append("reqid \(reqID)") }
    if child.isEncapsulated == true { parts.append("in UDP") }
    if child.usesESN == true { parts.append("64-bit sequence numbers") }
    if let seconds = child.rekeyIn { parts.append(Self.moment("new keys", seconds)) }
    if let seconds = child.endsIn { parts.append(Self.moment("ends", seconds)) }
    line(parts.joined(separator: ", "), indent: 4, to: &text)
    let traffic = [
      Self.traffic("in", child.bytesIn, child.packetsIn, idle: child.idleIn),
      Self.traffic("out", child.bytesOut, child.packetsOut, idle: child.idleOut),
    ].compactMap { $0 }
    if !traffic.isEmpty { line(traffic.joined(separator: "; "), indent: 6, to: &text) }
  }

  private func hex(_ spi: UInt32) -> String {
    var text = TextBuffer(capacity: 64)
    text.hex(UInt64(naming.name(of: spi)), digits: 8)
    return text.string
  }

  private static func moment(_ what: String, _ seconds: Int64) -> String {
    seconds >= 0 ? "\(what) in \(seconds) s" : "\(what) since \(seconds.magnitude) s overdue"
  }

  private static func traffic(
    _ way: String, _ bytes: UInt64?, _ packets: UInt64?, idle: Int64?
  ) -> String? {
    guard let bytes else { return nil }
    var words = "\(way) \(bytes) bytes"
    if let packets { words += " in \(packets) \(packets == 1 ? "packet" : "packets")" }
    if let idle { words += ", the last \(idle) s ago" }
    return words
  }

  // MARK: The rest

  private func counters(_ entries: [DropCounters.Entry], to text: inout TextBuffer) {
    let shown = entries.filter { $0.value > 0 }
    guard !shown.isEmpty else { return }
    text.put("\nCounters\n")
    line(shown.map { "\($0.name) \($0.value)" }.joined(separator: ", "), indent: 2, to: &text)
  }

  private func untold(_ daemon: DaemonReport.Daemon, to text: inout TextBuffer) {
    let children = daemon.state.connections.flatMap(\.children)
    guard !children.isEmpty else { return }
    text.put("\n")
    if let file = daemon.configuration.map({ naming.redacts ? "swanctl.conf" : $0 }) {
      line(
        "VICI tells neither start_action nor the replay window: they are from \(file), which charon "
          + "may have loaded at another time.", indent: 0, to: &text)
    } else {
      line(
        "VICI tells neither start_action nor the replay window: --config FILE takes them from "
          + "swanctl.conf. The kernel's own window stands in `ip -s xfrm state`.", indent: 0,
        to: &text)
    }
  }

  private func rows<Element>(_ all: [Element]) -> ArraySlice<Element> {
    options.isVerbose ? all[...] : all.prefix(Self.rowLimit)
  }

  private func rest(_ count: Int, _ noun: String, to text: inout TextBuffer) {
    let hidden = options.isVerbose ? 0 : count - Self.rowLimit
    guard hidden > 0 else { return }
    line("and \(hidden) more \(noun)\(hidden == 1 ? "" : "s"): --verbose", indent: 2, to: &text)
  }

  /// One line, with what the daemon wrote made harmless, and broken where the page ends.
  private func line(_ words: String, indent: Int, to text: inout TextBuffer) {
    var harmless = TextBuffer(capacity: 128)
    harmless.escaped(words)
    text.spaces(indent)
    page.paragraph(harmless.string, from: indent, indent: indent + 2, to: &text)
  }
}
