package import Diagnosis
package import PacketDissector

/// What `ipsecdiag mtu -r FILE` prints: the sizes that went each way, and the findings of path MTU.
/// Schemas/mtu-capture-1.schema.json describes the JSON.
package struct PathReport {
  private let diagnosis: CaptureDiagnosis
  private let paths: [PathSizes]
  /// Those whose ids begin with "mtu-".
  package let findings: [Finding]
  private let naming: Naming
  private static let sizeLimit = 12

  package init(_ diagnosis: CaptureDiagnosis, _ naming: Naming) {
    self.diagnosis = diagnosis
    findings = diagnosis.findings.filter { $0.id.rawValue.hasPrefix("mtu-") }
    paths = PathSizes.all(in: diagnosis.evidence)
    self.naming = naming
  }

  private var evidence: CaptureEvidence { diagnosis.evidence }

  // MARK: Text

  package func writeText(_ options: DiagnosisText.Options, to text: inout TextBuffer) {
    diagnosis.write(findings, nothing: "no trouble with packet sizes", naming, options, to: &text)
    if options.isQuiet { return }
    let shown = options.isVerbose ? paths : Array(paths.prefix(SATableText.rowLimit))
    for path in shown { direction(path, options, to: &text) }
    if shown.count < paths.count {
      text.put(
        "\nand \(Verdict.counted(paths.count - shown.count, "more direction")): -v shows all\n")
    }
    if !paths.isEmpty, !evidence.hasKeys {
      text.put("\nWithout keys (--keys) what is inside the tunnel is not to be seen.\n")
    }
  }

  private func direction(
    _ path: PathSizes, _ options: DiagnosisText.Options, to text: inout TextBuffer
  ) {
    let page = options.page
    text.put("\n")
    page.paragraph(
      naming.text("\(path.source) \(page.arrow) \(path.destination)"), from: 0, indent: 2, to: &text
    )
    func row(_ name: String, _ words: String) {
      text.put("  ")
      text.put(name)
      text.spaces(20 - name.count)
      page.paragraph(words, from: 22, indent: 22, to: &text)
    }
    if path.packets > 0 { row("largest ESP or AH", largest(path)) }
    if path.largestIKE > 0 { row("largest IKE", largestIKE(path)) }
    if path.incomplete > 0 {
      row("fragments lost", "\(Verdict.counted(path.incomplete, "datagram")) never became whole")
    }
    for entry in path.tooBig { row("ICMP too big", tooBig(entry)) }
    if let sizes = path.segmentSizes {
      let range =
        sizes.count == 1 ? "\(sizes.lowerBound)" : "\(sizes.lowerBound) to \(sizes.upperBound)"
      row("MSS inside", "\(range) bytes announced by TCP")
    }
    let answered = path.echoes.filter { $0.answered > 0 }
    let lost = path.echoes.filter { $0.answered == 0 }
    if !answered.isEmpty { row("echoes inside", "answered, by bytes: \(sizes(answered, options))") }
    if !lost.isEmpty {
      row(answered.isEmpty ? "echoes inside" : "", "never answered: \(sizes(lost, options))")
    }
  }

  private func largest(_ path: PathSizes) -> String {
    var words = "\(Self.bytes(path.largestPacket)), of \(Verdict.counted(path.packets, "packet"))"
    if path.inFragments > 0 {
      words += "; \(Self.grouped(path.inFragments)) came in IP fragments"
      words +=
        path.largestWhole > 0
        ? ", the largest whole one had \(Self.bytes(path.largestWhole))" : ", none whole"
    }
    return words
  }

  private func largestIKE(_ path: PathSizes) -> String {
    let size = Self.bytes(path.largestIKE)
    return path.ikeInFragments == 0
      ? size : "\(size); \(Verdict.counted(path.ikeInFragments, "message")) came in IP fragments"
  }

  private func tooBig(_ entry: ICMPErrors.Entry) -> String {
    let limit = entry.header.nextHopMTU.map { "MTU \(Self.bytes(Int($0)))" } ?? "no MTU given"
    let frames = entry.frames.map { String($0.number) }.joined(separator: " ")
    return naming.text(
      "\(limit), from \(entry.reporter), about \(Self.bytes(entry.quotedBytes)), \(Verdict.counted(entry.count, "time")) (frames \(frames))"
    )
  }

  /// "84, 500, 1338 (1 of 3)", in bytes: with how many were answered where not all were.
  private func sizes(_ echoes: [PathSizes.Echo], _ options: DiagnosisText.Options) -> String {
    let shown = options.isVerbose ? echoes[...] : echoes.suffix(Self.sizeLimit)
    let words = shown.map { echo in
      echo.answered == echo.sent
        ? "\(echo.bytes)"
        : "\(echo.bytes) (\(Self.grouped(echo.answered)) of \(Self.grouped(echo.sent)))"
    }.joined(separator: ", ")
    let more = echoes.count - shown.count
    return "\(words)\(more > 0 ? " and \(Verdict.counted(more, "smaller size"))" : "")"
  }

  private static func bytes(_ count: Int) -> String { Verdict.counted(count, "byte") }
  private static func grouped(_ count: UInt64) -> String {
    Quantity.grouped(Int64(clamping: count))
  }

  // MARK: JSON

  package func writeJSON(toolVersion: String, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.mtu-capture/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"findings\":")
    text.list(findings) { $0.json($1, naming) }
    text.put(",\"directions\":")
    text.list(paths) { json($1, to: &$0) }
    text.put("}\n")
  }

  private func json(_ path: PathSizes, to text: inout TextBuffer) {
    text.put("{\"source\":")
    text.json(path.source, naming)
    text.put(",\"destination\":")
    text.json(path.destination, naming)
    text.member("packets", path.packets)
    text.member("largest_packet_bytes", UInt64(clamping: path.largestPacket))
    text.member("largest_whole_packet_bytes", UInt64(clamping: path.largestWhole))
    text.member("in_ip_fragments", path.inFragments)
    text.member("largest_ike_packet_bytes", UInt64(clamping: path.largestIKE))
    text.member("ike_in_ip_fragments", path.ikeInFragments)
    text.member("incomplete_datagrams", path.incomplete)
    text.put(",\"too_big\":")
    text.list(path.tooBig) { json($1, to: &$0) }
    text.put(",\"inner_mss_bytes\":")
    if let sizes = path.segmentSizes {
      text.put("{\"lowest\":")
      text.decimal(sizes.lowerBound)
      text.member("highest", UInt64(sizes.upperBound))
      text.put("}")
    } else {
      text.put("null")
    }
    text.put(",\"inner_echoes\":")
    text.list(path.echoes) { text, echo in
      text.put("{\"bytes\":")
      text.decimal(echo.bytes)
      text.member("sent", echo.sent)
      text.member("answered", echo.answered)
      text.put("}")
    }
    text.put("}")
  }

  private func json(_ entry: ICMPErrors.Entry, to text: inout TextBuffer) {
    text.put("{\"reporter\":")
    text.json(entry.reporter, naming)
    text.put(",\"mtu_bytes\":")
    if let limit = entry.header.nextHopMTU { text.decimal(limit) } else { text.put("null") }
    text.member("packet_bytes", UInt64(clamping: entry.quotedBytes))
    text.member("count", entry.count)
    text.put(",\"frames\":")
    text.list(entry.frames) { $0.json($1) }
    text.put("}")
  }
}
