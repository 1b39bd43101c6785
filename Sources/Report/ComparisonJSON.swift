internal import Diagnosis
internal import PacketDissector

extension TextBuffer {
  /// What two captures show of each other, as one JSON object.
  mutating func json(_ comparison: CaptureComparison, _ naming: Naming) {
    let clock = comparison.clock
    put("{\"clock\":{\"basis\":")
    json(clock.basis.rawValue)
    signed("offset_s", clock.offset.seconds, places: 6)
    member("uncertainty_ms", milliseconds: clock.uncertainty)
    signed("drift_ppm", clock.drift * 1e6, places: 2)
    member("samples", UInt64(clock.samples))
    put("},\"overlap_s\":")
    if let overlap = comparison.overlap {
      put(
        Quantity.decimal(
          Nanoseconds(from: overlap.lowerBound, to: overlap.upperBound).seconds, places: 6))
    } else {
      put("null")
    }
    member("matched", comparison.matched)
    for (name, a, b) in [
      ("copies", comparison.copiesAtA, comparison.copiesAtB),
      ("not_overlapping", comparison.outsideAtA, comparison.outsideAtB),
      ("elsewhere", comparison.elsewhereAtA, comparison.elsewhereAtB),
    ] {
      put(",\"\(name)\":{\"A\":\(a),\"B\":\(b)}")
    }
    put(",\"paths\":")
    list(comparison.paths) { $0.json($1, naming) }
    put("}")
  }

  private mutating func json(_ path: PathComparison, _ naming: Naming) {
    put("{\"host_at_a\":")
    json(path.hostAtA, naming)
    put(",\"host_at_b\":")
    json(path.hostAtB, naming)
    put(",\"directions\":")
    list(path.directions) { $0.json($1) }
    put(",\"nat_mappings\":")
    list(path.translations) { text, mapping in
      text.put("{\"host_at\":")
      text.json(mapping.side.rawValue)
      text.put(",\"at_a\":")
      text.json(mapping.atA, naming)
      text.put(",\"at_b\":")
      text.json(mapping.atB, naming)
      text.member("packets", mapping.packets)
      text.put("}")
    }
    put("}")
  }

  private mutating func json(_ end: Endpoint, _ naming: Naming) {
    put("{\"address\":")
    json(end.address, naming)
    member("port", UInt64(end.port))
    put("}")
  }

  private mutating func json(_ direction: DirectionComparison) {
    put("{\"from\":")
    json(direction.sender.rawValue)
    put(",\"to\":")
    json(direction.receiver.rawValue)
    put(",\"classes\":")
    let counts = PacketClass.allCases.compactMap { kind in
      direction.counts[kind].map { (kind: kind, count: $0) }
    }
    list(counts) { text, entry in
      let count = entry.count
      text.put("{\"class\":")
      text.json(entry.kind.rawValue)
      text.member("sent", count.sent)
      text.member("arrived", count.arrived)
      text.member("not_in_senders_capture", count.unsent)
      text.signed("delay_p50_ms", (count.medianDelay?.seconds).map { $0 * 1e3 }, places: 3)
      text.signed("delay_p99_ms", (count.highDelay?.seconds).map { $0 * 1e3 }, places: 3)
      text.put("}")
    }
    for (name, sizes) in [
      ("esp_sizes", direction.sizes), ("esp_fragmented_sizes", direction.fragmentedSizes),
    ] {
      put(",\"\(name)\":")
      list(sizes.sorted { $0.key < $1.key }) { text, step in
        text.put("{\"bytes\":\(step.key)")
        text.member("sent", step.value.sent)
        text.member("arrived", step.value.arrived)
        text.put("}")
      }
    }
    member("esp_overtaken", direction.overtaken)
    put(",\"routers\":")
    if let hops = direction.hops {
      put("{\"fewest\":\(hops.lowerBound),\"most\":\(hops.upperBound)}")
    } else {
      put("null")
    }
    put(",\"dscp_changes\":")
    list(direction.classChanges) { text, change in
      text.put("{\"sent\":\(change.sent),\"arrived\":\(change.arrived)")
      text.member("packets", change.packets)
      text.put("}")
    }
    put("}")
  }

  /// A number that may be below zero, or null.
  private mutating func signed(_ name: StaticString, _ value: Double?, places: Int) {
    guard let value, value.isFinite, abs(value) < 1e12 else {
      return member(name, nil, places: places)
    }
    put(",\"")
    put(name)
    put(value < 0 ? "\":-" : "\":")
    put(Quantity.decimal(abs(value), places: places))
  }
}
