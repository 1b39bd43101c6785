internal import PacketDissector

/// Finds one suite among some boxes that the peer accepts, or that there is none.
///
/// An acceptance may come as an accepted suite, or as INVALID_KE_PAYLOAD, which tells the suite's method and
/// leaves the responder without an SA. What is then left is asked for with a share of that method, or,
/// where that is too long or not wanted, halved until one suite remains.
struct SuiteHunt: Sendable {
  enum Outcome: Equatable {
    case found(SuiteBox)
    case nothing
    /// The peer accepted a suite that was not asked about, as its method served for a share only.
    case strayed(SuiteBox)
    /// No answer, or one that tells nothing.
    case failed
  }

  /// A request: what it asks about, the method of its share, and whether only the share needs that method.
  struct Offer: Equatable {
    var boxes: [SuiteBox]
    var share: Int
    var isDecoy: Bool
  }

  private enum Step: Equatable {
    /// Is anything accepted? The share's method, where it is one of those asked about.
    case open(share: Int?)
    /// Something is, with this method: which?
    case hold(share: Int)
    /// Something is: among these, or else among the rest?
    case halve([SuiteBox], rest: [SuiteBox])
  }

  private(set) var boxes: [SuiteBox]
  private var step: Step

  /// `share` is nil for a question that must leave no SA behind.
  init(_ boxes: [SuiteBox], share: Int?) {
    self.boxes = boxes
    step = .open(share: share)
  }

  /// Nil where no method can serve.
  func offer(_ rules: HuntRules) -> Offer? {
    switch step {
    case .open(let share?), .hold(let share): Offer(boxes: boxes, share: share, isDecoy: false)
    case .open(nil): Self.decoy(boxes, rules)
    case .halve(let asked, _): Self.decoy(asked, rules)
    }
  }

  private static func decoy(_ boxes: [SuiteBox], _ rules: HuntRules) -> Offer? {
    rules.decoy(for: boxes).map { Offer(boxes: boxes, share: $0, isDecoy: true) }
  }

  /// Nil while there is more to ask.
  mutating func take(_ answer: SearchAnswer, _ rules: HuntRules) -> Outcome? {
    switch answer {
    case .unanswered, .other: return .failed
    case .accepted(let proposal): return accepted(proposal, rules)
    case .refused: return refused(rules)
    case .wantsShare(let method): return wants(method, rules)
    }
  }

  private func accepted(_ proposal: Proposal, _ rules: HuntRules) -> Outcome {
    guard let suite = rules.catalogue.suite(proposal) else { return .failed }
    if boxes.contains(where: { $0.contains(suite) }) { return .found(suite) }
    guard let offer = offer(rules), offer.isDecoy, suite.keyExchange == .one(offer.share) else {
      return .failed
    }
    return .strayed(suite)
  }

  private mutating func refused(_ rules: HuntRules) -> Outcome? {
    switch step {
    case .open: return .nothing
    // It wanted this share a moment ago.
    case .hold: return .failed
    case .halve(_, let rest): return narrow(to: rest, rules)
    }
  }

  private mutating func wants(_ method: KeyExchangeMethod, _ rules: HuntRules) -> Outcome? {
    guard let offer = offer(rules), let index = rules.catalogue.methods.firstIndex(of: method),
      index != offer.share
    else { return .failed }
    let narrowed = offer.boxes.compactMap { box -> SuiteBox? in
      box.keyExchange.contains(index) ? box.with(.keyExchange, .one(index)) : nil
    }
    guard !narrowed.isEmpty else { return .failed }
    return narrow(to: narrowed, rules)
  }

  /// One suite of `rest`, at least, is accepted; all have the same method.
  private mutating func narrow(to rest: [SuiteBox], _ rules: HuntRules) -> Outcome? {
    boxes = rest
    guard let first = rest.first, let method = first.keyExchange.first else { return .failed }
    if rest.count == 1, first.isSingle { return .found(first) }
    if rules.mayLeaveHalfOpen, rules.fits(rest, beside: method) {
      step = .hold(share: method)
    } else if rest.count > 1 {
      let middle = rest.count / 2
      step = .halve(Array(rest[..<middle]), rest: Array(rest[middle...]))
    } else if let (left, right) = first.halves() {
      step = .halve([left], rest: [right])
    }
    return nil
  }
}
