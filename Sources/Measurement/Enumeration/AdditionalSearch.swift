internal import PacketDissector

/// Which additional key exchanges a peer takes beside a suite of its own: all at once first, as most take
/// none.
struct AdditionalSearch: Sendable {
  private(set) var accepted: [KeyExchangeMethod] = []
  private(set) var refused: [KeyExchangeMethod] = []
  private(set) var unanswered: [KeyExchangeMethod] = []
  private var open = ProposalCatalogue.additionalMethods
  private var asksSingly = false
  private var failures = 0

  /// Methods to offer together; nil when all is known.
  func next() -> [KeyExchangeMethod]? {
    guard let first = open.first else { return nil }
    return asksSingly ? [first] : open
  }

  mutating func take(_ outcome: SuiteHunt.Outcome, of methods: [KeyExchangeMethod]) {
    switch outcome {
    case .found where methods.count > 1: asksSingly = true
    case .found: settle(methods, as: \.accepted)
    case .nothing, .strayed: settle(methods, as: \.refused)
    case .failed:
      failures += 1
      if failures == 2 { settle(methods, as: \.unanswered) }
    }
  }

  private mutating func settle(
    _ methods: [KeyExchangeMethod],
    as verdict: WritableKeyPath<AdditionalSearch, [KeyExchangeMethod]>
  ) {
    self[keyPath: verdict] += methods
    open.removeAll(where: methods.contains)
    failures = 0
  }

  /// What was not asked, for want of packets.
  var unasked: [KeyExchangeMethod] { open }
}
