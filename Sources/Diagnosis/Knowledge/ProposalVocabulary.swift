package import PacketDissector

/// Whose words a proposal is written in.
package enum ProposalSpelling: String, CaseIterable, Sendable {
  /// swanctl.conf's proposals: aes256gcm16-prfsha384-ecp384
  case strongSwan
  /// ipsec.conf's ike= and esp=: aes_gcm256-sha2_384-dh20
  case libreswan
}

/// The words that one daemon has for algorithms, by what they stand for.
struct ProposalVocabulary: Sendable {
  /// For each word the transforms that it means: several where it leaves the key length open.
  let encryption: [String: [Transform]]
  let prfs: [String: Transform]
  let integrity: [String: Transform]
  let keyExchanges: [String: Transform]
  let sequenceNumbers: [String: Transform]

  static let strongSwan = ProposalVocabulary(.strongSwan)
  static let libreswan = ProposalVocabulary(.libreswan)

  static func of(_ spelling: ProposalSpelling) -> ProposalVocabulary {
    switch spelling {
    case .strongSwan: strongSwan
    case .libreswan: libreswan
    }
  }

  private init(_ spelling: ProposalSpelling) {
    func words(_ knowledge: TransformKnowledge) -> [String] {
      switch spelling {
      case .strongSwan: knowledge.strongSwan
      case .libreswan: knowledge.libreswan
      }
    }
    func table(_ type: TransformType, _ all: [TransformKnowledge]) -> [String: Transform] {
      var table: [String: Transform] = [:]
      for knowledge in all {
        for word in words(knowledge) { table[word] = Transform(type, id: knowledge.id) }
      }
      return table
    }
    var encryption: [String: [Transform]] = [:]
    for knowledge in TransformKnowledge.encryption {
      let lengths = KeyLengths(of: knowledge.id)
      for pattern in words(knowledge) {
        for (word, bits) in lengths.expanding(pattern, spelling) {
          encryption[word] =
            bits.isEmpty
            ? [Transform(.encryption, id: knowledge.id)]
            : bits.map { Transform(.encryption, id: knowledge.id, keyLength: $0) }
        }
      }
    }
    self.encryption = encryption
    prfs = table(.prf, TransformKnowledge.prfs)
    integrity = table(.integrity, TransformKnowledge.integrity)
    keyExchanges = table(.keyExchange, TransformKnowledge.keyExchanges)
    sequenceNumbers = table(.sequenceNumbers, TransformKnowledge.sequenceNumbers)
  }

  /// Every word, for those who look for the one that was meant.
  var words: [String] {
    Array(encryption.keys) + Array(prfs.keys) + Array(integrity.keys) + Array(keyExchanges.keys)
      + Array(sequenceNumbers.keys)
  }

  /// Whether a word stands for anything.
  func knows(_ word: String) -> Bool {
    encryption[word] != nil || prfs[word] != nil || integrity[word] != nil
      || keyExchanges[word] != nil || sequenceNumbers[word] != nil
  }
}

/// The key lengths of a cipher as the registry lists them.
private struct KeyLengths {
  /// In bits; empty for a cipher whose key length is fixed, and never written on the wire.
  let bits: [UInt16]
  /// A cipher of the old kind, with any length in a range.
  let isRange: Bool

  init(of id: UInt16) {
    let column = RegistryLine.encryption.first { $0.value == id }?.sizes["key"] ?? ""
    isRange = column.contains("-")
    let listed = column.split(separator: ";").compactMap { UInt16($0) }
    bits = listed.count > 1 ? listed : []
  }

  /// The words that a pattern of the tables stands for, with the lengths that each means.
  func expanding(
    _ pattern: String, _ spelling: ProposalSpelling
  ) -> [(word: String, bits: [UInt16])] {
    if let mark = pattern.firstIndex(of: "#") {
      return bits.map {
        (pattern[..<mark] + String($0) + pattern[pattern.index(after: mark)...], [$0])
      }
    }
    if isRange {
      // cast128, blowfish192: the number is the length, and without one it is 128.
      let digits = String(pattern.reversed().prefix { $0.isNumber }.reversed())
      return [(pattern, [UInt16(digits) ?? 128])]
    }
    guard let least = bits.first, let most = bits.last else { return [(pattern, [])] }
    switch spelling {
    case .strongSwan: return [(pattern, [least])]
    // pluto offers the longest and the usual one, which is 128 bits for all of these.
    case .libreswan: return [(pattern, [most, least])]
    }
  }
}

extension Transform {
  /// A cipher that brings its own ICV, and takes no integrity algorithm beside it.
  package var isAEAD: Bool {
    guard type == .encryption,
      let icv = RegistryLine.encryption.first(where: { $0.value == id })?.sizes["icv"]
    else { return false }
    return icv != "0"
  }
}
