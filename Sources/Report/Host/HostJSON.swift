internal import Diagnosis
internal import Host
package import PacketDissector

/// What `ipsecdiag replay --local` and `diagnose --local` print with --json, and each line of --ndjson.
/// Schemas/host-1.schema.json describes it.
package struct HostJSON {
  private let report: HostReport
  private let toolVersion: String
  private var diagnosis: HostDiagnosis { report.diagnosis }
  private var naming: Naming { report.naming }

  package init(_ report: HostReport, toolVersion: String) {
    self.report = report
    self.toolVersion = toolVersion
  }

  /// One object, and the end of its line.
  package func write(to text: inout TextBuffer) {
    let snapshot = diagnosis.snapshot
    text.put("{\"schema\":\"ipsecdiag.host/1\",\"tool_version\":")
    text.json(toolVersion)
    text.member("ts", time: snapshot.time)
    text.put(",\"saved\":")
    text.json(snapshot.origin != .thisMachine)
    text.member("interval_s", seconds: diagnosis.interval)
    text.put(",\"degraded\":")
    text.json(report.isDegraded)
    text.put(",\"redacted\":")
    text.json(naming.redacts)
    text.put(",\"verdict\":")
    text.json(report.verdict, report.findings)
    text.put(",\"findings\":")
    text.list(report.findings) { $0.json($1, naming) }
    text.put(",\"sas\":")
    text.list(diagnosis.sas) { $0.json($1, naming) }
    text.put(",\"drops\":")
    text.list(diagnosis.drops) { drop($1, to: &$0) }
    text.put(",\"counters\":")
    counters(snapshot.dropCounters, to: &text)
    if report.scope == .everything {
      text.put(",\"policies\":")
      text.list(snapshot.policies) { policy($1, to: &$0) }
    }
    text.put(",\"daemons\":")
    text.list(snapshot.daemons) { text, daemon in
      text.put("{\"kind\":")
      text.json(daemon.kind.rawValue)
      text.put(",\"version\":")
      if let version = daemon.version { text.json(version) } else { text.put("null") }
      text.member("connections", UInt64(daemon.connections.count))
      text.member("ike_sas", UInt64(daemon.ikeSAs.count))
      text.put("}")
    }
    text.put(",\"missing\":")
    text.json(snapshot.missing)
    text.put(",\"blind_spots\":")
    text.list(diagnosis.blindSpots) { $0.json(naming.unescaped($1)) }
    text.put(",\"problems\":")
    text.list(snapshot.problems) { $0.json(naming.redacts ? "not shown when redacted" : $1) }
    text.put("}\n")
  }

  // MARK: Drops

  private func drop(_ drop: DropCause, to text: inout TextBuffer) {
    text.put("{\"counter\":")
    text.json(drop.counter)
    text.member("count", drop.count)
    text.put(",\"causes\":")
    text.list(drop.candidates) { text, candidate in
      text.put("{\"cause\":")
      text.json(candidate.cause.rawValue)
      text.put(",\"confidence\":")
      text.json(candidate.confidence.rawValue)
      text.put(",\"reason\":")
      text.json(naming.unescaped(candidate.reason))
      text.put("}")
    }
    text.put(",\"sas\":")
    text.list(drop.sas) { text, sa in
      guard case .flow(let spi, let source, let destination) = sa.subject else {
        return text.put("null")
      }
      text.put("{\"spi\":\"")
      text.hex(UInt64(naming.name(of: spi)), digits: 8)
      text.put("\",\"source\":")
      text.json(source, naming)
      text.put(",\"destination\":")
      text.json(destination, naming)
      text.member("count", sa.count)
      text.put("}")
    }
    text.put("}")
  }

  /// Since the machine was started, also those that are zero.
  private func counters(_ counters: DropCounters?, to text: inout TextBuffer) {
    guard let counters else { return text.put("null") }
    text.put("{")
    for (index, entry) in counters.entries.enumerated() {
      if index > 0 { text.put(",") }
      text.json(entry.name)
      text.put(":")
      text.decimal(entry.value)
    }
    text.put("}")
  }

  // MARK: Policies

  private func policy(_ policy: KernelPolicy, to text: inout TextBuffer) {
    text.put("{\"direction\":")
    text.json(Self.name(of: policy.direction))
    text.put(",\"action\":")
    text.json(policy.action == .allow ? "allow" : "block")
    text.put(",\"selector\":")
    text.json(policy.selector, naming)
    text.member("priority", UInt64(policy.priority))
    text.member("index", UInt64(policy.index))
    text.member("if_id", policy.interfaceID)
    text.put(",\"mark\":")
    text.json(policy.mark)
    text.put(",\"templates\":")
    text.list(policy.templates) { template($1, to: &$0) }
    text.put("}")
  }

  private func template(_ template: KernelPolicy.Template, to text: inout TextBuffer) {
    text.put("{\"source\":")
    text.json(template.source, naming)
    text.put(",\"destination\":")
    text.json(template.destination, naming)
    text.put(",\"protocol\":")
    text.code(UInt16(template.ipProtocol), KernelNames.protocolName(template.ipProtocol))
    text.put(",\"mode\":")
    text.code(UInt16(template.mode), KernelNames.mode(template.mode))
    text.member("reqid", UInt64(template.reqID))
    text.put(",\"optional\":")
    text.json(template.isOptional)
    text.put("}")
  }

  private static func name(of direction: KernelPolicy.Direction) -> String {
    switch direction {
    case .incoming: "in"
    case .outgoing: "out"
    case .forwarded: "forward"
    case .socketIncoming: "socket in"
    case .socketOutgoing: "socket out"
    }
  }
}

extension TextBuffer {
  /// What could not be read.
  mutating func json(_ missing: [HostSnapshot.Missing]) {
    list(missing) { text, missing in
      text.put("{\"part\":")
      text.json(missing.part.rawValue)
      text.put(",\"reason\":")
      text.json(missing.reason)
      text.put(",\"permission\":")
      text.json(missing.isPermission)
      text.put("}")
    }
  }
}
