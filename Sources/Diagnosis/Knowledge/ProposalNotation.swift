package import PacketDissector

/// A proposal as people read it and as daemons take it.
package enum ProposalNotation {
  /// "AES_GCM_16-256 / HMAC_SHA2_384 / 384-bit random ECP group": registered names without what stands
  /// before them.
  package static func readable(_ proposal: Proposal) -> String {
    proposal.transforms.filter { !isDefault($0) }.map(name(of:)).joined(separator: " / ")
  }

  package static func name(of transform: Transform) -> String {
    var name = transform.name ?? "\(transform.type.description) \(transform.id)"
    for prefix in ["ENCR_", "PRF_", "AUTH_"] where name.hasPrefix(prefix) {
      name.removeFirst(prefix.count)
    }
    return transform.keyLength.map { "\(name)-\($0)" } ?? name
  }

  /// "aes256gcm16-prfsha384-ecp384", as swanctl.conf takes it; nil where strongSwan has no word for a
  /// transform.
  package static func strongSwan(_ proposal: Proposal) -> String? {
    let hasIntegrity = proposal.transforms.contains { $0.type == .integrity && $0.id != 0 }
    var words: [String] = []
    for transform in proposal.transforms where !isDefault(transform) {
      // Beside an integrity algorithm the PRF goes without saying: the same hash.
      if transform.type == .prf, hasIntegrity { continue }
      guard let word = word(for: transform, \.strongSwan) else { return nil }
      words.append(word)
    }
    return words.isEmpty ? nil : words.joined(separator: "-")
  }

  /// "aes_gcm256-sha2_384-dh20", as libreswan's ike= takes it.
  package static func libreswan(_ proposal: Proposal) -> String? {
    let hasIntegrity = proposal.transforms.contains { $0.type == .integrity && $0.id != 0 }
    var words: [String] = []
    for transform in proposal.transforms where !isDefault(transform) {
      if transform.type == .prf, hasIntegrity { continue }
      guard let word = word(for: transform, \.libreswan) else { return nil }
      words.append(word)
    }
    return words.isEmpty ? nil : words.joined(separator: "-")
  }

  /// What nobody writes: 32-bit sequence numbers, and integrity or key exchange NONE.
  private static func isDefault(_ transform: Transform) -> Bool {
    switch transform.type {
    case .sequenceNumbers, .integrity, .keyExchange: transform.id == 0
    default: false
    }
  }

  private static func word(
    for transform: Transform, _ daemon: KeyPath<TransformKnowledge, [String]>
  ) -> String? {
    let table: [TransformKnowledge]
    switch transform.type {
    case .encryption: table = TransformKnowledge.encryption
    case .prf: table = TransformKnowledge.prfs
    case .integrity: table = TransformKnowledge.integrity
    case .sequenceNumbers: return transform.id == 1 ? "esn" : nil
    case .keyExchange: table = TransformKnowledge.keyExchanges
    default:
      guard
        (TransformType.additionalKeyExchange1
          .rawValue...TransformType.additionalKeyExchange7
          .rawValue).contains(transform.type.rawValue),
        let word = TransformKnowledge.keyExchanges.first(where: { $0.id == transform.id })?[
          keyPath: daemon
        ].first
      else { return nil }
      return "ke\(transform.type.rawValue - 5)_\(word)"
    }
    guard let pattern = table.first(where: { $0.id == transform.id })?[keyPath: daemon].first else {
      return nil
    }
    guard let mark = pattern.firstIndex(of: "#") else { return pattern }
    let bits = transform.keyLength.map { "\($0)" } ?? ""
    return pattern[..<mark] + bits + pattern[pattern.index(after: mark)...]
  }
}
