internal import Diagnosis
internal import Measurement
package import PacketDissector

/// What `ipsecdiag mtu TARGET` prints for people: the verdict, the sizes by class of packet, what fits inside a
/// tunnel, and what is wrong.
package struct PathMTUText {
  private let report: PathMTUReport
  private let options: DiagnosisText.Options
  private var page: Page { options.page }
  private var result: PathResult { report.result }
  /// Where the two columns of sizes stand.
  private static let columns = (whole: 27, cut: 53)

  package init(_ report: PathMTUReport, _ options: DiagnosisText.Options) {
    self.report = report
    self.options = options
  }

  package func write(to text: inout TextBuffer) {
    headline(to: &text)
    if options.isQuiet { return }
    classes(to: &text)
    tunnel(to: &text)
    host(to: &text)
    inside(to: &text)
    effort(to: &text)
    let writer = FindingText(
      page, report.naming, start: result.started, isVerbose: options.isVerbose)
    for finding in result.findings {
      text.put("\n")
      writer.write(finding, to: &text)
    }
  }

  /// `CRITICAL  vpn.example.net 198.51.100.7: packets of up to 1400 bytes pass; 1 finding: mtu-blackhole`
  private func headline(to text: inout TextBuffer) {
    let word = report.word.rawValue
    text.put(page.coloured(word, report.word.colour))
    text.put("  ")
    let subject =
      report.target == report.address ? report.address : "\(report.target) \(report.address)"
    let words = ProbeText.escaped("\(subject): \(report.phrase)")
    if options.isQuiet {
      text.put(page.plain(words))
      return text.put("\n")
    }
    page.paragraph(words, from: word.count + 2, indent: word.count + 2, to: &text)
  }

  // MARK: Classes

  private func classes(to text: inout TextBuffer) {
    let isIPv6 = result.address.isIPv6
    row(
      "sizes that pass, in bytes", isIPv6 ? "whole" : "whole (DF set)",
      isIPv6 ? "cut to 1280" : "cut where needed", indent: 0, to: &text)
    for content in PacketKind.Content.allCases {
      let whole = result.result(content, mayBeFragmented: false)
      let cut = result.result(content, mayBeFragmented: true)
      guard whole != nil || cut != nil else { continue }
      row(content.rawValue, whole.map(words) ?? "", cut.map(words) ?? "", indent: 2, to: &text)
    }
    for entry in result.classes {
      guard case .impossible(let why) = entry.outcome, !entry.packetKind.mayBeFragmented else {
        continue
      }
      text.spaces(2)
      page.paragraph(
        "\(entry.packetKind.content.rawValue): \(report.reason(why))", from: 2, indent: 4,
        to: &text)
    }
    if result.whole.contains(where: { $0.limit != nil && !$0.packetKind.provesBothDirections }) {
      text.spaces(2)
      page.paragraph(
        "from here to the peer, IP headers included; of the answers only those to echoes are as large",
        from: 2, indent: 2, to: &text)
    }
  }

  private func row(
    _ label: String, _ whole: String, _ cut: String, indent: Int, to text: inout TextBuffer
  ) {
    let start = text.count
    text.spaces(indent)
    text.put(label)
    if !whole.isEmpty {
      text.pad(to: Self.columns.whole, from: start)
      text.put(page.plain(whole))
    }
    if !cut.isEmpty {
      // Too long for its column, it pushes the other one to a line of its own.
      if Self.columns.whole + whole.unicodeScalars.count >= Self.columns.cut {
        text.put("\n")
        text.spaces(Self.columns.cut)
      } else {
        text.pad(to: Self.columns.cut, from: start)
      }
      text.put(page.plain(cut))
    }
    text.put("\n")
  }

  /// "1400", "1372, 1473 to 1500", "no answer"
  private func words(_ entry: KindResult) -> String {
    switch entry.outcome {
    case .unreachable: return "refused"
    case .impossible: return "not possible here"
    case .searched(.silent): return "no answer"
    case .searched(let ending):
      let passing = entry.map.runs.filter(\.passes).map(\.sizes)
      guard let first = passing.first, let last = passing.last else { return "not finished" }
      let about = ending == .complete ? "" : "about "
      if entry.packetKind.mayBeFragmented, entry.map.top != nil, passing.count == 1 {
        return "lost above \(about)\(last.upperBound)"
      }
      switch passing.count {
      case 1: return "\(about)\(first.upperBound)"
      case 2: return "\(about)\(first.upperBound), \(last.lowerBound) to \(last.upperBound)"
      // The findings tell each band.
      default: return "\(about)\(first.upperBound), then in parts"
      }
    }
  }

  // MARK: Through a tunnel

  private func tunnel(to text: inout TextBuffer) {
    guard let inner = result.inner else { return }
    text.put("through the tunnel\n")
    for line in PathMTUInner(inner, report.naming).lines {
      text.spaces(2)
      page.paragraph(line, from: 2, indent: 4, to: &text)
    }
  }

  // MARK: This machine, and what fits

  private func host(to text: inout TextBuffer) {
    guard let local = result.local else { return }
    let name = ProbeText.escaped(local.interface)
    let believed =
      local.pathMTU == local.interfaceMTU
      ? "the kernel takes that for the path's, too"
      : "the kernel takes \(local.pathMTU) for the path's"
    page.paragraph(
      "this machine sends by \(name), MTU \(local.interfaceMTU); \(believed)", from: 0, indent: 2,
      to: &text)
  }

  private func inside(to text: inout TextBuffer) {
    guard let pathMTU = result.pathMTU else { return }
    text.put("inside a tunnel over \(pathMTU) bytes fit packets (TCP segments over IPv4) of\n")
    var suites: [ESPSuite] = []
    for overhead in report.advice.overheads where !suites.contains(overhead.suite) {
      suites.append(overhead.suite)
    }
    for suite in suites {
      let sizes = report.advice.overheads.filter { $0.suite == suite }.map { overhead in
        let way = overhead.encapsulation == .udp ? "in UDP " : ""
        guard let inner = overhead.innerMTU(pathMTU: pathMTU) else { return "\(way)none" }
        let segment = TunnelOverhead.maximumSegmentSize(innerMTU: inner, innerIsIPv6: false)
        return "\(way)\(inner) (\(segment))"
      }
      text.spaces(2)
      page.paragraph(
        "\(suite.name): \(sizes.joined(separator: ", "))", from: 2, indent: 4, to: &text)
    }
    let answersIKE = result.whole.contains {
      $0.packetKind.content != .icmpEcho && $0.limit != nil
    }
    if answersIKE {
      page.paragraph(
        "IKE fragments (RFC 7383) of up to \(pathMTU) bytes pass, IP header included", from: 0,
        indent: 2, to: &text)
    }
  }

  private func effort(to text: inout TextBuffer) {
    let time = Nanoseconds(result.duration)
    let loss = result.whole.filter { $0.limit != nil }.map(\.loss).max() ?? 0
    let lost =
      loss > 0
      ? ", up to \(Quantity.percent(UInt64(loss * 10_000), of: 10_000)) lost at random" : ""
    page.paragraph(
      "\(Verdict.counted(result.packetsSent, "packet")) in \(time)\(lost)\(unfinished)", from: 0,
      indent: 2, to: &text)
  }

  /// Why not all is known to the byte.
  private var unfinished: String {
    for entry in result.classes {
      guard case .searched(let ending) = entry.outcome else { continue }
      switch ending {
      case .wentSilent:
        return "; answers stopped coming: a limit on their rate, or a path that broke"
      case .outOfTime: return "; time was up before every size was sure"
      case .complete, .silent, .stopped: continue
      }
    }
    return ""
  }
}
