package import Diagnosis
package import PacketDissector

/// What `ipsecdiag replay --json` prints. Schemas/replay-1.schema.json describes it.
package struct ReplayJSON {
  private let diagnosis: ReplayDiagnosis
  private let naming: Naming
  private let toolVersion: String

  package init(_ diagnosis: ReplayDiagnosis, _ naming: Naming, toolVersion: String) {
    self.diagnosis = diagnosis
    self.naming = naming
    self.toolVersion = toolVersion
  }

  package func write(to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.replay/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"verdict\":")
    text.json(Verdict(diagnosis.findings, in: diagnosis.evidence), diagnosis.findings)
    text.put(",\"findings\":")
    text.list(diagnosis.findings) { $0.json($1, naming) }
    text.put(",\"capture\":")
    text.json(diagnosis.evidence.quality, naming)
    text.put(",\"blind_spots\":")
    text.list(diagnosis.blindSpots) { $0.json(naming.unescaped($1)) }
    text.put(",\"sas\":")
    text.list(diagnosis.flows) { $0.json(replay: $1, diagnosis.negotiations.of($1), naming) }
    text.put("}\n")
  }
}

extension TextBuffer {
  /// A flow as `diagnose` writes it, and what its late packets need.
  fileprivate mutating func json(
    replay flow: ESPFlow, _ negotiation: SequenceNegotiation?, _ naming: Naming
  ) {
    let disorder = flow.sequence.disorder
    put("{\"flow\":")
    json(flow, naming)
    member("distance_p50", UInt64(disorder?.distances.percentile(0.5) ?? 0))
    member("distance_p99", UInt64(disorder?.distances.percentile(0.99) ?? 0))
    member("distance_max", UInt64(disorder?.distances.largest ?? 0))
    let bursts = disorder?.allBursts
    member("gaps", bursts?.byLogarithm.reduce(0, &+) ?? 0)
    member("longest_gap", bursts?.longest ?? 0)
    put(",\"sufficient_window\":")
    if let window = flow.sufficientWindow { decimal(window) } else { put("null") }
    put(",\"asked_window\":")
    if let disorder, disorder.askedWindow > 0 {
      put("{\"window\":")
      decimal(disorder.askedWindow)
      member("packets", disorder.droppedByAsked)
      put("}")
    } else {
      put("null")
    }
    put(",\"classes\":")
    list(flow.classes.entries) { text, entry in
      text.put("{\"dscp\":")
      text.decimal(entry.dscp)
      text.member("packets", UInt64(entry.packets))
      text.member("late", UInt64(entry.late))
      text.put("}")
    }
    member("copies_at_once", flow.copies.atOnce)
    member("copies_later", flow.copies.later)
    member("different_bytes", flow.copies.different)
    member("wraps", flow.sequence.wraps)
    member("sequence_numbers_per_second", flow.exhaustion?.perSecond, places: 3)
    member("exhausted_in_s", flow.exhaustion?.left.seconds, places: 3)
    put(",\"agreed_sequence_numbers\":")
    if let numbers = negotiation?.numbers {
      code(numbers.rawValue, numbers.name)
    } else {
      put("null")
    }
    put(",\"receiver_tells\":")
    json(negotiation?.receiver)
    put(",\"sender_tells\":")
    json(negotiation?.sender)
    put(",\"proven_upper_half\":")
    if let epoch = flow.opening.epoch { decimal(epoch) } else { put("null") }
    put("}")
  }

  private mutating func json(_ told: SequenceNegotiation.Told?) {
    guard let told else { return put("null") }
    put("{\"notify\":")
    json(told.typeName)
    member("frame", told.frame.number)
    put(",\"protected\":")
    json(told.status.isProtected)
    put(",\"follows_esn_unprotected\":")
    json(told.status.followsESNUnprotected)
    put(",\"opened\":")
    json(told.isProven)
    put("}")
  }
}
