package import PacketDissector

extension ProposalNotation {
  /// Reads proposals as strongSwan writes them ("aes256gcm16-prfsha384-ecp384", with all alternatives
  /// side by side) or libreswan ("aes_gcm256-sha2_384-dh20", alternatives behind a plus), several behind
  /// commas, and completes them as that daemon does before it sends them.
  ///
  /// `spelling` is whose words they are; nil to tell by the words themselves. Some, such as "aes" or
  /// "sha2_256", are both's: without any other they count as strongSwan's.
  package static func parse(
    _ text: String, for protocolID: ProtocolID, spelling: ProposalSpelling? = nil
  ) throws(ProposalParsingError) -> [Proposal] {
    // ipsec.conf of strongSwan: an exclamation mark forbids anything else.
    let text = text.lowercased().filter { !$0.isWhitespace && $0 != "!" }
    let spelling = spelling ?? ProposalSpelling(of: text)
    var proposals: [Proposal] = []
    for (index, part) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
      guard index < 255 else { throw ProposalParsingError(.tooMany("proposals"), position: 256) }
      var draft = ProposalDraft(protocolID, spelling)
      do throws(ProposalFault) {
        try draft.read(String(part))
        proposals.append(try draft.finished(number: UInt8(index + 1)))
      } catch {
        throw ProposalParsingError(error.reason, position: index + 1)
      }
    }
    return proposals
  }

  /// What one word means, in either spelling: several transforms where it leaves the key length open, or
  /// names a hash that is PRF and integrity algorithm.
  package static func algorithm(_ word: String) throws(ProposalParsingError) -> [Transform] {
    let word = word.lowercased()
    var found: [Transform] = []
    for vocabulary in [ProposalVocabulary.strongSwan, .libreswan] {
      let single = [
        vocabulary.integrity[word], vocabulary.prfs[word], vocabulary.keyExchanges[word],
      ]
      for transform in (vocabulary.encryption[word] ?? []) + single.compactMap(\.self)
      where transform.id != 0 && !found.contains(transform) {
        found.append(transform)
      }
    }
    guard found.isEmpty else { return found }
    let known = ProposalVocabulary.strongSwan.words + ProposalVocabulary.libreswan.words
    throw ProposalParsingError(
      .unknownWord(word, nearest: NearestWord.to(word, among: known)), position: 1)
  }
}

extension ProposalSpelling {
  /// Tells by the words of `text` who wrote it.
  fileprivate init(of text: String) {
    if text.contains(where: { "+;=".contains($0) }) {
      self = .libreswan
      return
    }
    let words = text.split { "-,".contains($0) }.map(String.init)
    func areAllKnown(_ vocabulary: ProposalVocabulary) -> Bool {
      words.allSatisfy { vocabulary.knows($0) || AdditionalKeyExchangeWord($0) != nil }
    }
    if areAllKnown(.strongSwan) {
      self = .strongSwan
    } else if areAllKnown(.libreswan) {
      self = .libreswan
    } else {
      // A word of neither, or a mixture: the first word says whom to hold it against.
      let first = words.first ?? ""
      self =
        ProposalVocabulary.libreswan.knows(first) && !ProposalVocabulary.strongSwan.knows(first)
        ? .libreswan : .strongSwan
    }
  }
}

/// "ke1_mlkem768": strongSwan's word for an additional key exchange (RFC 9370).
private struct AdditionalKeyExchangeWord {
  let type: TransformType
  let method: String

  init?(_ word: String) {
    guard word.hasPrefix("ke"), let mark = word.firstIndex(of: "_"),
      let number = UInt8(word[..<mark].dropFirst(2)), (1...7).contains(number)
    else { return nil }
    type = TransformType(rawValue: 5 + number)
    method = String(word[word.index(after: mark)...])
  }
}

private struct ProposalFault: Error {
  let reason: ProposalParsingError.Reason
}

/// One proposal while it is read.
private struct ProposalDraft {
  private let protocolID: ProtocolID
  private let spelling: ProposalSpelling
  private let vocabulary: ProposalVocabulary
  private var transforms: [Transform] = []

  init(_ protocolID: ProtocolID, _ spelling: ProposalSpelling) {
    self.protocolID = protocolID
    self.spelling = spelling
    vocabulary = .of(spelling)
  }

  mutating func read(_ text: String) throws(ProposalFault) {
    guard !text.isEmpty else { throw ProposalFault(reason: .empty) }
    switch spelling {
    case .strongSwan: try readFlat(text)
    case .libreswan: try readPlaces(text)
    }
  }

  private mutating func add(_ transform: Transform) {
    if !transforms.contains(transform) { transforms.append(transform) }
  }

  private func has(_ type: TransformType) -> Bool { transforms.contains { $0.type == type } }

  /// A word that the daemon does not have, with what it would have said instead.
  private func unknown(_ word: String) -> ProposalFault {
    if word == "default" { return ProposalFault(reason: .dependsOnDaemon(word)) }
    if word.isEmpty { return ProposalFault(reason: .empty) }
    return ProposalFault(
      reason: .unknownWord(
        word, nearest: translation(of: word) ?? NearestWord.to(word, among: vocabulary.words)))
  }

  /// What this daemon calls what `word` means to the other.
  private func translation(of word: String) -> String? {
    let other = ProposalVocabulary.of(spelling == .strongSwan ? .libreswan : .strongSwan)
    let meant = [
      other.encryption[word]?.first, other.integrity[word], other.prfs[word],
      other.keyExchanges[word],
    ].compactMap(\.self)
    return meant.lazy.compactMap { ProposalNotation.word(for: $0, spelling) }.first
  }

  // MARK: strongSwan

  /// Words in any order, each a transform.
  private mutating func readFlat(_ text: String) throws(ProposalFault) {
    for word in text.split(separator: "-", omittingEmptySubsequences: false).map(String.init) {
      if let additional = AdditionalKeyExchangeWord(word) {
        guard let method = vocabulary.keyExchanges[additional.method] else {
          throw unknown(additional.method)
        }
        add(Transform(additional.type, id: method.id))
      } else if protocolID == .ah, let integrity = vocabulary.integrity[word] {
        // aes128gmac is a cipher for ESP.
        add(integrity)
      } else if let ciphers = vocabulary.encryption[word] {
        ciphers.forEach { add($0) }
      } else if let known = vocabulary.integrity[word] ?? vocabulary.prfs[word]
        ?? vocabulary.keyExchanges[word] ?? vocabulary.sequenceNumbers[word]
      {
        add(known)
      } else {
        throw unknown(word)
      }
    }
    complete()
  }

  /// What strongSwan adds and removes before it sends a proposal.
  private mutating func complete() {
    if protocolID == .ike {
      if !has(.prf) {
        for integrity in transforms where integrity.type == .integrity {
          if let prf = ProposalNotation.prf(sameAs: integrity.id) {
            add(Transform(.prf, id: prf))
          }
        }
      }
      transforms.removeAll {
        $0.type == .sequenceNumbers || $0.type == .keyExchange && $0.id == 0
      }
    } else {
      transforms.removeAll { $0.type == .prf }
    }
    let ciphers = transforms.filter { $0.type == .encryption }
    if protocolID == .ah {
      transforms.removeAll { $0.type == .encryption }
    } else if !ciphers.isEmpty, ciphers.allSatisfy(\.isAEAD) {
      transforms.removeAll { $0.type == .integrity }
    }
  }

  // MARK: libreswan

  /// Places with alternatives: cipher, then for IKE PRF, or integrity and PRF, for others integrity; then
  /// key exchange and additional ones.
  private mutating func readPlaces(_ text: String) throws(ProposalFault) {
    var places = ProposalPlaces(text)
    if protocolID != .ah {
      for word in places.next() {
        guard let ciphers = vocabulary.encryption[word] else { throw unknown(word) }
        ciphers.forEach { add($0) }
      }
    }
    if protocolID == .ike, places.isNextPRF(in: vocabulary) {
      try read(places.next(), from: vocabulary.prfs)
    } else if !places.isNextKeyExchange(in: vocabulary) {
      try readIntegrity(places.next())
      if protocolID == .ike, !places.isNextKeyExchange(in: vocabulary) {
        try read(places.next(), from: vocabulary.prfs)
      }
    }
    try readKeyExchanges(&places)
    deriveIntegrity()
  }

  private mutating func read(
    _ words: [String], from table: [String: Transform]
  ) throws(ProposalFault) {
    for word in words {
      guard let transform = table[word] else {
        throw vocabulary.knows(word) ? ProposalFault(reason: .misplaced(word)) : unknown(word)
      }
      add(transform)
    }
  }

  private mutating func readIntegrity(_ words: [String]) throws(ProposalFault) {
    let isAEAD = transforms.contains(where: \.isAEAD)
    if isAEAD,
      let word = words.first(where: { vocabulary.integrity[$0].map { $0.id > 0 } ?? false })
    {
      throw ProposalFault(reason: .integrityBesideAEAD(word))
    }
    let real = words.filter { !isAEAD || !["none", "null"].contains($0) }
    try read(real, from: vocabulary.integrity)
  }

  /// ";dh31;addke1=ml_kem_768", or one place after the other.
  private mutating func readKeyExchanges(_ places: inout ProposalPlaces) throws(ProposalFault) {
    var number: UInt8 = 0
    while !places.isEmpty {
      var words = places.next()
      if let first = words.first, let mark = first.firstIndex(of: "=") {
        let key = first[..<mark]
        if key == "ke" || key == "kem" {
          number = 0
        } else if key.hasPrefix("addke"), let named = UInt8(key.dropFirst(5)),
          (1...7).contains(named)
        {
          number = named
        } else {
          throw ProposalFault(reason: .unknownWord(first, nearest: nil))
        }
        words[0] = String(first[first.index(after: mark)...])
      }
      guard number <= 7 else { throw ProposalFault(reason: .misplaced(words.first ?? "")) }
      for word in words {
        guard let method = vocabulary.keyExchanges[word] else {
          throw vocabulary.knows(word) ? ProposalFault(reason: .misplaced(word)) : unknown(word)
        }
        add(
          Transform(number == 0 ? .keyExchange : TransformType(rawValue: 5 + number), id: method.id)
        )
      }
      number += 1
    }
  }

  /// Beside a cipher that needs it, integrity by the hash that the PRF has.
  private mutating func deriveIntegrity() {
    let ciphers = transforms.filter { $0.type == .encryption }
    guard protocolID == .ike, !has(.integrity), ciphers.allSatisfy({ !$0.isAEAD }) else { return }
    for prf in transforms where prf.type == .prf {
      if let integrity = ProposalNotation.integrity(sameAs: prf.id) {
        add(Transform(.integrity, id: integrity))
      }
    }
  }

  // MARK: Both

  func finished(number: UInt8) throws(ProposalFault) -> Proposal {
    try check()
    var all = transforms
    if protocolID != .ike, !has(.sequenceNumbers) {
      all.append(Transform(.sequenceNumbers, id: 0))
    }
    guard all.count <= 255 else { throw ProposalFault(reason: .tooMany("algorithms")) }
    // Cipher, integrity, PRF, key exchanges, sequence numbers; within each as they were written.
    let order: [TransformType] = [.encryption, .integrity, .prf, .keyExchange]
    let ranks = all.map { transform in
      order.firstIndex(of: transform.type)
        ?? (transform.type == .sequenceNumbers ? 255 : Int(transform.type.rawValue))
    }
    let sorted = zip(ranks, all.indices).sorted { $0 < $1 }.map { all[$0.1] }
    return Proposal(number: number, protocolID: protocolID, transforms: sorted)
  }

  private func check() throws(ProposalFault) {
    func lacks(_ type: TransformType) -> Bool {
      !transforms.contains { $0.type == type && $0.id != 0 }
    }
    let ciphers = transforms.filter { $0.type == .encryption }
    let withICV = ciphers.count(where: \.isAEAD)
    if protocolID == .ah {
      if lacks(.integrity) { throw ProposalFault(reason: .lacksIntegrity) }
      return
    }
    if ciphers.isEmpty { throw ProposalFault(reason: .lacksEncryption) }
    if withICV > 0, withICV < ciphers.count { throw ProposalFault(reason: .mixesAEAD) }
    // strongSwan takes ESP without integrity.
    if withICV == 0, lacks(.integrity), protocolID == .ike || spelling == .libreswan {
      throw ProposalFault(reason: .lacksIntegrity)
    }
    guard protocolID == .ike else { return }
    if lacks(.prf) { throw ProposalFault(reason: .lacksPRF) }
    if lacks(.keyExchange) { throw ProposalFault(reason: .lacksKeyExchange) }
  }
}

/// The places of a proposal of libreswan's, one after the other.
private struct ProposalPlaces {
  private var rest: ArraySlice<(words: [String], isBehindSemicolon: Bool)>

  init(_ text: String) {
    var places: [(words: [String], isBehindSemicolon: Bool)] = []
    for (index, part) in text.split(separator: ";", omittingEmptySubsequences: false).enumerated() {
      for (place, words) in part.split(separator: "-", omittingEmptySubsequences: false)
        .enumerated()
      {
        let alternatives = words.split(separator: "+", omittingEmptySubsequences: false)
        places.append((alternatives.map(String.init), index > 0 && place == 0))
      }
    }
    rest = places[...]
  }

  var isEmpty: Bool { rest.isEmpty }

  /// The alternatives of the next place; none behind the last.
  mutating func next() -> [String] { rest.popFirst()?.words ?? [] }

  func isNextPRF(in vocabulary: ProposalVocabulary) -> Bool {
    guard let next = rest.first, !next.isBehindSemicolon else { return false }
    return next.words.allSatisfy { vocabulary.prfs[$0] != nil }
  }

  /// Whether there is nothing more, or a key exchange comes next.
  func isNextKeyExchange(in vocabulary: ProposalVocabulary) -> Bool {
    guard let next = rest.first, let word = next.words.first else { return true }
    return next.isBehindSemicolon || word.contains("=")
      || word != "none" && vocabulary.keyExchanges[word] != nil
  }
}
