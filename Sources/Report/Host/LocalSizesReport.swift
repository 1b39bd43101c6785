package import Diagnosis
internal import Host
package import PacketDissector

/// What `ipsecdiag mtu --local` prints: which packets fit through this machine's tunnels by what it knows, and
/// what decides that. Schemas/mtu-local-1.schema.json describes the JSON.
package struct LocalSizesReport {
  let sizes: LocalSizes
  let naming: Naming
  private static let tunnelLimit = 20
  private static let routeLimit = 20
  /// Where a tunnel's words stand.
  private static let column = 12

  package init(_ sizes: LocalSizes, _ naming: Naming) {
    self.sizes = sizes
    self.naming = naming
  }

  var network: HostNetwork { sizes.snapshot.network }

  /// How bad it is, in a line.
  package var verdict: Verdict {
    let tunnels = Verdict.counted(sizes.tunnels.count, "tunnel")
    if let found = Verdict(sizes.findings, nothing: tunnels) {
      return found.word == .ok ? found : Verdict(found.word, "\(tunnels), \(found.phrase)")
    }
    return sizes.tunnels.isEmpty
      ? Verdict(.unknown, "no outbound ESP SA to compute sizes for")
      : Verdict(.ok, "\(tunnels), and nothing here makes packets smaller than usual")
  }

  package func writeText(_ options: DiagnosisText.Options, to text: inout TextBuffer) {
    text.put(verdict, options)
    if options.isQuiet { return }
    let page = options.page
    let shown = options.isVerbose ? sizes.tunnels[...] : sizes.tunnels.prefix(Self.tunnelLimit)
    for tunnel in shown { self.tunnel(tunnel, page, to: &text) }
    if shown.count < sizes.tunnels.count {
      text.put(
        "\nand \(Verdict.counted(sizes.tunnels.count - shown.count, "more tunnel")): -v shows all\n"
      )
    }
    section("Path MTUs that ICMP has told", learned, page, to: &text)
    section("Routes with sizes of their own", routes(options.isVerbose), page, to: &text)
    section("MSS clamps of nftables", clamps, page, to: &text)
    if options.isVerbose {
      section(
        "Settings", network.settings.map { naming.text("\($0.name) = \($0.value)") }, page,
        to: &text)
    }
    let writer = FindingText(page, naming, start: nil, isVerbose: options.isVerbose)
    for finding in sizes.findings {
      text.put("\n")
      writer.write(finding, to: &text)
    }
    section("Not to be seen", blindSpots, page, to: &text)
  }

  private func tunnel(_ tunnel: LocalSizes.Tunnel, _ page: Page, to text: inout TextBuffer) {
    let sa = tunnel.sa
    text.put("\n")
    page.paragraph(
      naming.text("SPI \(spi: sa.spi)  \(sa.source) \(page.arrow) \(sa.destination)"), from: 0,
      indent: 2, to: &text)
    line("outside", outside(tunnel), page, to: &text)
    line("inside", inside(tunnel), page, to: &text)
    line("made of", composition(tunnel), page, to: &text)
  }

  private func line(
    _ label: String, _ words: String, _ page: Page, to text: inout TextBuffer
  ) {
    page.line(label, words, column: Self.column, to: &text)
  }

  private func outside(_ tunnel: LocalSizes.Tunnel) -> String {
    guard let mtu = tunnel.pathMTU, let limit = tunnel.limit else {
      return "no route of the main table leads there"
    }
    return switch limit {
    case .interface(let name): naming.text("\("\(mtu)") bytes, the MTU of \(name)")
    case .route(let prefix):
      naming.text("\("\(mtu)") bytes, the route to \(network: "\(prefix)") says")
    case .learned(let seconds): "\(mtu) bytes, ICMP said\(forgotten(seconds))"
    }
  }

  private func forgotten(_ seconds: UInt32?) -> String {
    seconds.map { "; forgotten in \($0) s" } ?? ""
  }

  private func inside(_ tunnel: LocalSizes.Tunnel) -> String {
    guard tunnel.overhead != nil else {
      return "not computed: these algorithms or this mode have no sum here"
    }
    guard let inner = tunnel.innerMTU else { return "nothing fits" }
    let (mss4, mss6) = Self.segments(inner)
    return "\(inner) bytes; a TCP MSS of \(mss4) over IPv4, \(mss6) over IPv6"
  }

  static func segments(_ inner: Int) -> (ipv4: Int, ipv6: Int) {
    (
      TunnelOverhead.maximumSegmentSize(innerMTU: inner, innerIsIPv6: false),
      TunnelOverhead.maximumSegmentSize(innerMTU: inner, innerIsIPv6: true)
    )
  }

  private func composition(_ tunnel: LocalSizes.Tunnel) -> String {
    let sa = tunnel.sa
    let names = [sa.aead?.name, sa.cipher?.name, sa.integrity?.name].compactMap { $0 }
    var words = tunnel.overhead?.suite.name ?? names.joined(separator: ", ")
    if let overhead = tunnel.overhead {
      words += ", \(overhead.mode.rawValue) mode"
      switch overhead.encapsulation {
      case .none: break
      case .udp: words += ", in UDP"
      case .tcp: words += ", in TCP"
      }
    }
    return naming.text("\(words)")
  }

  // MARK: What decides

  private func section(
    _ title: String, _ lines: [String], _ page: Page, to text: inout TextBuffer
  ) {
    guard !lines.isEmpty else { return }
    text.put("\n\(title)\n")
    for line in lines {
      text.spaces(2)
      page.paragraph(line, from: 2, indent: 4, to: &text)
    }
  }

  private var learned: [String] {
    network.learned.map {
      naming.text("\($0.destination): \("\($0.mtu)") bytes") + forgotten($0.expiresIn)
    }
  }

  private func routes(_ isVerbose: Bool) -> [String] {
    let own = network.routes.filter { $0.mtu != nil || $0.advertisedMSS != nil }
    let shown = isVerbose ? own[...] : own.prefix(Self.routeLimit)
    var lines = shown.map { route in
      var words = naming.text("\(network: "\(route.destination)")")
      if let gateway = route.gateway { words += naming.text(" by \(gateway)") }
      if let mtu = route.mtu { words += ", \(mtu) bytes\(route.isMTULocked ? " (locked)" : "")" }
      if let mss = route.advertisedMSS { words += ", MSS \(mss) bytes" }
      return words
    }
    if shown.count < own.count { lines.append("and \(own.count - shown.count) more: -v shows all") }
    return lines
  }

  private var clamps: [String] {
    network.clamps.map { clamp in
      let size = clamp.size.map { "\($0) bytes" } ?? "what the route's MTU allows"
      return naming.text("\(clamp.place): \(size)")
    }
  }

  var blindSpots: [String] {
    let told: [String] = sizes.snapshot.missing.filter {
      [.network, .securityAssociations, .addresses].contains($0.part)
    }.map { "without \($0.part.rawValue): \($0.reason)" }
    return told + [
      "what the path takes beyond this machine: ipsecdiag mtu TARGET measures it",
      "rules of policy routing and other tables than main; MSS clamps of iptables-legacy",
    ]
  }
}
