import Host
import IPsecCrypto
import PacketDissector

// Names are those by which `kernel-state` finds the same in the output of `ip`.

func fields(_ sa: KernelSA) -> [(String, Any?)] {
  [
    ("src", sa.source), ("dst", sa.destination), ("proto", sa.ipProtocol), ("spi", sa.spi),
    ("reqid", sa.reqID), ("mode", sa.mode), ("flag", sa.flags.rawValue),
    ("extra_flag", sa.extraFlags.rawValue), ("esn", sa.usesESN),
    ("window", sa.replay.window), ("seq", sa.replay.incoming), ("oseq", sa.replay.outgoing),
    ("bitmap", sa.replay.hasBitmap), ("received", sa.replay.received),
    ("mark", text(sa.mark)), ("output_mark", text(sa.outputMark)), ("enc", text(sa.cipher)),
    ("aead", text(sa.aead)), ("auth", text(sa.integrity)), ("comp", sa.compression),
    ("encap", text(sa.encapsulation)), ("tfcpad", sa.trafficPadding), ("if_id", sa.interfaceID),
    ("sel", text(sa.selector)), ("lastused", text(sa.lastUsed)),
    ("beforewindow", sa.counters.beforeWindow), ("replayed", sa.counters.replayed),
    ("failed", sa.counters.integrityFailed),
  ]
    + fields(sa.limits, sa.counters.bytes, sa.counters.packets, sa.added, sa.firstUsed)
}

func fields(_ policy: KernelPolicy) -> [(String, Any?)] {
  let templates = policy.templates.enumerated().map { index, template -> (String, Any?) in
    (
      "tmpl\(index)",
      "\(template.source) \(template.destination) \(template.ipProtocol) \(template.spi) "
        + "\(template.reqID) \(template.mode) \(template.isOptional)"
    )
  }
  return [
    ("sel", text(policy.selector)), ("dir", policy.direction.rawValue),
    ("action", policy.action.rawValue), ("priority", policy.priority), ("index", policy.index),
    ("mark", text(policy.mark)), ("if_id", policy.interfaceID),
  ]
    + fields(policy.limits, nil, policy.packets, policy.added, policy.lastUsed) + templates
}

func fields(_ event: KernelEvent) -> [(String, Any?)] {
  switch event {
  case .saAdded(let sa): [("event", "saAdded")] + fields(sa)
  case .saUpdated(let sa): [("event", "saUpdated")] + fields(sa)
  case .saDeleted(let sa): [("event", "saDeleted")] + fields(sa)
  case .sasFlushed(let ipProtocol): [("event", "sasFlushed"), ("proto", ipProtocol)]
  case .saExpired(let sa, let isHard): [("event", "saExpired"), ("hard", isHard)] + fields(sa)
  case .policyAdded(let policy): [("event", "policyAdded")] + fields(policy)
  case .policyUpdated(let policy): [("event", "policyUpdated")] + fields(policy)
  case .policyDeleted(let policy): [("event", "policyDeleted")] + fields(policy)
  case .policiesFlushed: [("event", "policiesFlushed")]
  case .policyExpired(let policy, let isHard):
    [("event", "policyExpired"), ("hard", isHard)] + fields(policy)
  case .saWanted(let acquire):
    [
      ("event", "saWanted"), ("src", acquire.source), ("dst", acquire.destination),
      ("proto", acquire.ipProtocol), ("packet", text(acquire.packet)),
      ("sequence", acquire.sequence), ("index", acquire.policy.index),
      ("reqid", acquire.policy.templates.first?.reqID),
    ]
  }
}

private func fields(
  _ limits: KernelSA.Limits, _ bytes: UInt64?, _ packets: UInt64, _ added: Timestamp?,
  _ used: Timestamp?
) -> [(String, Any?)] {
  [
    ("limit_bytes", text(limits.bytes)), ("limit_packets", text(limits.packets)),
    ("limit_add", text(limits.age)), ("limit_use", text(limits.use)), ("bytes", bytes),
    ("packets", packets), ("add", text(added)), ("use", text(used)),
  ]
}

private func text(_ pair: KernelSA.Limits.Pair) -> String {
  [pair.soft, pair.hard].map { $0.map(String.init) ?? "-" }.joined(separator: " ")
}

private func text(_ time: Timestamp?) -> Int64? { time.map { $0.nanoseconds / 1_000_000_000 } }

private func text(_ mark: KernelSA.Mark?) -> String? { mark.map { "\($0.value) \($0.mask)" } }

private func text(_ algorithm: KernelSA.Algorithm?) -> String? {
  algorithm.map { "\($0.name) \($0.key.revealed) \($0.keyBits) \($0.icvBits ?? 0)" }
}

private func text(_ encapsulation: KernelSA.Encapsulation?) -> String? {
  encapsulation.map { "\($0.type) \($0.sourcePort) \($0.destinationPort)" }
}

private func text(_ match: TrafficMatch?) -> String? {
  match.map { match in
    let ports = [match.sourcePort, match.destinationPort].map { port in
      port.map { "\($0.value)/\($0.mask)" } ?? "-"
    }
    return "\(match.source) \(match.destination) \(match.ipProtocol) \(ports[0]) \(ports[1]) "
      + "\(match.interface)"
  }
}
