internal import PacketDissector

/// Whose order decides between two suites that the peer takes: both are offered, in both orders.
struct PreferenceSearch: Sendable {
  private var pair: (boxes: [SuiteBox], share: Int?)?
  private var choseFirst: [Bool] = []
  private var isOver = false

  /// The suites to offer, in this order, and the method of the share; nil when all is known.
  mutating func next(
    among suites: [SuiteBox], _ rules: HuntRules
  ) -> (boxes: [SuiteBox], share: Int?)? {
    guard !isOver, choseFirst.count < 2 else { return nil }
    guard let pair = pair ?? Self.pair(among: suites, rules) else {
      isOver = true
      return nil
    }
    self.pair = pair
    return choseFirst.isEmpty ? pair : (pair.boxes.reversed(), pair.share)
  }

  /// Suites with different methods are told apart by INVALID_KE_PAYLOAD; others have to be accepted.
  private static func pair(
    among suites: [SuiteBox], _ rules: HuntRules
  ) -> (boxes: [SuiteBox], share: Int?)? {
    guard let first = suites.first else { return nil }
    if let other = suites.first(where: { $0.keyExchange != first.keyExchange }) {
      return ([first, other], nil)
    }
    guard suites.count > 1, rules.mayLeaveHalfOpen, let share = first.keyExchange.first,
      rules.fits([first, suites[1]], beside: share)
    else { return nil }
    return ([first, suites[1]], share)
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
