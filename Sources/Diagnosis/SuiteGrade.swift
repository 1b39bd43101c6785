package import PacketDissector

/// What RFC 8247 says of a suite for IKE, by its worst algorithm.
package struct SuiteGrade: Equatable, Sendable {
  package enum Word: String, CaseIterable, Comparable, Sendable {
    /// Every algorithm that is graded is SHOULD or better.
    case good
    /// At least one is on its way out, or no more than MAY.
    case fair
    /// At least one is ruled out.
    case weak

    private var rank: Int {
      switch self {
      case .good: 0
      case .fair: 1
      case .weak: 2
      }
    }

    package static func < (left: Word, right: Word) -> Bool { left.rank < right.rank }
  }

  package let word: Word
  /// The algorithms that make it so, with their levels: "3DES MAY"; empty for a good one.
  package let reasons: [String]

  /// Of alternatives the worst counts.
  package init(_ suite: Proposal) {
    var word = Word.good
    var reasons: [String] = []
    for transform in suite.transforms {
      guard let grade = AlgorithmGrade(of: transform.type, id: transform.id, for: .ike) else {
        continue
      }
      let own = Self.word(of: grade.level)
      guard own > .good else { continue }
      word = max(word, own)
      reasons.append("\(ProposalNotation.name(of: transform)) \(grade.level.rawValue)")
    }
    self.word = word
    self.reasons = reasons
  }

  package static func word(of level: AlgorithmGrade.Level) -> Word {
    switch level {
    case .must, .shouldPlus, .should: .good
    case .mustMinus, .may: .fair
    case .shouldNot, .mustNot, .deprecated: .weak
    }
  }
}
