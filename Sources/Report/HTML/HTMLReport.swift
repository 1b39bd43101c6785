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
  let drawn: DrawnSAs

  /// `sources` are the names of the files that the evidence came from.
  package init(
    diagnosis: CaptureDiagnosis, naming: Naming, toolVersion: String, sources: [String]
  ) {
    self.diagnosis = diagnosis
    self.naming = naming
    self.toolVersion = toolVersion
    self.sources = sources
    drawn = DrawnSAs(diagnosis)
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
    text.html("\(verdict.word.rawValue): IPsec diagnosis")
    if let source = sources.first { text.html(" of \(source)") }
    text.put("</title>\n<style>\n")
    text.put(HTMLStyle.sheet)
    text.put("</style>\n</head>\n<body>\n")
  }

  private var verdict: Verdict { Verdict(diagnosis.findings, in: evidence) }

  private func writeVerdict(to text: inout TextBuffer) {
    let mark = HTMLMark(verdict.word)
    text.put("<p class=\"verdict ")
    text.put(mark.style)
    text.put("\"><span class=\"symbol\" aria-hidden=\"true\">")
    text.html(mark.symbol)
    text.put("</span> <strong>")
    text.html(verdict.word.rawValue)
    text.put("</strong> <span class=\"phrase\">")
    text.html(verdict.phrase)
    text.put("</span></p>\n")
    // Without findings the phrase says so itself.
    if !diagnosis.findings.isEmpty {
      text.element("p", class: "scope", CaptureScope(evidence).description)
      text.put("\n")
    }
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

  package static let schema = "ipsecdiag.diagnosis/1"
}
