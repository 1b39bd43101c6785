internal import PacketDissector

/// Whose order decides between two suites that the peer takes: both are offered, in both orders.
struct PreferenceSearch: Sendable {
  /// What to offer, and the suite that comes first in it.
  struct Offer {
    var boxes: [SuiteBox]
    var first: SuiteBox
    /// The method of the share; nil where INVALID_KE_PAYLOAD tells the suites apart.
    var share: Int?
    /// Transforms go in the order that is the catalogue's backwards.
    var isBackwards = false
  }

  private var suites: (SuiteBox, SuiteBox)?
  private var choseFirst: [Bool] = []
  private var isOver = false

  /// Nil when all is known.
  mutating func next(among known: [SuiteBox], _ rules: HuntRules) -> Offer? {
    guard !isOver, choseFirst.count < 2 else { return nil }
    guard let (one, other) = suites ?? Self.pair(among: known, rules) else {
      isOver = true
      return nil
    }
    suites = (one, other)
    let share = one.keyExchange == other.keyExchange ? one.keyExchange.first : nil
    let isAgain = !choseFirst.isEmpty
    let first = isAgain ? other : one
    if let joined = Self.joined(one, other) {
      return Offer(boxes: [joined], first: first, share: share, isBackwards: isAgain)
    }
    return Offer(boxes: isAgain ? [other, one] : [one, other], first: first, share: share)
  }

  /// Two suites, the first of them first in the catalogue. Best are such as differ in their method alone,
  /// which one proposal offers and INVALID_KE_PAYLOAD tells apart; others have to be accepted, or be two
  /// proposals.
  private static func pair(
    among known: [SuiteBox], _ rules: HuntRules
  ) -> (SuiteBox, SuiteBox)? {
    // The first of many are as good as all.
    let some = known.prefix(64)
    var best: (rank: Int, one: SuiteBox, other: SuiteBox)?
    for (index, one) in some.enumerated() {
      for other in some.dropFirst(index + 1) {
        guard let rank = rank(one, other, rules), rank < best?.rank ?? .max else { continue }
        best = (rank, one, other)
      }
    }
    guard let best else { return nil }
    let isInOrder = joined(best.one, best.other).map { box in
      SuiteAxis.allCases.allSatisfy { best.one[$0].contains(box[$0].first ?? 0) }
    }
    return isInOrder == false ? (best.other, best.one) : (best.one, best.other)
  }

  private static func rank(_ one: SuiteBox, _ other: SuiteBox, _ rules: HuntRules) -> Int? {
    let isJoined = joined(one, other) != nil
    if one.keyExchange != other.keyExchange { return isJoined ? 0 : 2 }
    guard rules.mayLeaveHalfOpen, let share = one.keyExchange.first,
      rules.fits([one, other], beside: share)
    else { return nil }
    return isJoined ? 1 : 3
  }

  /// The box of both, if they differ on one axis.
  private static func joined(_ one: SuiteBox, _ other: SuiteBox) -> SuiteBox? {
    let axes = SuiteAxis.allCases.filter { one[$0] != other[$0] }
    guard one.family == other.family, axes.count == 1, let axis = axes.first else { return nil }
    return one.with(axis, one[axis].union(other[axis]))
  }

  mutating func take(_ outcome: SuiteHunt.Outcome, first: SuiteBox) {
    if case .found(let suite) = outcome {
      choseFirst.append(suite == first)
    } else {
      isOver = true
    }
  }

  var preference: Enumeration.Preference {
    switch choseFirst {
    case [true, true]: .initiator
    case [true, false], [false, true]: .responder
    default: .unknown
    }
  }
}
