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
    let hidesPRFs = prfsGoWithoutSaying(proposal)
    var words: [String] = []
    for transform in proposal.transforms where !isDefault(transform) {
      if transform.type == .prf, hidesPRFs { continue }
      guard let word = word(for: transform, .strongSwan) else { return nil }
      words.append(word)
    }
    return words.isEmpty ? nil : words.joined(separator: "-")
  }

  /// "aes_gcm256-sha2_384-dh20", "aes_gcm256-sha2_512-dh31;addke1=ml_kem_768", as libreswan's ike= takes
  /// it; nil where libreswan has no word for a transform.
  package static func libreswan(_ proposal: Proposal) -> String? {
    let hidesPRFs = prfsGoWithoutSaying(proposal)
    let hasPRF = proposal.transforms.contains { $0.type == .prf }
    var places: [(type: TransformType, words: [String])] = []
    for transform in proposal.transforms where !isDefault(transform) {
      // Whether sequence numbers are extended is a setting of its own.
      if transform.type == .sequenceNumbers || transform.type == .prf && hidesPRFs { continue }
      // Where both stand, integrity by a word that no PRF has.
      let isPlain = transform.type != .integrity || hidesPRFs || !hasPRF
      guard let word = isPlain ? word(for: transform, .libreswan) : integrityWord(transform) else {
        return nil
      }
      if let place = places.firstIndex(where: { $0.type == transform.type }) {
        places[place].words.append(word)
      } else {
        places.append((transform.type, [word]))
      }
    }
    let order: [TransformType] = [.encryption, .integrity, .prf, .keyExchange]
    let first = order.compactMap { type in places.first { $0.type == type } }
    let additional = places.filter { !order.contains($0.type) }.sorted {
      $0.type.rawValue < $1.type.rawValue
    }
    let text = first.map { $0.words.joined(separator: "+") }.joined(separator: "-")
    return text.isEmpty
      ? nil
      : additional.reduce(text) {
        "\($0);addke\($1.type.rawValue - 5)=\($1.words.joined(separator: "+"))"
      }
  }

  /// What nobody writes: 32-bit sequence numbers, and integrity or key exchange NONE.
  private static func isDefault(_ transform: Transform) -> Bool {
    switch transform.type {
    case .sequenceNumbers, .integrity, .keyExchange: transform.id == 0
    default: false
    }
  }

  // MARK: PRF and integrity

  /// Whether the PRFs are those that both daemons take from the integrity algorithms where none is
  /// written: the same hashes.
  private static func prfsGoWithoutSaying(_ proposal: Proposal) -> Bool {
    let integrity = proposal.transforms.filter { $0.type == .integrity && $0.id != 0 }
    let prfs = proposal.transforms.filter { $0.type == .prf }.map(\.id)
    return !integrity.isEmpty && integrity.map { prf(sameAs: $0.id) } == prfs
  }

  /// The PRF with the algorithm of an integrity algorithm; nil where there is none, or the daemons take
  /// none.
  static func prf(sameAs integrity: UInt16) -> UInt16? {
    switch integrity {
    case 1, 6: 1
    case 2, 7: 2
    case 5: 4
    case 8: 8
    case 12: 5
    case 13: 6
    case 14: 7
    default: nil
    }
  }

  static func integrity(sameAs prf: UInt16) -> UInt16? {
    [1, 2, 5, 8, 12, 13, 14].first { self.prf(sameAs: $0) == prf }
  }

  // MARK: Words

  /// The first word that a daemon has for a transform.
  static func word(for transform: Transform, _ spelling: ProposalSpelling) -> String? {
    let table: [TransformKnowledge]
    switch transform.type {
    case .encryption: table = TransformKnowledge.encryption
    case .prf: table = TransformKnowledge.prfs
    case .integrity: table = TransformKnowledge.integrity
    case .sequenceNumbers: return transform.id == 1 ? "esn" : nil
    case .keyExchange: table = TransformKnowledge.keyExchanges
    default:
      guard (6...12).contains(transform.type.rawValue),
        let word = word(for: Transform(.keyExchange, id: transform.id), spelling)
      else { return nil }
      return spelling == .strongSwan ? "ke\(transform.type.rawValue - 5)_\(word)" : word
    }
    guard let known = table.first(where: { $0.id == transform.id }) else { return nil }
    let patterns = spelling == .strongSwan ? known.strongSwan : known.libreswan
    let bits = transform.keyLength.map(String.init) ?? ""
    // Where the length is a part of the word, the word with the right one.
    guard
      let pattern = patterns.first(where: { $0.contains("#") || $0.hasSuffix(bits) })
        ?? (bits.isEmpty ? patterns.first : nil)
    else { return nil }
    guard let mark = pattern.firstIndex(of: "#") else { return pattern }
    return pattern[..<mark] + bits + pattern[pattern.index(after: mark)...]
  }

  /// libreswan's word for an integrity algorithm that does not mean the PRF as well.
  private static func integrityWord(_ transform: Transform) -> String? {
    let vocabulary = ProposalVocabulary.libreswan
    return TransformKnowledge.integrity.first { $0.id == transform.id }?.libreswan
      .first { vocabulary.prfs[$0] == nil }
  }
}
