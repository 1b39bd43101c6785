internal import PacketDissector

/// Learns which suites a peer accepts, question by question (see ``next()`` and ``take(_:)``).
///
/// 1. *Discovery* asks for all that is not known yet, until all of it has been refused.
/// 2. *Growth*: from a suite that was found, it asks for those that differ in one algorithm. They span a
///    product, as the lines of a daemon's configuration do.
/// 3. Additional key exchanges, and whose order decides.
/// 4. *Proof* asks for each suite of the products by itself, as far as the budget goes; those that were found
///    by their neighbours need none. It learns without leaving SAs behind.
///
/// So what is reported as accepted was accepted by itself, or follows from a product of which the suites most
/// different from the first one were; and what is not reported has been refused.
package struct AcceptanceSearch: Sendable {
  enum Stage: Sendable {
    case discovery
    case growth(Growth)
    case additional
    case preference
    case proof
    case finished
  }

  /// Why a hunt is on.
  private enum Purpose: Sendable {
    case discovery
    case growth
    case additional([KeyExchangeMethod])
    case preference(first: SuiteBox, isBackwards: Bool)
    case proof(SuiteBox, isRepeated: Bool)

    var isAdditional: Bool { if case .additional = self { true } else { false } }
  }

  /// A hunt that is on, and all that it set out to ask about.
  private struct Hunt: Sendable {
    var search: SuiteHunt
    var purpose: Purpose
    let asked: [SuiteBox]

    init(_ boxes: [SuiteBox], share: Int?, _ purpose: Purpose) {
      search = SuiteHunt(boxes, share: share)
      self.purpose = purpose
      asked = boxes
    }
  }

  /// A suite, the product that it spans so far, and what has to be asked of its neighbours.
  struct Growth: Sendable {
    var seed: SuiteBox
    var product: SuiteBox
    var neighbours: [SuiteBox]
    var failures = 0
  }

  var rules: HuntRules
  private(set) var map = AcceptanceMap()
  private var stage = Stage.discovery
  private var hunt: Hunt?
  /// Not asked yet, and what got no answer the first time.
  private(set) var pending: [SuiteBox]
  private(set) var postponed: [SuiteBox] = []
  /// Asked twice, and not answered.
  private(set) var unanswered: [SuiteBox] = []
  private var isRepeating = false
  private(set) var products: [(product: SuiteBox, seed: SuiteBox)] = []
  private var toProve: [(box: SuiteBox, isRepeated: Bool)] = []
  private(set) var additional = AdditionalSearch()
  private(set) var preference = PreferenceSearch()

  /// `byteLimit`: octets of UDP payload that no request reaches.
  package init(_ catalogue: ProposalCatalogue = .full, byteLimit: Int = 1200) {
    rules = HuntRules(catalogue, byteLimit: byteLimit)
    pending = catalogue.everything
  }

  /// What discovery has asked about and has no answer to.
  var underWay: [SuiteBox] {
    guard let hunt, case .discovery = hunt.purpose else { return [] }
    return hunt.asked
  }

  /// From now on no question may end in an SA that the peer has to keep: its limits are near.
  package mutating func leaveNothingHalfOpen() { rules.mayLeaveHalfOpen = false }

  /// The next question, which is the last one again while that has no answer; nil when there is none.
  package mutating func next() -> SearchQuestion? {
    while true {
      while hunt == nil {
        if case .finished = stage { return nil }
        advance()
      }
      guard let current = hunt else { return nil }
      if let offer = current.search.offer(rules) { return question(offer, current.purpose) }
      conclude(.failed, current)
    }
  }

  private func question(_ offer: SuiteHunt.Offer, _ purpose: Purpose) -> SearchQuestion {
    var extra = rules.additional
    var isBackwards = false
    if case .additional(let methods) = purpose { extra = methods }
    if case .preference(_, let isSecond) = purpose { isBackwards = isSecond }
    let proposals = offer.boxes.enumerated().map { index, box in
      var box = box
      if offer.isDecoy { box.keyExchange = box.keyExchange.union(.one(offer.share)) }
      return rules.catalogue.proposal(
        box, number: UInt8(clamping: index + 1), additional: extra, isBackwards: isBackwards)
    }
    return SearchQuestion(
      proposals: proposals, share: rules.catalogue.methods[offer.share],
      asksAdditional: !extra.isEmpty)
  }

  /// Takes what came of the question that ``next()`` returned last.
  package mutating func take(_ answer: SearchAnswer) {
    guard var current = hunt else { return }
    let outcome = current.search.take(answer, rules)
    hunt = current
    switch outcome {
    case nil: return
    case .strayed(let suite):
      // Discovery comes upon it in its own time. The question stands, with another method for its share.
      rules.spoiled = rules.spoiled.union(suite.keyExchange)
      return
    case .found(let suite) where !current.purpose.isAdditional:
      map.accept(suite)
      rules.accepted = rules.accepted.union(suite.keyExchange)
    default: break
    }
    conclude(outcome ?? .failed, current)
  }

  private mutating func conclude(_ outcome: SuiteHunt.Outcome, _ current: Hunt) {
    hunt = nil
    switch current.purpose {
    case .discovery: discovered(outcome, among: current.asked)
    case .growth: grown(outcome, among: current.asked)
    case .additional(let methods): additional.take(outcome, of: methods)
    case .preference(let first, _): preference.take(outcome, first: first)
    case .proof(let box, let isRepeated): proved(outcome, box, isRepeated: isRepeated)
    }
  }
}

// MARK: What to ask next

extension AcceptanceSearch {
  private mutating func advance() {
    switch stage {
    case .discovery: advanceDiscovery()
    case .growth(let growth): advanceGrowth(growth)
    case .additional:
      guard let suite = map.suites.first, let methods = additional.next() else {
        stage = .preference
        return
      }
      hunt = Hunt([suite], share: nil, .additional(methods))
    case .preference:
      guard let offer = preference.next(among: map.suites, rules) else {
        stage = .proof
        prepareProof()
        return
      }
      hunt = Hunt(
        offer.boxes, share: offer.share,
        .preference(first: offer.first, isBackwards: offer.isBackwards))
    case .proof:
      guard !toProve.isEmpty else {
        stage = .finished
        return
      }
      let (box, isRepeated) = toProve.removeFirst()
      guard let unknown = map.unknown(box) else { return }
      hunt = Hunt([unknown], share: nil, .proof(box, isRepeated: isRepeated))
    case .finished: break
    }
  }

  private mutating func advanceDiscovery() {
    if pending.isEmpty {
      isRepeating = true
      pending = postponed
      postponed = []
    }
    guard let first = pending.first else {
      finishDiscovery()
      return
    }
    let share = rules.mayLeaveHalfOpen ? rules.guess(first.keyExchange) : nil
    let boxes = rules.pack(from: &pending, share: share)
    guard !boxes.isEmpty else {
      unanswered.append(pending.removeFirst())
      return
    }
    hunt = Hunt(boxes, share: share, .discovery)
  }

  /// A peer that took nothing may want an additional key exchange beside every suite.
  private mutating func finishDiscovery() {
    if map.suites.isEmpty, rules.additional.isEmpty, unanswered.isEmpty {
      rules.additional = ProposalCatalogue.additionalMethods
      // An IKE_AUTH that makes the peer forget the SA would have to wait for IKE_INTERMEDIATE.
      rules.mayLeaveHalfOpen = false
      pending = rules.catalogue.everything
      return
    }
    stage = map.suites.isEmpty ? .finished : .additional
  }

  private mutating func advanceGrowth(_ growth: Growth) {
    var growth = growth
    guard let first = growth.neighbours.first, growth.failures < 2 else {
      products.append((growth.product, growth.seed))
      pending = pending.subtracting(growth.product)
      postponed = postponed.subtracting(growth.product)
      unanswered = unanswered.subtracting(growth.product)
      stage = .discovery
      return
    }
    // With its own method the seed's neighbours are answered by themselves; those that differ in the method
    // are told by INVALID_KE_PAYLOAD.
    let own = growth.seed.keyExchange.first
    let share =
      rules.mayLeaveHalfOpen && first.keyExchange == growth.seed.keyExchange
        && own.map { rules.fits([first], beside: $0) } == true ? own : nil
    var rest = growth.neighbours
    let boxes = rules.pack(from: &rest, share: share)
    growth.neighbours = boxes + rest
    if boxes.isEmpty { growth.failures = 2 }
    stage = .growth(growth)
    guard !boxes.isEmpty else { return }
    hunt = Hunt(boxes, share: share, .growth)
  }
}

// MARK: What was learnt

extension AcceptanceSearch {
  private mutating func discovered(_ outcome: SuiteHunt.Outcome, among boxes: [SuiteBox]) {
    switch outcome {
    case .nothing, .strayed: break
    case .failed where isRepeating: unanswered += boxes
    case .failed: postponed += boxes
    case .found(let suite):
      pending = boxes + pending
      stage = .growth(growth(from: suite))
    }
  }

  private func growth(from seed: SuiteBox) -> Growth {
    var product = seed
    for suite in map.suites where suite.family == seed.family {
      let differing = SuiteAxis.allCases.filter { suite[$0] != seed[$0] }
      if differing.count == 1, let axis = differing.first {
        product[axis] = product[axis].union(suite[axis])
      }
    }
    let whole = rules.catalogue.box(seed.family)
    var neighbours = SuiteAxis.allCases.compactMap { axis -> SuiteBox? in
      let others = whole[axis].subtracting(product[axis])
      return others.isEmpty ? nil : seed.with(axis, others)
    }
    for (known, _) in products { neighbours = neighbours.subtracting(known) }
    return Growth(seed: seed, product: product, neighbours: neighbours)
  }

  private mutating func grown(_ outcome: SuiteHunt.Outcome, among boxes: [SuiteBox]) {
    guard case .growth(var growth) = stage else { return }
    switch outcome {
    case .nothing: growth.neighbours.removeAll(where: boxes.contains)
    case .failed, .strayed: growth.failures += 1
    case .found(let suite):
      for axis in SuiteAxis.allCases {
        growth.product[axis] = growth.product[axis].union(suite[axis])
      }
      growth.neighbours = growth.neighbours.subtracting(suite)
    }
    stage = .growth(growth)
  }

  /// First the suites that would be missing if a product were none, then all others.
  private mutating func prepareProof() {
    let ordered = products.sorted { $0.product.count < $1.product.count }
    for (product, seed) in ordered {
      toProve += product.opposite(seed).map { ($0, false) }
    }
    for (product, _) in ordered where product.count <= Self.proofLimit {
      toProve += product.combinations.map { ($0, false) }
    }
  }

  /// Suites of a product beyond which no budget goes.
  static let proofLimit = 4096

  private mutating func proved(
    _ outcome: SuiteHunt.Outcome, _ box: SuiteBox, isRepeated: Bool
  ) {
    switch outcome {
    case .found, .strayed: toProve.insert((box, isRepeated), at: 0)
    case .nothing:
      if let unknown = map.unknown(box) { map.refuse(unknown) }
    case .failed where !isRepeated: toProve.append((box, true))
    case .failed: break
    }
  }
}
