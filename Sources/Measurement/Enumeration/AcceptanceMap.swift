internal import PacketDissector

/// What is known of each suite by itself: accepted, refused, or neither yet.
struct AcceptanceMap: Sendable {
  /// A suite but for its key exchange.
  private struct Combination: Hashable {
    var family: Int
    var encryption: Alternatives
    var integrity: Alternatives
    var prf: Alternatives

    init(_ suite: SuiteBox) {
      family = suite.family
      encryption = suite.encryption
      integrity = suite.integrity
      prf = suite.prf
    }
  }

  private var accepted: [Combination: Alternatives] = [:]
  private var refused: [Combination: Alternatives] = [:]
  /// In the order in which the peer's answers named them.
  private(set) var suites: [SuiteBox] = []

  /// False if that was known.
  @discardableResult
  mutating func accept(_ suite: SuiteBox) -> Bool {
    let key = Combination(suite)
    let known = accepted[key] ?? .none
    guard !known.contains(suite.keyExchange) else { return false }
    accepted[key] = known.union(suite.keyExchange)
    suites.append(suite)
    return true
  }

  /// `box` has one combination; what of it was accepted stays so.
  mutating func refuse(_ box: SuiteBox) {
    let key = Combination(box)
    refused[key] = (refused[key] ?? .none).union(box.keyExchange)
  }

  func isAccepted(_ suite: SuiteBox) -> Bool {
    accepted[Combination(suite)]?.contains(suite.keyExchange) == true
  }

  /// What of a box of one combination is open.
  func unknown(_ box: SuiteBox) -> SuiteBox? {
    let key = Combination(box)
    let known = (accepted[key] ?? .none).union(refused[key] ?? .none)
    let rest = box.with(.keyExchange, box.keyExchange.subtracting(known))
    return rest.isEmpty ? nil : rest
  }

  /// Whether any suite of a box of one combination was refused.
  func hasRefusal(_ box: SuiteBox) -> Bool {
    guard let methods = refused[Combination(box)] else { return false }
    return !methods.intersection(box.keyExchange).isEmpty
  }
}

extension SuiteBox {
  /// The box, cut into boxes of one combination of cipher, integrity and PRF each.
  var combinations: [SuiteBox] {
    with(.keyExchange, .one(0)).suites.map { $0.with(.keyExchange, keyExchange) }
  }

  /// Suites of which each has another algorithm than `corner` on every axis that offers one, and which
  /// together show each algorithm at least once: were the box no product but several that meet in
  /// `corner`, these would be missing first.
  func opposite(_ corner: SuiteBox) -> [SuiteBox] {
    let others = SuiteAxis.allCases.map { axis in
      let rest = self[axis].subtracting(corner[axis]).indices
      return rest.isEmpty ? self[axis].indices : rest
    }
    let rounds = others.map(\.count).max() ?? 0
    return (0..<rounds).map { round in
      var suite = self
      for axis in SuiteAxis.allCases {
        let choice = others[axis.rawValue]
        suite[axis] = .one(choice[round % choice.count])
      }
      return suite
    }
  }
}
