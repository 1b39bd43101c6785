internal import Diagnosis
internal import Measurement
internal import PacketDissector

/// The acceptance matrix as JSON: every suite by itself, without alternatives.
struct EnumerationJSON {
  private let found: Enumeration
  private let traffic: ProbeTraffic
  /// A peer that takes everything takes more suites than anybody reads.
  static let suiteLimit = 4096

  init(_ found: Enumeration, _ traffic: ProbeTraffic) {
    self.found = found
    self.traffic = traffic
  }

  func write(to text: inout TextBuffer) {
    text.put("{\"complete\":")
    text.json(found.isComplete)
    text.put(",\"incomplete_axes\":")
    text.list(found.axes.filter(\.isIncomplete)) { $0.json(Self.name(of: $1.type)) }
    text.put(",\"suites_complete\":")
    text.json(found.suitesAreComplete)
    text.put(",\"suites_inferred\":")
    text.decimal(found.inferredSuites)
    text.put(",\"requires_additional_key_exchange\":")
    text.json(found.requiresAdditional)
    text.put(",\"packets_sent\":")
    text.decimal(traffic.packetsSent)
    text.put(",\"bytes_largest\":")
    text.decimal(traffic.largestRequest)
    text.member("seconds", seconds: Nanoseconds(traffic.duration))
    text.put(",\"retransmitted\":")
    text.decimal(traffic.retransmitted)
    text.put(",\"unanswered\":")
    text.decimal(traffic.unanswered)
    suites(to: &text)
    axes(to: &text)
    text.put(",\"additional_key_exchange\":{\"accepted\":")
    text.list(found.additional.accepted) { $0.code($1.id, $1.name) }
    text.put(",\"refused\":")
    text.list(found.additional.refused) { $0.code($1.id, $1.name) }
    text.put(",\"unanswered\":")
    text.list(found.additional.unanswered) { $0.code($1.id, $1.name) }
    text.put("},\"preference\":")
    text.json(found.preference.rawValue)
    text.put("}")
  }

  private func suites(to text: inout TextBuffer) {
    let counts = found.suites.map(\.suiteCount)
    let total = counts.reduce(0) { sum, count in
      let (total, overflow) = sum.addingReportingOverflow(count)
      return overflow ? .max : total
    }
    text.put(",\"suites_total\":")
    text.decimal(total)
    text.put(",\"suites\":")
    var shown: [Proposal] = []
    for suite in found.suites where shown.count < Self.suiteLimit {
      shown += suite.suites(atMost: Self.suiteLimit - shown.count)
    }
    text.list(shown) { $0.suite($1) }
  }

  private func axes(to text: inout TextBuffer) {
    text.put(",\"axes\":{")
    for (index, type) in [TransformType.encryption, .integrity, .prf, .keyExchange].enumerated() {
      if index > 0 { text.put(",") }
      text.json(Self.name(of: type))
      text.put(":")
      text.list(found.axes.filter { $0.type == type }.flatMap(\.accepted).filter { $0.id != 0 }) {
        $0.algorithm($1)
      }
    }
    text.put("}")
  }

  static func name(of type: TransformType) -> String {
    switch type {
    case .encryption: "encryption"
    case .prf: "prf"
    case .integrity: "integrity"
    case .keyExchange: "key_exchange"
    default: "\(type)"
    }
  }
}

extension Proposal {
  /// For each transform type that stands in it, its alternatives.
  private var alternatives: [[Transform]] {
    var types: [TransformType] = []
    for transform in transforms where !types.contains(transform.type) {
      types.append(transform.type)
    }
    return types.map { type in transforms.filter { $0.type == type } }
  }

  /// How many suites it is, taking one transform of each type; saturates.
  var suiteCount: Int {
    alternatives.reduce(1) { product, axis in
      let (result, overflow) = product.multipliedReportingOverflow(by: axis.count)
      return overflow ? .max : result
    }
  }

  /// The first of those suites, in the order of their transforms.
  func suites(atMost limit: Int) -> [Proposal] {
    var suites: [[Transform]] = [[]]
    for axis in alternatives {
      var longer: [[Transform]] = []
      for suite in suites {
        for transform in axis where longer.count < limit { longer.append(suite + [transform]) }
      }
      suites = longer
    }
    return suites.prefix(max(0, limit)).map {
      Proposal(number: number, protocolID: protocolID, transforms: $0)
    }
  }
}

extension TextBuffer {
  /// `{"encryption":{..},"integrity":null,"prf":{..},"key_exchange":{..},"additional_key_exchange":[]}`;
  /// integrity NONE, which goes without saying beside an AEAD cipher, is null.
  mutating func suite(_ suite: Proposal) {
    put("{")
    for (index, type) in [TransformType.encryption, .integrity, .prf, .keyExchange].enumerated() {
      if index > 0 { put(",") }
      json(EnumerationJSON.name(of: type))
      put(":")
      if let transform = suite.transforms.first(where: { $0.type == type && $0.id != 0 }) {
        algorithm(transform)
      } else {
        put("null")
      }
    }
    put(",\"additional_key_exchange\":")
    list(suite.transforms.filter { (6...12).contains($0.type.rawValue) && $0.id != 0 }) {
      $0.code($1.id, $1.name)
    }
    put(",\"notation\":")
    if let words = ProposalNotation.strongSwan(suite) { json(words) } else { put("null") }
    put("}")
  }

  /// `{"id":20,"name":"ENCR_AES_GCM_16","key_bits":256,"grade":"SHOULD"}`; key_bits for ciphers only.
  mutating func algorithm(_ transform: Transform) {
    put("{\"id\":")
    decimal(transform.id)
    put(",\"name\":")
    if let name = transform.name { json(name) } else { put("null") }
    if transform.type == .encryption {
      put(",\"key_bits\":")
      if let bits = transform.keyLength { decimal(bits) } else { put("null") }
    }
    put(",\"grade\":")
    if let grade = AlgorithmGrade(of: transform.type, id: transform.id, for: .ike) {
      json(grade.level.rawValue)
    } else {
      put("null")
    }
    put("}")
  }
}
