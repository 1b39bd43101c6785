package import Diagnosis
package import PacketDissector

/// A diagnosis as one HTML file that needs nothing else: no script, no network, its pictures drawn in SVG.
/// For browsers on a desk and in a hand, for paper, and for those who listen to it.
///
/// Plots need evidence that was gathered with them: `CaptureEvidence(withPlots: true)`.
package struct HTMLReport {
  let diagnosis: CaptureDiagnosis
  let naming: Naming
  let toolVersion: String
  let sources: [String]

  /// - Parameters:
  ///   - naming: How everyone is called, made-up names for a report that is to be shown around.
  ///   - sources: The names of the files that the evidence came from.
  package init(
    diagnosis: CaptureDiagnosis, naming: Naming, toolVersion: String, sources: [String]
  ) {
    self.diagnosis = diagnosis
    self.naming = naming
    self.toolVersion = toolVersion
    self.sources = sources
  }

  var evidence: CaptureEvidence { diagnosis.evidence }
  var clock: CaptureClock {
    CaptureClock(start: evidence.quality.first?.time ?? Timestamp(nanoseconds: 0))
  }

  package func write(to text: inout TextBuffer) {
    writeHead(to: &text)
    text.put("<header>\n<h1>IPsec diagnosis</h1>\n")
    writeVerdict(to: &text)
    text.put("</header>\n<main>\n")
    writeFindings(to: &text)
    writeBlindSpots(to: &text)
    writeSequenceDiagrams(to: &text)
    writeFlows(to: &text)
    writeSizeLadders(to: &text)
    writeTables(to: &text)
    text.put("</main>\n")
    writeFooter(to: &text)
    text.put("</body>\n</html>\n")
  }

  private func writeHead(to text: inout TextBuffer) {
    let verdict = Verdict(diagnosis)
    text.put(
      """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
      style-src 'unsafe-inline'; img-src data:">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="referrer" content="no-referrer">

      """)
    text.put("<title>")
    text.html("\(verdict.word): IPsec diagnosis")
    if let source = sources.first { text.html(" of \(source)") }
    text.put("</title>\n<style>\n")
    text.put(HTMLStyle.sheet)
    text.put("</style>\n</head>\n<body>\n")
  }

  private func writeVerdict(to text: inout TextBuffer) {
    let verdict = Verdict(diagnosis)
    text.put("<p class=\"verdict ")
    text.put(verdict.style)
    text.put("\"><span class=\"symbol\" aria-hidden=\"true\">")
    text.html(verdict.symbol)
    text.put("</span> <strong>")
    text.html(verdict.word)
    text.put("</strong> <span class=\"count\">")
    text.html(countedFindings)
    text.put("</span></p>\n")
    text.element("p", class: "scope", scope)
    text.put("\n")
  }

  /// "2 critical, 1 warning, 1 for information"
  private var countedFindings: String {
    let findings = diagnosis.findings
    guard !findings.isEmpty else {
      return evidence.quality.ipsecFrames == 0
        ? "no IPsec packet is in the capture" : "no findings"
    }
    let kinds: [(Severity, String, String)] = [
      (.critical, "critical finding", "critical findings"), (.warning, "warning", "warnings"),
      (.info, "for information", "for information"),
    ]
    return kinds.compactMap { severity, one, many in
      let count = findings.count { $0.severity == severity }
      return count == 0 ? nil : "\(count) \(count == 1 ? one : many)"
    }.joined(separator: ", ")
  }

  private var scope: String {
    let quality = evidence.quality
    let sessions = evidence.sessions.sessions.count
    let flows = evidence.flows.flows.count
    return [
      counted(Int(clamping: quality.frames), "frame", "frames") + " in \(quality.duration)",
      counted(sessions, "IKE SA", "IKE SAs"),
      counted(flows, "ESP or AH flow", "ESP or AH flows"),
    ].joined(separator: ", ")
  }

  private func writeBlindSpots(to text: inout TextBuffer) {
    text.put("<section>\n<h2>What was not to be seen</h2>\n")
    let spots = diagnosis.blindSpots.map(naming.text) + evidence.quality.problems
    if spots.isEmpty {
      text.put("<p>Nothing that this report knows of is missing from the capture.</p>\n")
    } else {
      text.put("<ul>\n")
      for spot in spots {
        text.element("li", spot)
        text.put("\n")
      }
      text.put("</ul>\n")
    }
    text.put("</section>\n")
  }

  private func writeFooter(to text: inout TextBuffer) {
    text.put("<footer>\n<dl>\n")
    entry("Made by", "ipsecdiag \(toolVersion)", to: &text)
    entry("Schema", Self.schema, to: &text)
    if let first = evidence.quality.first {
      entry("Capture begins", "\(CaptureClock.utc(first.time)) (UTC)", to: &text)
      entry("Capture ends", "\(CaptureClock.utc(evidence.quality.end)) (UTC)", to: &text)
    }
    for source in sources { entry("File", source, to: &text) }
    text.put("</dl>\n<p>Frame numbers are those of Wireshark. ")
    text.put("Times in seconds (s) count from the capture's first frame unless they say otherwise.")
    text.put("</p>\n</footer>\n")
  }

  private func entry(_ name: StaticString, _ value: String, to text: inout TextBuffer) {
    text.put("<div><dt>")
    text.put(name)
    text.put("</dt><dd>")
    text.html(value)
    text.put("</dd></div>\n")
  }

  package static let schema = "ipsecdiag.diagnosis-html/1"
}

/// "1 frame", "1,204 frames"
func counted(_ count: Int, _ one: String, _ many: String) -> String {
  "\(Quantity.grouped(Int64(count))) \(count == 1 ? one : many)"
}
