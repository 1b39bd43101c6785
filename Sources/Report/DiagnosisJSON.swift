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
    text.put(",\"verdict\":{\"status\":")
    text.json(verdict.word.rawValue.lowercased())
    text.put(",\"text\":")
    text.json(verdict.phrase)
    for severity in Severity.allCases {
      text.put(",\"")
      text.put(severity.rawValue)
      text.put("\":")
      text.decimal(diagnosis.findings.count { $0.severity == severity })
    }
    text.put("},\"capture\":")
    capture(to: &text)
    text.put(",\"blind_spots\":")
    text.list(diagnosis.blindSpots) { $0.json(naming.unescaped($1)) }
    text.put(",\"ike_sas\":")
    text.list(diagnosis.evidence.sessions.sessions) { $0.json($1, naming) }
    text.put(",\"flows\":")
    text.list(diagnosis.evidence.flows.flows) { $0.json($1, naming) }
  }

  private func capture(to text: inout TextBuffer) {
    let quality = diagnosis.evidence.quality
    text.put("{\"first_frame\":")
    text.json(quality.first)
    text.put(",\"last_frame\":")
    text.json(quality.last)
    text.member("duration_s", seconds: quality.duration)
    text.member("frames", quality.frames)
    text.member("bytes", quality.bytes)
    text.member("ipsec_frames", quality.ipsecFrames)
    text.member("cut_frames", quality.cut)
    text.member("malformed_frames", quality.malformed)
    text.member("frames_out_of_time_order", quality.backwards)
    text.put(",\"redacted\":")
    text.json(naming.redacts)
    text.put(",\"problems\":")
    // They name files; who redacts counts them only.
    text.list(quality.problems) { $0.json(naming.redacts ? "not shown in a redacted report" : $1) }
    text.put("}")
  }
}
