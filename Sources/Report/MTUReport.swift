package import Diagnosis
package import PacketDissector

/// What `ipsecdiag mtu --calculate` prints: the sum for one suite, or a table over all of them.
/// Schemas/mtu-1.schema.json describes the JSON.
package struct MTUReport {
  private let overheads: [TunnelOverhead]
  private let pathMTUs: [Int]

  package init(_ overheads: [TunnelOverhead], pathMTUs: [Int]) {
    self.overheads = overheads
    self.pathMTUs = pathMTUs
  }

  package func writeText(to text: inout TextBuffer) {
    if overheads.count == 1, let overhead = overheads.first {
      for pathMTU in pathMTUs { sum(overhead, pathMTU, to: &text) }
    } else {
      table(to: &text)
    }
  }

  private func sum(_ overhead: TunnelOverhead, _ pathMTU: Int, to text: inout TextBuffer) {
    text.put(overhead.suite.name)
    text.put("\n")
    text.put(overhead.mode.rawValue)
    text.put(" mode")
    if overhead.isEESP { text.put(", EESP (experimental)") }
    if overhead.carriesGRE { text.put(", with GRE inside") }
    text.put(", path MTU ")
    text.decimal(pathMTU)
    text.put(" bytes\n")
    guard let inner = overhead.innerMTU(pathMTU: pathMTU) else {
      return text.put("  no packet fits\n")
    }
    let segment = TunnelOverhead.maximumSegmentSize(innerMTU: inner, innerIsIPv6: false)
    let segment6 = TunnelOverhead.maximumSegmentSize(innerMTU: inner, innerIsIPv6: true)
    text.put("  inner MTU  ")
    text.decimal(inner)
    text.put(" bytes\n  TCP MSS    ")
    text.decimal(segment)
    text.put(" bytes over IPv4, ")
    text.decimal(segment6)
    text.put(" over IPv6\n  why        ")
    reason(overhead, pathMTU, inner, to: &text)
    text.put("\n  set        ip route change NETWORK dev DEVICE mtu ")
    text.decimal(inner)
    text.put(" advmss ")
    text.decimal(segment)
    text.put("\n             nft add rule inet filter forward tcp flags syn \\\n")
    text.put("               tcp option maxseg size set ")
    text.decimal(segment)
    text.put("\n")
  }

  /// "1500 - 20 IP - 8 ESP - 8 IV - 16 ICV = 1448; in units of 4: 1448; - 2 trailer = 1446"
  private func reason(
    _ overhead: TunnelOverhead, _ pathMTU: Int, _ inner: Int, to text: inout TextBuffer
  ) {
    text.decimal(pathMTU)
    for part in overhead.parts {
      text.put(" - ")
      text.decimal(part.bytes)
      text.put(" ")
      text.put(part.name)
    }
    text.put(" = ")
    text.decimal(overhead.room(pathMTU: pathMTU))
    text.put("\n             in units of ")
    text.decimal(overhead.alignment)
    text.put(": ")
    text.decimal(overhead.alignedRoom(pathMTU: pathMTU))
    if overhead.trailerBytes > 0 {
      text.put(" - ")
      text.decimal(overhead.trailerBytes)
      text.put(overhead.isEESP ? " payload info" : " pad length and next header")
    }
    if overhead.innerHeaderBytes > 0 {
      text.put(" - ")
      text.decimal(overhead.innerHeaderBytes)
      text.put(" GRE")
    }
    if overhead.ownHeaderBytes > 0 {
      text.put(" + ")
      text.decimal(overhead.ownHeaderBytes)
      text.put(" the packet's own IP header")
    }
    text.put(" = ")
    text.decimal(inner)
  }

  private func table(to text: inout TextBuffer) {
    text.put("Inner MTU / TCP MSS over IPv4, in bytes, by path MTU\n\n")
    let width = (overheads.map { $0.suite.name.utf8.count }.max() ?? 0) + 2
    text.spaces(width)
    for pathMTU in pathMTUs { text.decimal(UInt64(clamping: pathMTU), rightIn: 12) }
    text.put("\n")
    for overhead in overheads {
      let start = text.count
      text.put(overhead.suite.name)
      text.pad(to: width, from: start)
      for (index, pathMTU) in pathMTUs.enumerated() {
        var cell = TextBuffer(capacity: 16)
        if let inner = overhead.innerMTU(pathMTU: pathMTU) {
          cell.decimal(inner)
          cell.put("/")
          cell.decimal(TunnelOverhead.maximumSegmentSize(innerMTU: inner, innerIsIPv6: false))
        } else {
          cell.put("none")
        }
        text.pad(to: width + 12 * (index + 1) - cell.count, from: start)
        text.put(cell.string)
      }
      text.put("\n")
    }
  }

  package func writeJSON(toolVersion: String, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.mtu/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"results\":")
    let cells = overheads.flatMap { overhead in pathMTUs.map { (overhead, $0) } }
    text.list(cells) { text, cell in
      let (overhead, pathMTU) = cell
      text.put("{\"suite\":")
      text.json(overhead.suite.name)
      text.put(",\"mode\":")
      text.json(overhead.mode.rawValue)
      text.put(",\"path_mtu_bytes\":")
      text.decimal(pathMTU)
      text.put(",\"inner_mtu_bytes\":")
      if let inner = overhead.innerMTU(pathMTU: pathMTU) {
        text.decimal(inner)
        text.put(",\"mss_ipv4_bytes\":")
        text.decimal(TunnelOverhead.maximumSegmentSize(innerMTU: inner, innerIsIPv6: false))
        text.put(",\"mss_ipv6_bytes\":")
        text.decimal(TunnelOverhead.maximumSegmentSize(innerMTU: inner, innerIsIPv6: true))
      } else {
        text.put("null")
      }
      text.put("}")
    }
    text.put("}\n")
  }
}
