internal import Diagnosis
internal import Host
internal import PacketDissector

extension TextBuffer {
  /// An SA of the kernel and how it is judged.
  mutating func json(_ judgement: SAJudgement, _ naming: Naming) {
    let sa = judgement.sa
    put("{\"spi\":\"")
    hex(UInt64(naming.name(of: sa.spi)), digits: 8)
    put("\",\"protocol\":")
    code(UInt16(sa.ipProtocol), KernelNames.protocolName(sa.ipProtocol))
    put(",\"direction\":")
    json(judgement.role.rawValue)
    put(",\"source\":")
    json(sa.source, naming)
    put(",\"destination\":")
    json(sa.destination, naming)
    put(",\"mode\":")
    code(UInt16(sa.mode), KernelNames.mode(sa.mode))
    member("reqid", UInt64(sa.reqID))
    put(",\"connection\":")
    json(judgement.owner.map { naming.name(ofIdentity: $0.connection) })
    put(",\"child\":")
    json(judgement.owner.map { naming.name(ofIdentity: $0.child) })
    protection(judgement)
    traffic(sa)
    limits(sa.limits)
    member("added", time: sa.added)
    member("first_used", time: sa.firstUsed)
    member("last_used", time: sa.lastUsed)
    forecast(judgement.forecast)
    composition(sa)
    choice(sa, naming)
    put("}")
  }

  private mutating func protection(_ judgement: SAJudgement) {
    let replay = judgement.sa.replay
    put(",\"protection\":")
    switch judgement.protection {
    case .notApplicable: put("\"not_applicable\"")
    case .off: put("\"off\"")
    case .window: put("\"window\"")
    }
    member("window_packets", UInt64(replay.window))
    member("window_received", replay.received)
    put(",\"window_is_bitmap\":")
    json(replay.hasBitmap)
    member("configured_window_packets", judgement.configuredWindow)
    member("recommended_window_packets", judgement.recommendedWindow)
    put(",\"esn\":")
    json(judgement.sa.usesESN)
    put(",\"sequence\":{\"incoming\":")
    decimal(replay.incoming)
    member("outgoing", replay.outgoing)
    put("}")
  }

  private mutating func traffic(_ sa: KernelSA) {
    member("packets", sa.counters.packets)
    member("bytes", sa.counters.bytes)
    put(",\"drops\":{\"before_window\":")
    decimal(sa.counters.beforeWindow)
    member("replayed", UInt64(sa.counters.replayed))
    member("integrity_failed", UInt64(sa.counters.integrityFailed))
    put("}")
  }

  private mutating func limits(_ limits: KernelSA.Limits) {
    put(",\"limits\":{")
    let pairs: [(StaticString, KernelSA.Limits.Pair)] = [
      ("bytes", limits.bytes), ("packets", limits.packets), ("age_s", limits.age),
      ("use_s", limits.use),
    ]
    for (index, (name, pair)) in pairs.enumerated() {
      put(index > 0 ? ",\"" : "\"")
      put(name)
      put("\":{\"soft\":")
      if let soft = pair.soft { decimal(soft) } else { put("null") }
      put(",\"hard\":")
      if let hard = pair.hard { decimal(hard) } else { put("null") }
      put("}")
    }
    put("}")
  }

  private mutating func forecast(_ forecast: SAJudgement.Forecast?) {
    put(",\"forecast\":")
    guard let forecast else { return put("null") }
    put("{\"basis\":")
    let period: Nanoseconds
    switch forecast.basis {
    case .measured(let time):
      json("measured")
      period = time
    case .average(let time):
      json("average")
      period = time
    }
    member("over_s", seconds: period)
    member("sequence_numbers_per_second", forecast.perSecond, places: 3)
    member("exhausted_in_s", forecast.left.seconds, places: 3)
    put("}")
  }

  // MARK: What it is made of

  private mutating func composition(_ sa: KernelSA) {
    algorithm("aead", sa.aead)
    algorithm("cipher", sa.cipher)
    algorithm("integrity", sa.integrity)
    put(",\"compression\":")
    json(sa.compression)
    put(",\"encapsulation\":")
    if let encapsulation = sa.encapsulation {
      put("{\"type\":")
      decimal(encapsulation.type)
      member("source_port", UInt64(encapsulation.sourcePort))
      member("destination_port", UInt64(encapsulation.destinationPort))
      put("}")
    } else {
      put("null")
    }
    put(",\"offload\":")
    if let offload = sa.offload {
      put("{\"interface_index\":")
      decimal(offload.interface)
      put(",\"whole_packets\":")
      json(offload.isWholePacket)
      put("}")
    } else {
      put("null")
    }
    member("traffic_padding_bytes", sa.trafficPadding)
    put(",\"flags\":")
    list(XFRMWords.words(of: sa.flags)) { $0.json($1) }
    put(",\"extra_flags\":")
    list(XFRMWords.words(of: sa.extraFlags)) { $0.json($1) }
  }

  private mutating func algorithm(_ name: StaticString, _ algorithm: KernelSA.Algorithm?) {
    put(",\"")
    put(name)
    put("\":")
    guard let algorithm else { return put("null") }
    put("{\"name\":")
    json(algorithm.name)
    member("key_bits", UInt64(algorithm.keyBits))
    member("icv_bits", algorithm.icvBits.map(UInt32.init(clamping:)))
    put("}")
  }

  // MARK: What decides which packets take it

  private mutating func choice(_ sa: KernelSA, _ naming: Naming) {
    put(",\"selector\":")
    if let selector = sa.selector { json(selector, naming) } else { put("null") }
    member("if_id", sa.interfaceID)
    put(",\"mark\":")
    json(sa.mark)
    put(",\"output_mark\":")
    json(sa.outputMark)
    member("cpu", sa.cpu)
  }

  mutating func json(_ selector: TrafficMatch, _ naming: Naming) {
    put("{\"source\":")
    json(naming.unescaped("\(network: "\(selector.source)")"))
    put(",\"destination\":")
    json(naming.unescaped("\(network: "\(selector.destination)")"))
    member("ip_protocol", UInt64(selector.ipProtocol))
    port("source_port", selector.sourcePort)
    port("destination_port", selector.destinationPort)
    member("interface_index", UInt64(selector.interface))
    put("}")
  }

  private mutating func port(_ name: StaticString, _ port: TrafficMatch.Port?) {
    put(",\"")
    put(name)
    put("\":")
    guard let port else { return put("null") }
    put("{\"value\":")
    decimal(port.value)
    member("mask", UInt64(port.mask))
    put("}")
  }

  mutating func json(_ mark: KernelSA.Mark?) {
    guard let mark else { return put("null") }
    put("{\"value\":")
    decimal(mark.value)
    member("mask", UInt64(mark.mask))
    put("}")
  }

  mutating func json(_ words: String?) {
    if let words { json(words) } else { put("null") }
  }

  /// `,"cpu":3`, or null.
  mutating func member(_ name: StaticString, _ value: UInt32?) {
    put(",\"")
    put(name)
    put("\":")
    if let value { decimal(value) } else { put("null") }
  }

  /// `,"ts":"2026-11-23T14:44:28.877000000Z"`, or null.
  mutating func member(_ name: StaticString, time: Timestamp?) {
    put(",\"")
    put(name)
    put("\":")
    guard let time else { return put("null") }
    put("\"")
    var style = TimeText(style: .utc)
    style.write(time, to: &self)
    put("\"")
  }
}
