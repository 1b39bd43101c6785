internal import PacketDissector

extension StateText {
  /// What `ip -s -d xfrm state` prints, without keys, with times of UTC, and with how many numbers of a window
  /// have come in place of which.
  static func write(_ sa: KernelSA, _ interfaces: [NetworkInterface]) -> String {
    var lines = [
      "src \(sa.source) dst \(sa.destination)",
      "\tproto \(XFRMWords.word(sa.ipProtocol, XFRMWords.protocols)) spi \(hex(sa.spi))"
        + " reqid \(sa.reqID) mode \(XFRMWords.word(sa.mode, XFRMWords.modes))",
      "\treplay-window \(sa.replay.hasBitmap ? 0 : sa.replay.window) flag \(flags(sa))",
    ]
    if let mark = sa.mark { lines.append("\tmark \(text(mark))") }
    if let mark = sa.outputMark { lines.append("\toutput-mark \(text(mark))") }
    lines += [("auth-trunc", sa.integrity), ("enc", sa.cipher), ("aead", sa.aead)]
      .compactMap(algorithm)
    if let compression = sa.compression { lines.append("\tcomp \(compression)") }
    if let encapsulation = sa.encapsulation {
      let type = XFRMWords.word(encapsulation.type, XFRMWords.encapsulations)
      lines.append(
        "\tencap type \(type) sport \(encapsulation.sourcePort) dport "
          + "\(encapsulation.destinationPort) addr 0.0.0.0")
    }
    lines += numbers(sa.replay)
    if let offload = sa.offload {
      lines.append(
        "\tcrypto offload parameters:\(device(offload.interface, interfaces))"
          + (offload.isWholePacket ? " mode packet" : ""))
    }
    if let interface = sa.interfaceID { lines.append("\tif_id \(hex(interface))") }
    if let padding = sa.trafficPadding { lines.append("\ttfcpad \(padding)") }
    if let selector = sa.selector { lines.append("\tsel \(text(selector, interfaces))") }
    lines += lifetimes(sa.limits, sa.counters.bytes, sa.counters.packets, sa.added, sa.firstUsed)
    if let used = sa.lastUsed { lines.append("\tlastused \(SavedText.text(used))") }
    lines += [
      "\tstats:",
      "\t  replay-window \(sa.counters.beforeWindow) replay \(sa.counters.replayed)"
        + " failed \(sa.counters.integrityFailed)",
    ]
    if let direction = sa.direction {
      lines.append("\tdir \(direction == .incoming ? "in" : "out")")
    }
    if let cpu = sa.cpu { lines.append("\tpcpu-num \(cpu)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func flags(_ sa: KernelSA) -> String {
    let extra = XFRMWords.words(of: sa.extraFlags)
    return (XFRMWords.words(of: sa.flags) + (extra.isEmpty ? [] : ["extra_flag"]) + extra).joined(
      separator: " ")
  }

  private static func algorithm(_ name: String, _ algorithm: KernelSA.Algorithm?) -> String? {
    algorithm.map { algorithm in
      "\t\(name) \(algorithm.name) (\(algorithm.keyBits) bits)"
        + (algorithm.icvBits.map { " \($0)" } ?? "")
    }
  }

  private static func numbers(_ replay: KernelSA.Replay) -> [String] {
    let received = replay.received.map { ["\tnumbers-received \($0)"] } ?? []
    guard replay.hasBitmap else {
      return [
        "\tanti-replay context: seq \(hex(replay.incoming)), oseq \(hex(replay.outgoing))"
      ] + received
    }
    func parts(_ name: String, _ number: UInt64) -> String {
      "\(name)-hi \(hex(number >> 32)), \(name) \(hex(number & 0xFFFF_FFFF))"
    }
    return [
      "\tanti-replay esn context:",
      "\t \(parts("seq", replay.incoming)), \(parts("oseq", replay.outgoing))",
      "\t replay_window \(replay.window), bitmap-length 0",
    ] + received
  }

  static func lifetimes(
    _ limits: KernelSA.Limits, _ bytes: UInt64, _ packets: UInt64, _ added: Timestamp?,
    _ used: Timestamp?
  ) -> [String] {
    func volume(_ pair: KernelSA.Limits.Pair, _ unit: String) -> String {
      let (soft, hard) = (pair.soft.map { "\($0)" }, pair.hard.map { "\($0)" })
      return "\t  limit: soft \(soft ?? "(INF)")(\(unit)), hard \(hard ?? "(INF)")(\(unit))"
    }
    func time(_ pair: KernelSA.Limits.Pair, _ name: String) -> String {
      "\t  expire \(name): soft \(pair.soft ?? 0)(sec), hard \(pair.hard ?? 0)(sec)"
    }
    return [
      "\tlifetime config:", volume(limits.bytes, "bytes"), volume(limits.packets, "packets"),
      time(limits.age, "add"), time(limits.use, "use"), "\tlifetime current:",
      "\t  \(bytes)(bytes), \(packets)(packets)",
      "\t  add \(added.map(SavedText.text) ?? "-") use \(used.map(SavedText.text) ?? "-")",
    ]
  }

  static func text(_ mark: KernelSA.Mark) -> String { "\(hex(mark.value))/\(hex(mark.mask))" }

  static func text(_ selector: TrafficMatch, _ interfaces: [NetworkInterface]) -> String {
    var words = "src \(selector.source) dst \(selector.destination)"
    if selector.ipProtocol != 0 {
      words += " proto \(XFRMWords.word(selector.ipProtocol, XFRMWords.carried))"
    }
    if let port = selector.sourcePort { words += " sport \(port.value)" }
    if let port = selector.destinationPort { words += " dport \(port.value)" }
    return words + device(selector.interface, interfaces)
  }

  private static func device(_ index: UInt32, _ interfaces: [NetworkInterface]) -> String {
    interfaces.first { $0.index == index }.map { " dev \($0.name)" } ?? ""
  }

  static func hex(_ number: some FixedWidthInteger) -> String {
    "0x" + String(number, radix: 16)
  }
}
