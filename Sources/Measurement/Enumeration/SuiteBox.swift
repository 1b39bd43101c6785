/// The kinds of transforms that make a suite of IKE.
enum SuiteAxis: Int, CaseIterable, Sendable {
  case encryption, integrity, prf, keyExchange
}

/// Some of an axis's algorithms, by their places in the catalogue.
struct Alternatives: Hashable, Sendable {
  var bits: UInt64

  static let none = Alternatives(bits: 0)

  static func one(_ index: Int) -> Alternatives { Alternatives(bits: 1 << UInt64(index)) }

  static func all(_ count: Int) -> Alternatives {
    Alternatives(bits: count >= 64 ? .max : (1 << UInt64(max(0, count))) - 1)
  }

  var isEmpty: Bool { bits == 0 }
  var count: Int { bits.nonzeroBitCount }
  /// The lowest.
  var first: Int? { isEmpty ? nil : bits.trailingZeroBitCount }
  var indices: [Int] {
    var indices: [Int] = []
    var rest = bits
    while rest != 0 {
      indices.append(rest.trailingZeroBitCount)
      rest &= rest - 1
    }
    return indices
  }

  func contains(_ index: Int) -> Bool { bits & (1 << UInt64(index)) != 0 }
  func contains(_ other: Alternatives) -> Bool { bits & other.bits == other.bits }
  func union(_ other: Alternatives) -> Alternatives { Alternatives(bits: bits | other.bits) }

  func intersection(_ other: Alternatives) -> Alternatives { Alternatives(bits: bits & other.bits) }

  func subtracting(_ other: Alternatives) -> Alternatives {
    Alternatives(bits: bits & ~other.bits)
  }

  /// The lower half, at least one and never all of several.
  var lowerHalf: Alternatives {
    indices.prefix(max(1, count / 2)).reduce(.none) { $0.union(.one($1)) }
  }
}

/// All suites that choose from given alternatives on each axis: what one proposal offers.
struct SuiteBox: Hashable, Sendable {
  /// The index of the catalogue's family.
  var family: Int
  var encryption: Alternatives
  var integrity: Alternatives
  var prf: Alternatives
  var keyExchange: Alternatives

  subscript(axis: SuiteAxis) -> Alternatives {
    get {
      switch axis {
      case .encryption: encryption
      case .integrity: integrity
      case .prf: prf
      case .keyExchange: keyExchange
      }
    }
    set {
      switch axis {
      case .encryption: encryption = newValue
      case .integrity: integrity = newValue
      case .prf: prf = newValue
      case .keyExchange: keyExchange = newValue
      }
    }
  }

  func with(_ axis: SuiteAxis, _ choice: Alternatives) -> SuiteBox {
    var box = self
    box[axis] = choice
    return box
  }

  var isEmpty: Bool { SuiteAxis.allCases.contains { self[$0].isEmpty } }

  /// How many suites it holds; at most 64⁴.
  var count: Int { SuiteAxis.allCases.reduce(1) { $0 * self[$1].count } }

  var isSingle: Bool { count == 1 }

  func contains(_ other: SuiteBox) -> Bool {
    family == other.family && SuiteAxis.allCases.allSatisfy { self[$0].contains(other[$0]) }
  }

  /// Nil where they have no suite in common.
  func intersection(_ other: SuiteBox) -> SuiteBox? {
    guard family == other.family else { return nil }
    var box = self
    for axis in SuiteAxis.allCases { box[axis] = self[axis].intersection(other[axis]) }
    return box.isEmpty ? nil : box
  }

  /// What is not in `other`, as boxes that have nothing in common.
  ///
  /// The axes with the most algorithms are split first, so that they stand in the fewest boxes.
  func subtracting(_ other: SuiteBox) -> [SuiteBox] {
    guard let common = intersection(other) else { return [self] }
    var rest: [SuiteBox] = []
    var inner = self
    for axis in [SuiteAxis.keyExchange, .encryption, .integrity, .prf] {
      let outside = inner[axis].subtracting(common[axis])
      if !outside.isEmpty { rest.append(inner.with(axis, outside)) }
      inner[axis] = common[axis]
    }
    return rest
  }

  /// Two boxes that together are this one; nil for a single suite.
  func halves() -> (SuiteBox, SuiteBox)? {
    guard let axis = SuiteAxis.allCases.max(by: { self[$0].count < self[$1].count }),
      self[axis].count > 1
    else { return nil }
    let lower = self[axis].lowerHalf
    return (with(axis, lower), with(axis, self[axis].subtracting(lower)))
  }

  /// Each suite by itself. Only for boxes whose ``count`` is bounded.
  var suites: [SuiteBox] {
    var suites: [SuiteBox] = []
    for cipher in encryption.indices {
      for check in integrity.indices {
        for function in prf.indices {
          for method in keyExchange.indices {
            suites.append(
              SuiteBox(
                family: family, encryption: .one(cipher), integrity: .one(check),
                prf: .one(function), keyExchange: .one(method)))
          }
        }
      }
    }
    return suites
  }
}

extension [SuiteBox] {
  func subtracting(_ other: SuiteBox) -> [SuiteBox] { flatMap { $0.subtracting(other) } }
  func subtracting(_ others: [SuiteBox]) -> [SuiteBox] {
    others.reduce(self) { $0.subtracting($1) }
  }
}
