internal import PacketDissector

extension AcceptanceSearch {
  /// What is known so far; complete once ``next()`` has returned nil.
  package var enumeration: Enumeration {
    let judged = judgedProducts
    let unresolved = pending + underWay + postponed + unanswered + judged.unresolved
    let suites = map.suites + judged.inferred
    return Enumeration(
      suites: suites.map(proposal), axes: axes(suites, unresolved),
      additional: additionalVerdicts, preference: preference.preference,
      suitesAreComplete: unresolved.isEmpty,
      products: products(of: suites).map(proposal), inferredSuites: judged.inferred.count,
      requiresAdditional: !rules.additional.isEmpty && !suites.isEmpty)
  }

  /// Suites of products that were not asked by themselves: they follow where no suite of their product was
  /// refused, and are open where one was.
  private var judgedProducts: (inferred: [SuiteBox], unresolved: [SuiteBox]) {
    var inferred: [SuiteBox] = []
    var seen: Set<SuiteBox> = []
    var unresolved: [SuiteBox] = []
    for (product, _) in products {
      guard product.count <= Self.proofLimit else {
        unresolved.append(product)
        continue
      }
      let combinations = product.combinations
      let open = combinations.compactMap(map.unknown)
      if combinations.contains(where: map.hasRefusal) {
        unresolved += open
      } else {
        inferred += open.flatMap(\.suites).filter { seen.insert($0).inserted }
      }
    }
    return (inferred, unresolved)
  }

  private func proposal(_ box: SuiteBox) -> Proposal {
    rules.catalogue.proposal(box, number: 1)
  }

  private func axes(_ suites: [SuiteBox], _ unresolved: [SuiteBox]) -> [Enumeration.Axis] {
    let types: [(SuiteAxis, TransformType)] = [
      (.encryption, .encryption), (.integrity, .integrity), (.prf, .prf),
      (.keyExchange, .keyExchange),
    ]
    return types.map { axis, type in
      var accepted: [Transform] = []
      for suite in suites {
        guard let index = suite[axis].first,
          let transform = rules.catalogue.transform(axis, index, family: suite.family),
          !accepted.contains(transform)
        else { continue }
        accepted.append(transform)
      }
      return Enumeration.Axis(
        type, accepted: accepted,
        isIncomplete: unresolved.contains { mayAdd($0, axis, to: accepted) })
    }
  }

  /// Whether a box that was not answered has an algorithm that was not accepted anywhere.
  private func mayAdd(_ box: SuiteBox, _ axis: SuiteAxis, to accepted: [Transform]) -> Bool {
    box[axis].indices.contains { index in
      guard let transform = rules.catalogue.transform(axis, index, family: box.family) else {
        return false
      }
      return !accepted.contains(transform)
    }
  }

  private var additionalVerdicts:
    (accepted: [Transform], refused: [Transform], unanswered: [Transform])
  {
    func transforms(_ methods: [KeyExchangeMethod]) -> [Transform] {
      methods.map { Transform(.additionalKeyExchange1, id: $0.rawValue) }
    }
    let open = map.suites.isEmpty ? [] : additional.unasked
    return (
      transforms(additional.accepted), transforms(additional.refused),
      transforms(additional.unanswered + open)
    )
  }

  /// The suites again, as few boxes as joining along one axis after the other makes of them.
  private func products(of suites: [SuiteBox]) -> [SuiteBox] {
    var boxes = suites
    for axis in SuiteAxis.allCases.reversed() {
      var joined: [SuiteBox] = []
      var places: [SuiteBox: Int] = [:]
      for box in boxes {
        let key = box.with(axis, .none)
        if let place = places[key] {
          joined[place][axis] = joined[place][axis].union(box[axis])
        } else {
          places[key] = joined.count
          joined.append(box)
        }
      }
      boxes = joined
    }
    return boxes
  }
}
