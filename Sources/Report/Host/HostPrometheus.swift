package import Diagnosis
internal import Host
package import PacketDissector

extension HostReport {
  /// The text exposition format of Prometheus: what each SA carried and refused, the kernel's drop counters, and
  /// the findings by id. `took` is how long reading and judging took.
  package func writePrometheus(took: Nanoseconds, to text: inout TextBuffer) {
    text.metric(
      "ipsecdiag_up", .gauge, "Whether the SAs could be read.",
      diagnosis.snapshot.missing.contains { $0.part == .securityAssociations } ? "0" : "1")
    text.metric(
      "ipsecdiag_last_run_timestamp_seconds", .gauge, "When the SAs were read.",
      Quantity.decimal(Double(diagnosis.snapshot.time.nanoseconds) / 1e9, places: 3))
    text.metric(
      "ipsecdiag_duration_seconds", .gauge, "How long reading and judging took.",
      Quantity.decimal(took.seconds, places: 6))
    text.family("ipsecdiag_findings", .gauge, "Findings by id and severity.")
    for (finding, count) in counted {
      text.sample(
        "ipsecdiag_findings",
        [("id", finding.id.rawValue), ("severity", finding.severity.rawValue)], "\(count)")
    }
    if let counters = diagnosis.snapshot.dropCounters {
      let name = "ipsecdiag_kernel_drops_total"
      text.family(name, .counter, "Packets dropped, by /proc/net/xfrm_stat.")
      for entry in counters.entries {
        text.sample(name, [("counter", entry.name)], "\(entry.value)")
      }
    }
    sas(to: &text)
  }

  private struct FindingKind: Hashable {
    let id: FindingID
    let severity: Severity
  }

  private var counted: [(FindingKind, Int)] {
    var counts: [FindingKind: Int] = [:]
    for finding in findings {
      counts[FindingKind(id: finding.id, severity: finding.severity), default: 0] += 1
    }
    return counts.sorted { ($0.key.id.rawValue, $0.value) < ($1.key.id.rawValue, $1.value) }
  }

  private func sas(to text: inout TextBuffer) {
    let labelled = diagnosis.sas.map { (labels: labels($0), judgement: $0) }
    let families: [(String, MetricKind, String, (SAJudgement) -> UInt64?)] = [
      (
        "ipsecdiag_sa_packets_total", .counter, "Packets that the SA carried.",
        { $0.sa.counters.packets }
      ),
      (
        "ipsecdiag_sa_bytes_total", .counter, "Bytes that the SA carried.",
        { $0.sa.counters.bytes }
      ),
      (
        "ipsecdiag_sa_replay_window_packets", .gauge, "The replay window of the SA; 0 is none.",
        { $0.role == .outbound ? nil : UInt64($0.sa.replay.window) }
      ),
    ]
    for (name, kind, help, value) in families {
      text.family(name, kind, help)
      for (labels, judgement) in labelled {
        if let value = value(judgement) { text.sample(name, labels, "\(value)") }
      }
    }
    let name = "ipsecdiag_sa_replay_drops_total"
    text.family(name, .counter, "Packets that the SA refused, by reason.")
    for (labels, judgement) in labelled where judgement.role != .outbound {
      let counters = judgement.sa.counters
      let reasons = [
        ("late", counters.beforeWindow), ("repeated", counters.replayed),
        ("integrity", counters.integrityFailed),
      ]
      for (reason, count) in reasons {
        text.sample(name, labels + [("reason", reason)], "\(count)")
      }
    }
  }

  private func labels(_ judgement: SAJudgement) -> [(String, String)] {
    let sa = judgement.sa
    var labels = [
      ("spi", Quantity.hexadecimal(UInt64(naming.name(of: sa.spi)), digits: 8)),
      ("direction", judgement.role.rawValue), ("source", "\(naming.name(of: sa.source))"),
      ("destination", "\(naming.name(of: sa.destination))"),
    ]
    if let owner = judgement.owner {
      labels.append(("connection", naming.name(ofIdentity: owner.connection)))
      labels.append(("child", naming.name(ofIdentity: owner.child)))
    }
    return labels
  }
}

private enum MetricKind: String {
  case counter, gauge
}

/// Metrics as Prometheus reads them: a family with its help and kind, then its samples.
extension TextBuffer {
  fileprivate mutating func family(_ name: String, _ kind: MetricKind, _ help: String) {
    put("# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n")
  }

  /// A family of one sample.
  fileprivate mutating func metric(
    _ name: String, _ kind: MetricKind, _ help: String, _ value: String
  ) {
    family(name, kind, help)
    sample(name, [], value)
  }

  fileprivate mutating func sample(
    _ name: String, _ labels: [(String, String)] = [], _ value: String
  ) {
    put(name)
    for (index, (label, value)) in labels.enumerated() {
      put("\(index == 0 ? "{" : ",")\(label)=\"\(Self.label(value))\"")
    }
    put(labels.isEmpty ? " \(value)\n" : "} \(value)\n")
  }

  private static func label(_ value: String) -> String {
    var escaped = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
