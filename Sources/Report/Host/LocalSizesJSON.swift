internal import Diagnosis
internal import Host
package import PacketDissector

extension LocalSizesReport {
  package func writeJSON(toolVersion: String, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.mtu-local/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"ts\":\"")
    var time = TimeText(style: .utc)
    time.write(sizes.snapshot.time, to: &text)
    text.put("\",\"degraded\":")
    text.put(sizes.snapshot.missing.isEmpty ? "false" : "true")
    text.put(",\"findings\":")
    text.list(sizes.findings) { $0.json($1, naming) }
    text.put(",\"tunnels\":")
    text.list(sizes.tunnels) { json($1, to: &$0) }
    text.put(",\"learned_path_mtus\":")
    text.list(network.learned) { text, path in
      text.put("{\"destination\":")
      text.json(path.destination, naming)
      text.member("mtu_bytes", UInt64(path.mtu))
      text.put(",\"expires_in_s\":")
      Self.number(path.expiresIn, to: &text)
      text.put("}")
    }
    text.put(",\"routes\":")
    text.list(network.routes.filter { $0.mtu != nil || $0.advertisedMSS != nil }) {
      json($1, to: &$0)
    }
    text.put(",\"mss_clamps\":")
    text.list(network.clamps) { text, clamp in
      text.put("{\"place\":")
      text.json(clamp.place)
      text.put(",\"mss_bytes\":")
      Self.number(clamp.size, to: &text)
      text.put("}")
    }
    text.put(",\"settings\":{")
    for (index, setting) in network.settings.enumerated() {
      if index > 0 { text.put(",") }
      text.json(setting.name)
      text.put(":")
      text.json(setting.value)
    }
    text.put("},\"blind_spots\":")
    text.list(blindSpots) { $0.json($1) }
    text.put("}\n")
  }

  private func json(_ tunnel: LocalSizes.Tunnel, to text: inout TextBuffer) {
    text.put("{\"spi\":\"")
    text.hex(UInt64(naming.name(of: tunnel.sa.spi)), digits: 8)
    text.put("\",\"source\":")
    text.json(tunnel.sa.source, naming)
    text.put(",\"destination\":")
    text.json(tunnel.sa.destination, naming)
    text.put(",\"suite\":")
    if let suite = tunnel.overhead?.suite { text.json(suite.name) } else { text.put("null") }
    text.put(",\"path_mtu_bytes\":")
    Self.number(tunnel.pathMTU, to: &text)
    text.put(",\"limit\":")
    text.put(Self.name(of: tunnel.limit))
    text.put(",\"inner_mtu_bytes\":")
    Self.number(tunnel.innerMTU, to: &text)
    let segments = tunnel.innerMTU.map(Self.segments)
    text.put(",\"mss_ipv4_bytes\":")
    Self.number(segments?.ipv4, to: &text)
    text.put(",\"mss_ipv6_bytes\":")
    Self.number(segments?.ipv6, to: &text)
    text.put("}")
  }

  private static func name(of limit: LocalSizes.Limit?) -> StaticString {
    switch limit {
    case nil: "null"
    case .interface: "\"interface\""
    case .route: "\"route\""
    case .learned: "\"icmp\""
    }
  }

  private func json(_ route: HostNetwork.Route, to text: inout TextBuffer) {
    text.put("{\"destination\":")
    text.json(naming.unescaped("\(network: "\(route.destination)")"))
    text.put(",\"gateway\":")
    if let gateway = route.gateway { text.json(gateway, naming) } else { text.put("null") }
    text.put(",\"mtu_bytes\":")
    Self.number(route.mtu, to: &text)
    text.put(",\"mtu_locked\":")
    text.put(route.isMTULocked ? "true" : "false")
    text.put(",\"mss_bytes\":")
    Self.number(route.advertisedMSS, to: &text)
    text.put("}")
  }

  private static func number(_ value: (some BinaryInteger)?, to text: inout TextBuffer) {
    if let value { text.decimal(UInt64(clamping: value)) } else { text.put("null") }
  }
}
