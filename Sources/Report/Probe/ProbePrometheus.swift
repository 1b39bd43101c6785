internal import Diagnosis
internal import Measurement
package import PacketDissector

/// A probe as metrics in Prometheus's text exposition format, such as node_exporter's textfile collector
/// reads.
package struct ProbePrometheus {
  private let reports: [ProbeReport]
  private let naming: Naming

  package init(_ reports: [ProbeReport], _ naming: Naming) {
    self.reports = reports
    self.naming = naming
  }

  package func write(to text: inout TextBuffer) {
    metric("ipsecdiag_probe_up", "Whether the address speaks IKE.", to: &text) { report in
      report.state == .up ? "1" : "0"
    }
    metric(
      "ipsecdiag_probe_rtt_seconds", "Median time from an IKE_SA_INIT request to its answer.",
      to: &text
    ) { report in
      ProbeRoundTrips(report.result).median.map {
        Quantity.decimal(Double(max(0, Nanoseconds($0).count)) / 1e9, places: 6)
      }
    }
    metric(
      "ipsecdiag_probe_loss_ratio", "Share of the requests that were not answered.", to: &text
    ) { report in
      ProbeRoundTrips(report.result).lossPercent.map { Quantity.decimal($0 / 100, places: 4) }
        ?? "1"
    }
    for severity in [Severity.critical, .warning] {
      metric(
        "ipsecdiag_probe_findings_\(severity.rawValue)", "Findings that are \(severity.rawValue).",
        to: &text
      ) { report in
        "\(report.result.findings.count { $0.severity == severity })"
      }
    }
    metric(
      "ipsecdiag_probe_timestamp_seconds", "When the address was probed, since 1970.", to: &text
    ) { report in
      Quantity.decimal(Double(max(0, report.result.started.nanoseconds)) / 1e9, places: 3)
    }
  }

  private func metric(
    _ name: String, _ help: String, to text: inout TextBuffer, _ value: (ProbeReport) -> String?
  ) {
    text.put("# HELP \(name) \(help)\n# TYPE \(name) gauge\n")
    for report in reports {
      guard let value = value(report) else { continue }
      text.put(name)
      text.put("{target=")
      label(ProbeText.name(of: report.result, naming), to: &text)
      text.put(",address=")
      label(naming.name(of: report.result.address).description, to: &text)
      text.put("} \(value)\n")
    }
  }

  /// Backslash, quote and line feed are escaped, as the format has it; other control characters go out.
  private func label(_ value: String, to text: inout TextBuffer) {
    text.put("\"")
    for scalar in value.unicodeScalars where TextBuffer.isHarmless(scalar) {
      if scalar == "\\" || scalar == "\"" { text.put("\\") }
      text.put(String(scalar))
    }
    text.put("\"")
  }
}
