package import Diagnosis
internal import Host
package import PacketDissector

/// What `ipsecdiag dpd --local` prints: which connections check whether their peers live, and when those were last
/// heard of. Schemas/dpd-local-1.schema.json describes the JSON.
package struct LocalLivenessReport {
  private let liveness: LocalLiveness
  private let naming: Naming
  private static let connectionLimit = 50
  /// Where a connection's words stand.
  private static let column = 12

  package init(_ liveness: LocalLiveness, _ naming: Naming) {
    self.liveness = liveness
    self.naming = naming
  }

  package var verdict: Verdict {
    let count = Verdict.counted(liveness.connections.count, "connection")
    if liveness.connections.isEmpty {
      let isRead = !liveness.snapshot.daemons.isEmpty
      return Verdict(
        .unknown, isRead ? "no connection of a daemon stands" : "no daemon tells its state")
    }
    let isOne = liveness.connections.count == 1
    let unchecked = isOne ? "without" : "\(liveness.findings.count) of which without"
    if let found = Verdict(
      liveness.findings, nothing: "\(count), \(unchecked) liveness checks")
    {
      return found
    }
    return Verdict(.ok, "\(count), \(isOne ? "" : "all ")with liveness checks")
  }

  package func writeText(_ options: DiagnosisText.Options, to text: inout TextBuffer) {
    text.put(verdict, options)
    if options.isQuiet { return }
    let page = options.page
    let all = liveness.connections
    let shown = options.isVerbose ? all[...] : all.prefix(Self.connectionLimit)
    for connection in shown { write(connection, page, to: &text) }
    if shown.count < all.count {
      text.put(
        "\nand \(Verdict.counted(all.count - shown.count, "more connection")): -v shows all\n")
    }
    let writer = FindingText(page, naming, start: nil, isVerbose: options.isVerbose)
    writer.write(liveness.findings, to: &text)
    page.list("Not to be seen", blindSpots, to: &text)
  }

  private func write(
    _ connection: LocalLiveness.Connection, _ page: Page, to text: inout TextBuffer
  ) {
    let peers = connection.peers.map { naming.name(ofHost: $0) }.joined(separator: ", ")
    text.put("\n")
    page.paragraph(
      naming.text("\(identity: connection.name) (\(connection.daemon.rawValue)), with \(peers)"),
      from: 0, indent: 2, to: &text)
    line(
      "checks",
      connection.delay.map {
        "after \(Quantity.decimal($0, places: 0)) s in which nothing came from the peer"
      } ?? "never", page, to: &text)
    let heard = connection.heardAgo.map { "\($0) s ago" } ?? "not told"
    let sent = connection.sentAgo.map { "\($0) s ago" } ?? "not told"
    line("ESP", "came in \(heard), went out \(sent)", page, to: &text)
  }

  private func line(_ label: String, _ words: String, _ page: Page, to text: inout TextBuffer) {
    page.line(label, words, column: Self.column, to: &text)
  }

  private var blindSpots: [String] {
    liveness.snapshot.missing.map { "without \($0.part.rawValue): \($0.reason)" } + [
      "whether a peer lives now: ipsecdiag dpd TARGET asks it",
      "how long a dead one goes unnoticed: ipsecdiag dpd --calculate tells by all settings",
    ]
  }

  // MARK: JSON

  package func writeJSON(toolVersion: String, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.dpd-local/1\",\"tool_version\":")
    text.json(toolVersion)
    text.member("ts", time: liveness.snapshot.time)
    text.put(",\"degraded\":")
    text.json(liveness.snapshot.missing.contains(where: \.isPermission))
    text.put(",\"verdict\":")
    text.json(verdict, liveness.findings)
    text.put(",\"findings\":")
    text.list(liveness.findings) { $0.json($1, naming) }
    text.put(",\"connections\":")
    text.list(liveness.connections) { text, connection in
      text.put("{\"name\":")
      text.json(naming.name(ofIdentity: connection.name))
      text.put(",\"daemon\":")
      text.json(connection.daemon.rawValue)
      text.put(",\"peers\":")
      text.list(connection.peers) { $0.json(naming.name(ofHost: $1)) }
      text.member("dpd_delay_s", connection.delay, places: 3)
      text.member("heard_s_ago", connection.heardAgo.map(Double.init), places: 0)
      text.member("sent_s_ago", connection.sentAgo.map(Double.init), places: 0)
      text.put("}")
    }
    text.put(",\"missing\":")
    text.json(liveness.snapshot.missing)
    text.put("}\n")
  }
}
