internal import Diagnosis
internal import Measurement
package import PacketDissector

/// What `ipsecdiag mtu TARGET --json` prints. Schemas/mtu-path-1.schema.json describes it.
package struct PathMTUJSON {
  private let report: PathMTUReport
  private var result: PathResult { report.result }
  private var naming: Naming { report.naming }

  package init(_ report: PathMTUReport) {
    self.report = report
  }

  package func write(toolVersion: String, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.mtu-path/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"ts\":\"")
    var time = TimeText(style: .utc)
    time.write(result.started, to: &text)
    text.put("\",\"verdict\":")
    text.json(report.word.rawValue.lowercased())
    text.put(",\"target\":")
    text.json(report.target)
    text.put(",\"address\":")
    text.json(result.address, naming)
    text.put(",\"source\":")
    if let own = result.own { text.json(own, naming) } else { text.put("null") }
    local(to: &text)
    bytes("path_mtu_bytes", result.pathMTU, to: &text)
    text.put(",\"is_limited\":")
    text.json(result.isLimited)
    text.put(",\"interrupted\":")
    text.json(result.isInterrupted)
    text.put(",\"complete\":")
    text.json(!result.isIncomplete)
    text.put(",\"degraded\":")
    text.json(result.isDegraded)
    text.member("packets_sent", UInt64(clamping: result.packetsSent))
    text.member("duration_ms", milliseconds: Nanoseconds(result.duration))
    text.put(",\"classes\":")
    text.list(result.classes) { self.entry($1, to: &$0) }
    text.put(",\"inner\":")
    text.list(report.advice.overheads) { self.inner($1, to: &$0) }
    if let tunnel = result.inner {
      text.put(",\"tunnel\":")
      PathMTUInner(tunnel, naming).json(to: &text)
    }
    text.put(",\"findings\":")
    text.list(result.findings) { $0.json($1, naming) }
    text.put("}\n")
  }

  private func bytes(_ name: StaticString, _ count: Int?, to text: inout TextBuffer) {
    text.put(",\"")
    text.put(name)
    text.put("\":")
    if let count { text.decimal(count) } else { text.put("null") }
  }

  private func local(to text: inout TextBuffer) {
    text.put(",\"local\":")
    guard let local = result.local else { return text.put("null") }
    text.put("{\"interface\":")
    text.json(local.interface)
    bytes("interface_mtu_bytes", local.interfaceMTU, to: &text)
    bytes("kernel_path_mtu_bytes", local.pathMTU, to: &text)
    text.put("}")
  }

  // MARK: Classes

  private func entry(_ entry: KindResult, to text: inout TextBuffer) {
    text.put("{\"packets\":")
    text.json(entry.packetKind.content.name)
    text.put(",\"may_be_fragmented\":")
    text.json(entry.packetKind.mayBeFragmented)
    text.put(",\"outcome\":")
    outcome(entry.outcome, to: &text)
    bytes("limit_bytes", entry.limit, to: &text)
    text.put(",\"runs\":")
    text.list(entry.map.runs) { self.run($1, to: &$0) }
    text.put(",\"sizes\":")
    text.list(entry.tallies) { text, tally in
      text.put("{\"bytes\":")
      text.decimal(tally.size)
      text.member("sent", UInt64(clamping: tally.sent))
      text.member("answered", UInt64(clamping: tally.answered))
      text.put("}")
    }
    text.member(
      "rtt_longest_ms", milliseconds: entry.roundTrip.map { Nanoseconds($0) })
    text.member("loss_percent", entry.limit == nil ? nil : entry.loss * 100, places: 2)
    text.member("packets_sent", UInt64(clamping: entry.packetsSent))
    text.put("}")
  }

  private func outcome(_ outcome: KindResult.Outcome, to text: inout TextBuffer) {
    switch outcome {
    case .searched(let ending):
      text.put("{\"kind\":")
      text.json(ending.name)
    case .unreachable(let reason, let by):
      text.put("{\"kind\":\"unreachable\",\"reason\":")
      text.json(reason)
      text.put(",\"by\":")
      if let by { text.json(by, naming) } else { text.put("null") }
    case .impossible(let reason):
      text.put("{\"kind\":\"impossible\",\"reason\":")
      text.json(report.reason(reason))
    }
    text.put("}")
  }

  private func run(_ run: SizeMap.Run, to text: inout TextBuffer) {
    text.put("{\"from_bytes\":")
    text.decimal(run.sizes.lowerBound)
    bytes("to_bytes", run.sizes.upperBound, to: &text)
    text.put(",\"passes\":")
    text.json(run.passes)
    text.put(",\"refused\":")
    switch run.refusal {
    case nil: text.put("null")
    case .here(let mtu):
      text.put("{\"by\":\"this machine\"")
      bytes("mtu_bytes", mtu, to: &text)
      text.put("}")
    case .icmp(let mtu, let from):
      text.put("{\"by\":")
      if let from { text.json(from, naming) } else { text.put("null") }
      bytes("mtu_bytes", mtu, to: &text)
      text.put("}")
    }
    text.put("}")
  }

  // MARK: Inside

  private func inner(_ overhead: TunnelOverhead, to text: inout TextBuffer) {
    text.put("{\"suite\":")
    text.json(overhead.suite.name)
    text.put(",\"in_udp\":")
    text.json(overhead.encapsulation == .udp)
    text.put(",\"assumed\":")
    text.json(!report.advice.isKnown)
    let mtu = result.pathMTU.flatMap { overhead.innerMTU(pathMTU: $0) }
    bytes("inner_mtu_bytes", mtu, to: &text)
    for (name, isIPv6) in [("mss_ipv4_bytes" as StaticString, false), ("mss_ipv6_bytes", true)] {
      bytes(
        name, mtu.map { TunnelOverhead.maximumSegmentSize(innerMTU: $0, innerIsIPv6: isIPv6) },
        to: &text)
    }
    text.put("}")
  }
}

extension PacketKind.Content {
  fileprivate var name: String {
    switch self {
    case .icmpEcho: "icmp_echo"
    case .udp500: "ike_udp_500"
    case .udp4500: "ike_udp_4500"
    }
  }
}

extension SizeSearch.Ending {
  fileprivate var name: String {
    switch self {
    case .complete: "complete"
    case .silent: "silent"
    case .wentSilent: "went_silent"
    case .outOfTime: "out_of_time"
    case .stopped: "stopped"
    }
  }
}
