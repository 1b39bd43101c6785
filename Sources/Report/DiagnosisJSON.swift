package import Diagnosis
package import PacketDissector

/// What `ipsecdiag diagnose --json` and `--ndjson` print. Schemas/diagnosis-1.schema.json describes both.
package struct DiagnosisJSON {
  private let diagnosis: CaptureDiagnosis
  private let naming: Naming
  private let toolVersion: String

  package init(_ diagnosis: CaptureDiagnosis, _ naming: Naming, toolVersion: String) {
    self.diagnosis = diagnosis
    self.naming = naming
    self.toolVersion = toolVersion
  }

  /// One document.
  package func writeDocument(to text: inout TextBuffer) {
    open(&text)
    text.put(",\"findings\":")
    text.list(diagnosis.findings) { $0.json($1, naming) }
    summary(to: &text)
    text.put("}\n")
  }

  /// One object a finding, then one with everything else.
  package func writeLines(to text: inout TextBuffer) {
    for finding in diagnosis.findings {
      open(&text)
      text.put(",\"finding\":")
      text.json(finding, naming)
      text.put("}\n")
    }
    open(&text)
    summary(to: &text)
    text.put("}\n")
  }

  private func open(_ text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.diagnosis/1\",\"tool_version\":")
    text.json(toolVersion)
  }

  private func summary(to text: inout TextBuffer) {
    let verdict = Verdict(diagnosis.findings, in: diagnosis.evidence)
    text.put(",\"verdict\":")
    text.json(verdict, diagnosis.findings)
    text.put(",\"capture\":")
    text.json(diagnosis.evidence.quality, naming)
    text.put(",\"blind_spots\":")
    text.list(diagnosis.blindSpots) { $0.json(naming.unescaped($1)) }
    text.put(",\"ike_sas\":")
    text.list(diagnosis.evidence.sessions.sessions) { $0.json($1, naming) }
    text.put(",\"flows\":")
    text.list(diagnosis.evidence.flows.flows) { $0.json($1, naming) }
    if let comparison = diagnosis.comparison {
      text.put(",\"comparison\":")
      text.json(comparison, naming)
    }
  }
}

extension TextBuffer {
  /// The report's first line, and how many findings there are of each severity.
  mutating func json(_ verdict: Verdict, _ findings: [Finding]) {
    put("{\"status\":")
    json(verdict.word.rawValue.lowercased())
    put(",\"text\":")
    json(verdict.phrase)
    for severity in Severity.allCases {
      put(",\"")
      put(severity.rawValue)
      put("\":")
      decimal(findings.count { $0.severity == severity })
    }
    put("}")
  }

  /// What was read.
  mutating func json(_ quality: CaptureQuality, _ naming: Naming) {
    put("{\"first_frame\":")
    json(quality.first)
    put(",\"last_frame\":")
    json(quality.last)
    member("duration_s", seconds: quality.duration)
    member("frames", quality.frames)
    member("bytes", quality.bytes)
    member("ipsec_frames", quality.ipsecFrames)
    member("cut_frames", quality.cut)
    member("malformed_frames", quality.malformed)
    member("frames_out_of_time_order", quality.backwards)
    put(",\"live\":")
    json(quality.live)
    put(",\"degraded\":")
    json(quality.lostByCapture > 0)
    put(",\"redacted\":")
    json(naming.redacts)
    put(",\"problems\":")
    // They name files; who redacts counts them only.
    list(quality.problems) { $0.json(naming.redacts ? "not shown in a redacted report" : $1) }
    put("}")
  }
}
