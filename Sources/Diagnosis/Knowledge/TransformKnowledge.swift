internal import PacketDissector

/// What the registries do not say of a transform: how the daemons call it, and what to think of it.
struct TransformKnowledge: Sendable {
  let id: UInt16
  /// Words of a proposal; "#" stands for each key length in bits.
  let strongSwan: [String]
  let libreswan: [String]
  let meaning: String

  init(
    _ id: UInt16, strongSwan: [String] = [], libreswan: [String] = [], _ meaning: String = ""
  ) {
    self.id = id
    self.strongSwan = strongSwan
    self.libreswan = libreswan
    self.meaning = meaning
  }

  /// Every line of the five registries, and what daemons number for themselves.
  static let topics: [Topic] =
    RegistryLine.encryption.map { topic(of: $0, .encryption, encryption) }
    + RegistryLine.prfs.map { topic(of: $0, .prf, prfs) }
    + RegistryLine.integrity.map { topic(of: $0, .integrity, integrity) }
    + [topic(of: truncatedSHA256, .integrity, integrity)]
    + RegistryLine.keyExchanges.map { topic(of: $0, .keyExchange, keyExchanges) }
    + RegistryLine.sequenceNumbers.map { topic(of: $0, .sequenceNumbers, sequenceNumbers) }

  private static let truncatedSHA256 = RegistryLine(
    unregistered: 1026, "AUTH_HMAC_SHA2_256_96", by: "strongSwan",
    sizes: ["key": "32", "icv": "12"])

  private static func topic(
    of line: RegistryLine, _ kind: Topic.Kind, _ table: [TransformKnowledge]
  ) -> Topic {
    let known = table.first { $0.id == line.value }
    let bits = keyLengths(line)
    let strongSwan = (known?.strongSwan ?? []).flatMap { expanded($0, bits) }
    let libreswan = (known?.libreswan ?? []).flatMap { expanded($0, bits) }
    var facts: [Topic.Part.Fact] = [.init("number", "\(line.value)")]
    if !line.reference.isEmpty {
      facts.append(.init("defined in", NotifyKnowledge.reference(line.reference)))
    }
    if let number = numberInIKEv1(line.value, kind) { facts.append(.init("in IKEv1", number)) }
    var words: [Topic.Part.Fact] = []
    if !strongSwan.isEmpty { words.append(.init("strongSwan", strongSwan.joined(separator: " "))) }
    if !libreswan.isEmpty { words.append(.init("libreswan", libreswan.joined(separator: " "))) }
    return Topic(
      kind, line.name, number: line.value, summary: strongSwan.first ?? "",
      keywords: shortNames(line.name) + strongSwan + libreswan,
      [
        .init(.registry, .facts(facts)), .init(.meaning, .text(known?.meaning ?? "")),
        .init(.grades, .facts(grades(line.value, kind))),
        .init(.sizes, .facts(sizes(line, kind))), .init(.keywords, .facts(words)),
      ])
  }

  // MARK: Words

  private static func keyLengths(_ line: RegistryLine) -> [String] {
    (line.sizes["key"] ?? "").split(separator: ";").map(String.init)
  }

  private static func expanded(_ pattern: String, _ bits: [String]) -> [String] {
    guard let mark = pattern.firstIndex(of: "#") else { return [pattern] }
    return bits.map { pattern[..<mark] + $0 + pattern[pattern.index(after: mark)...] }
  }

  /// A registered name without what stands before it: "AES_CBC" for "ENCR_AES_CBC".
  private static func shortNames(_ name: String) -> [String] {
    for prefix in ["ENCR_", "PRF_", "AUTH_"] where name.hasPrefix(prefix) {
      return [String(name.dropFirst(prefix.count))]
    }
    return []
  }

  // MARK: Facts

  private static func grades(_ id: UInt16, _ kind: Topic.Kind) -> [Topic.Part.Fact] {
    // NONE is right or wrong by what stands beside it: its text says so.
    if id == 0 { return [] }
    let type: TransformType
    let uses: [AlgorithmGrade.Use]
    switch kind {
    case .encryption: (type, uses) = (.encryption, [.ike, .esp])
    case .prf: (type, uses) = (.prf, [.ike])
    case .integrity: (type, uses) = (.integrity, [.ike, .esp, .ah])
    case .keyExchange: (type, uses) = (.keyExchange, [.ike])
    default: return []
    }
    return uses.map { use in
      guard let grade = AlgorithmGrade(of: type, id: id, for: use) else {
        return .init(use.rawValue, "no grade in \(use == .ike ? "RFC 8247" : "RFC 8221")")
      }
      let condition = grade.condition.map { ", \($0)" } ?? ""
      return .init(use.rawValue, "\(grade.level.rawValue) (\(grade.source))\(condition)")
    }
  }

  private static func sizes(_ line: RegistryLine, _ kind: Topic.Kind) -> [Topic.Part.Fact] {
    var facts: [Topic.Part.Fact] = []
    /// "64 (56 effective)" as "64 bits (56 effective)", "128;192;256" as "128, 192, 256 bits".
    func add(_ column: String, _ name: String, _ unit: String) {
      guard let text = line.sizes[column] else { return }
      let number = text.prefix { $0 != "(" }.split(separator: " ").joined()
      let remark = text.dropFirst(number.count)
      // A block of one byte is none.
      guard number != "0", column != "block" || number != "1" else { return }
      let numbers = number.split(separator: ";").joined(separator: ", ")
      facts.append(.init(name, "\(numbers) \(unit)\(remark)"))
    }
    if kind == .keyExchange,
      let sent = KeyExchangeMethod(rawValue: line.value).dataByteCount
    {
      facts.append(.init("initiator", "\(sent.initiator) bytes of KE data"))
      facts.append(.init("responder", "\(sent.responder) bytes of KE data"))
    }
    add("key", "key", kind == .encryption ? "bits" : "bytes")
    add("salt", "salt", "bytes, taken from the key material")
    add("iv", "IV", "bytes in each packet")
    add("icv", "ICV", "bytes in each packet")
    add("block", "block", "bytes")
    add("output", "output", "bytes")
    add("secret", "secret", "bytes")
    return facts
  }

  private static func numberInIKEv1(_ id: UInt16, _ kind: Topic.Kind) -> String? {
    func number(_ table: [UInt16: UInt16]) -> UInt16? { table.first { $0.value == id }?.key }
    func listed(_ places: [(UInt16?, String)]) -> String? {
      let known = places.compactMap { number, place in number.map { "\($0) in \(place)" } }
      return known.isEmpty ? nil : known.joined(separator: ", ")
    }
    switch kind {
    case .encryption:
      return listed([
        (number(IKEv1Numbers.encryption), "phase 1"), (number(IKEv1Numbers.esp), "ESP"),
      ])
    case .integrity:
      return listed([
        (number(IKEv1Numbers.hash), "phase 1"), (number(IKEv1Numbers.authentication), "ESP"),
        (number(IKEv1Numbers.ah), "AH"),
      ])
    case .keyExchange:
      // The same numbers; EC2N groups have no place in IKEv2.
      return IKEv1Group.name(of: id) == nil || id > 30 ? nil : "\(id), as group"
    default: return nil
    }
  }
}
