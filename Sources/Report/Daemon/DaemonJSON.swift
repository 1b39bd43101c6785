internal import Diagnosis
package import Host
package import PacketDissector

/// What `ipsecdiag daemon --json` and `--ndjson --events` print. Schemas/daemon-1.schema.json describes both.
package struct DaemonJSON {
  private let naming: Naming
  private let toolVersion: String

  package init(_ naming: Naming, toolVersion: String) {
    self.naming = naming
    self.toolVersion = toolVersion
  }

  package func write(_ report: DaemonReport, to text: inout TextBuffer) {
    begin(report.time, to: &text)
    text.put(",\"redacted\":")
    text.json(naming.redacts)
    text.put(",\"verdict\":")
    text.json(report.verdict.word.rawValue)
    text.put(",\"daemons\":")
    text.list(report.daemons) { daemon($1, to: &$0) }
    text.put(",\"missing\":")
    text.json(report.missing)
    text.put("}\n")
  }

  private func begin(_ time: Timestamp, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.daemon/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"ts\":\"")
    var style = TimeText(style: .utc)
    style.write(time, to: &text)
    text.put("\"")
  }

  // MARK: A daemon

  private func daemon(_ daemon: DaemonReport.Daemon, to text: inout TextBuffer) {
    let state = daemon.state
    text.put("{\"kind\":")
    text.json(state.kind.rawValue)
    member("version", state.version, to: &text)
    member("configuration", naming.redacts ? nil : daemon.configuration, to: &text)
    text.put(",\"connections\":")
    let standings = DaemonState.Standings(state)
    text.list(state.connections) { connection($1, of: daemon, standings, to: &$0) }
    text.put(",\"ike_sas\":")
    text.list(state.ikeSAs) { ikeSA($1, to: &$0) }
    text.put(",\"counters\":")
    counters(state.counters, to: &text)
    text.put(",\"vici\":")
    // Names, addresses and identities stand in all of it.
    if let vici = daemon.vici, !naming.redacts {
      answers(vici, to: &text)
    } else {
      text.put("null")
    }
    text.put("}")
  }

  private func connection(
    _ connection: DaemonState.Connection, of daemon: DaemonReport.Daemon,
    _ standings: DaemonState.Standings, to text: inout TextBuffer
  ) {
    text.put("{\"name\":")
    text.json(naming.name(ofIdentity: connection.name))
    member("ike_version", connection.ikeVersion.map(Int64.init), to: &text)
    strings("local_addresses", connection.localAddresses.map { naming.name(ofHost: $0) }, to: &text)
    strings(
      "remote_addresses", connection.remoteAddresses.map { naming.name(ofHost: $0) }, to: &text)
    text.member("dpd_delay_s", connection.dpdDelay, places: 3)
    text.put(",\"counters\":")
    counters(connection.counters, to: &text)
    text.put(",\"children\":")
    text.list(connection.children) { text, child in
      text.put("{\"name\":")
      text.json(naming.name(ofIdentity: child.name))
      text.put(",\"standing\":")
      text.json(standings.standing(of: child, in: connection).rawValue)
      text.put(",\"wanted\":")
      text.json(child.isWanted)
      text.put(",\"trapped\":")
      text.json(child.isTrapped)
      member("replay_window_packets", child.replayWindow.map(Int64.init), to: &text)
      let source = daemon.state.kind == .libreswan ? "daemon" : "configuration"
      member("replay_window_source", child.replayWindow == nil ? nil : source, to: &text)
      selectors(child.localSelectors, child.remoteSelectors, to: &text)
      text.put("}")
    }
    text.put("}")
  }

  // MARK: SAs

  private func ikeSA(_ sa: DaemonState.IKESA, to text: inout TextBuffer) {
    text.put("{\"name\":")
    text.json(naming.name(ofIdentity: sa.name))
    member("unique_id", sa.uniqueID, to: &text)
    member("state", sa.state, to: &text)
    member("ike_version", sa.ikeVersion.map(Int64.init), to: &text)
    for (key, spi) in [("initiator_spi", sa.initiatorSPI), ("responder_spi", sa.responderSPI)] {
      text.put(",\"\(key)\":")
      guard let spi else {
        text.put("null")
        continue
      }
      text.put("\"")
      text.hex(naming.name(ofIKE: spi), digits: 16)
      text.put("\"")
    }
    text.put(",\"initiator\":")
    text.json(sa.isInitiator)
    member("local_address", naming.name(ofHost: sa.localAddress), to: &text)
    member("remote_address", naming.name(ofHost: sa.remoteAddress), to: &text)
    member("local_identity", naming.name(ofHost: sa.localIdentity), to: &text)
    member("remote_identity", naming.name(ofHost: sa.remoteIdentity), to: &text)
    member("age_s", sa.age, to: &text)
    member("rekey_in_s", sa.rekeyIn, to: &text)
    text.put(",\"child_sas\":")
    text.list(sa.children) { child($1, to: &$0) }
    text.put("}")
  }

  private func child(_ child: DaemonState.ChildSA, to text: inout TextBuffer) {
    text.put("{\"name\":")
    text.json(naming.name(ofIdentity: child.name))
    member("state", child.state, to: &text)
    for (key, spi) in [("inbound_spi", child.inboundSPI), ("outbound_spi", child.outboundSPI)] {
      text.put(",\"\(key)\":")
      guard let spi else {
        text.put("null")
        continue
      }
      text.put("\"")
      text.hex(UInt64(naming.name(of: spi)), digits: 8)
      text.put("\"")
    }
    member("reqid", child.reqID.map(Int64.init), to: &text)
    text.put(",\"encapsulated\":")
    text.json(child.isEncapsulated)
    text.put(",\"esn\":")
    text.json(child.usesESN)
    let counts = [
      ("bytes_in", child.bytesIn), ("packets_in", child.packetsIn), ("bytes_out", child.bytesOut),
      ("packets_out", child.packetsOut),
    ]
    for (key, count) in counts {
      text.put(",\"\(key)\":")
      if let count { text.decimal(count) } else { text.put("null") }
    }
    member("age_s", child.age, to: &text)
    member("idle_in_s", child.idleIn, to: &text)
    member("idle_out_s", child.idleOut, to: &text)
    member("rekey_in_s", child.rekeyIn, to: &text)
    member("ends_in_s", child.endsIn, to: &text)
    selectors(child.localSelectors, child.remoteSelectors, to: &text)
    text.put("}")
  }

  // MARK: Events

  /// One event, as a line.
  package func writeLine(_ event: VICIEvent, to text: inout TextBuffer) {
    begin(event.time, to: &text)
    text.put(",\"event\":{\"kind\":")
    text.json(event.kind.rawValue)
    text.put(",\"up\":")
    text.json(event.isUp)
    text.put(",\"ike_sa\":")
    if let sa = event.ikeSA { ikeSA(sa, to: &text) } else { text.put("null") }
    text.put(",\"old_ike_sa\":")
    if let sa = event.oldIKESA { ikeSA(sa, to: &text) } else { text.put("null") }
    text.put(",\"old_child_sas\":")
    text.list(event.oldChildren) { child($1, to: &$0) }
    text.put(",\"vici\":")
    if naming.redacts { text.put("null") } else { Self.object(event.message, to: &text) }
    text.put("}}\n")
  }

  // MARK: VICI's own words

  private func answers(_ vici: VICIAnswers, to text: inout TextBuffer) {
    text.put("{\"version\":")
    Self.object(vici.version, to: &text)
    text.put(",\"stats\":")
    Self.object(vici.stats, to: &text)
    text.put(",\"counters\":")
    Self.object(vici.counters, to: &text)
    let streams = [("conns", vici.connections), ("sas", vici.sas), ("policies", vici.policies)]
    for (key, messages) in streams {
      text.put(",\"\(key)\":")
      text.list(messages) { Self.object($1, to: &$0) }
    }
    text.put("}")
  }

  /// A message as it came: sections are objects, and values strings. Of names that stand twice in one section,
  /// as children of old daemons do, the further ones get a number.
  static func object(_ message: VICIMessage, to text: inout TextBuffer) {
    var counts: [String: Int] = [:]
    text.put("{")
    for (index, entry) in message.entries.enumerated() {
      if index > 0 { text.put(",") }
      let count = (counts[entry.name] ?? 0) + 1
      counts[entry.name] = count
      text.json(count == 1 ? entry.name : "\(entry.name)#\(count)")
      text.put(":")
      switch entry.value {
      case .text(let value): text.json(value)
      case .list(let items): text.list(items) { $0.json($1) }
      case .section(let section): object(section, to: &text)
      }
    }
    text.put("}")
  }

  // MARK: Members

  private func counters(_ entries: [DropCounters.Entry], to text: inout TextBuffer) {
    text.put("{")
    for (index, entry) in entries.enumerated() {
      if index > 0 { text.put(",") }
      text.json(entry.name)
      text.put(":")
      text.decimal(entry.value)
    }
    text.put("}")
  }

  private func selectors(
    _ local: [String], _ remote: [String], to text: inout TextBuffer
  ) {
    strings("local_selectors", local.map { naming.name(ofNetwork: $0) }, to: &text)
    strings("remote_selectors", remote.map { naming.name(ofNetwork: $0) }, to: &text)
  }

  private func strings(_ key: String, _ values: [String], to text: inout TextBuffer) {
    text.put(",\"\(key)\":")
    text.list(values) { $0.json($1) }
  }

  /// Null for none, and for an empty one.
  private func member(_ key: String, _ value: String?, to text: inout TextBuffer) {
    text.put(",\"\(key)\":")
    if let value, !value.isEmpty { text.json(value) } else { text.put("null") }
  }

  private func member(_ key: String, _ value: Int64?, to text: inout TextBuffer) {
    text.put(",\"\(key)\":")
    if let value { text.decimal(Int(value)) } else { text.put("null") }
  }
}
