internal import Diagnosis
internal import Measurement
internal import PacketDissector

/// What passes inside a tunnel, in words and in JSON.
struct PathMTUInner {
  private let outcome: InnerMeasurement.Outcome
  private let naming: Naming

  init(_ outcome: InnerMeasurement.Outcome, _ naming: Naming) {
    self.outcome = outcome
    self.naming = naming
  }

  // MARK: Words

  var lines: [String] {
    switch outcome {
    case .measured(let sizes): measured(sizes)
    case .noAddress:
      [
        "not measured: the tunnel's traffic selectors name no host behind the peer; --inner ADDRESS does"
      ]
    case .failed(let reason, _):
      ["not measured: \(naming.redacts ? "there is no tunnel" : ProbeText.escaped(reason))"]
    case .interrupted: ["not measured: interrupted"]
    }
  }

  private func measured(_ sizes: InnerSizes) -> [String] {
    let means = means(sizes.means)
    guard let limit = sizes.limit else {
      return [
        "no answer to \(means) of any size: a host that does not answer, or nothing gets through"
      ]
    }
    let segment = TunnelOverhead.maximumSegmentSize(innerMTU: limit, innerIsIPv6: false)
    var lines = [
      "inner packets of up to \(limit) bytes pass there and back, TCP segments of \(segment) (\(means))"
    ]
    if let there = sizes.limit(.there) { lines.append("there alone up to \(there) bytes") }
    if let back = sizes.limit(.back) {
      lines.append("back alone up to \(back) bytes, requests in fragments")
    }
    lines.append("\(sizes.overhead.suite.name), ESP in UDP")
    return lines
  }

  private func means(_ means: InnerMeans) -> String {
    switch means {
    case .espEcho: "ESP echo, experimental"
    case .icmpEcho(let host): "ICMP echo by \(naming.name(of: host).description)"
    }
  }

  // MARK: JSON

  func json(to text: inout TextBuffer) {
    guard case .measured(let sizes) = outcome else {
      text.put("{\"limit_bytes\":null,\"directions\":[],\"means\":null,\"suite\":null,\"problem\":")
      text.json(lines.first ?? "")
      return text.put("}")
    }
    text.put("{\"limit_bytes\":")
    if let limit = sizes.limit { text.decimal(limit) } else { text.put("null") }
    text.put(",\"directions\":")
    text.list(sizes.found) { text, found in
      text.put("{\"way\":")
      text.json(Self.name(found.direction))
      text.put(",\"limit_bytes\":")
      if let limit = found.map.limit { text.decimal(limit) } else { text.put("null") }
      text.member("packets_sent", UInt64(clamping: found.sent))
      text.put("}")
    }
    text.put(",\"means\":")
    text.json(sizes.means == .espEcho ? "esp-echo" : "icmp-echo")
    text.put(",\"suite\":")
    text.json(sizes.overhead.suite.name)
    text.put(",\"problem\":")
    if sizes.limit == nil { text.json(lines.first ?? "") } else { text.put("null") }
    text.put("}")
  }

  private static func name(_ direction: InnerSizes.Direction) -> String {
    switch direction {
    case .there: "there"
    case .thereAndBack: "there-and-back"
    case .back: "back"
    }
  }
}
