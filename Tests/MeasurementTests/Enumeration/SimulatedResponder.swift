import PacketDissector

@testable import Measurement

/// Numbers that a seed decides (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

/// A responder whose policy is some lines, each with alternatives, as daemons are configured.
struct SimulatedResponder {
  enum Order: CaseIterable {
    /// The first of its own lines that any proposal meets, and its own order within it.
    case own
    /// The first proposal that meets any of its lines, and its own order within that.
    case proposals
    /// The first proposal, and the initiator's order within it.
    case initiator
  }

  var lines: [SuiteBox]
  var order: Order
  /// Taken only with one of these additional key exchanges; empty for none at all.
  var required: [UInt16] = []
  var optional: [UInt16] = []
  private let catalogue = ProposalCatalogue.full

  init(_ lines: [SuiteBox], _ order: Order) {
    self.lines = lines
    self.order = order
  }

  var suites: Set<SuiteBox> { Set(lines.flatMap(\.suites)) }

  func answer(_ question: SearchQuestion) -> SearchAnswer {
    let offered = question.proposals.compactMap { proposal in
      box(proposal).map { (box: $0, proposal: proposal) }
    }
    guard let suite = choice(offered), let index = suite.keyExchange.first else { return .refused }
    let method = catalogue.methods[index]
    guard method == question.share else { return .wantsShare(method) }
    return .accepted(catalogue.proposal(suite, number: 1))
  }

  private func choice(_ offered: [(box: SuiteBox, proposal: Proposal)]) -> SuiteBox? {
    switch order {
    case .own:
      for line in lines {
        for (box, _) in offered { if let common = line.intersection(box) { return last(common) } }
      }
    case .proposals, .initiator:
      for (box, proposal) in offered {
        for line in lines {
          if let common = line.intersection(box) {
            return order == .initiator ? first(common, of: proposal) : last(common)
          }
        }
      }
    }
    return nil
  }

  /// The initiator's order is that of the proposal.
  private func first(_ box: SuiteBox, of proposal: Proposal) -> SuiteBox {
    var suite = box
    for axis in SuiteAxis.allCases where box[axis].count > 1 {
      for transform in proposal.transforms {
        guard let (place, index) = Self.places[box.family][Key(transform)], place == axis,
          box[axis].contains(index)
        else { continue }
        suite[axis] = .one(index)
        break
      }
    }
    return suite
  }

  /// Its own order is the catalogue's, backwards.
  private func last(_ box: SuiteBox) -> SuiteBox {
    var suite = box
    for axis in SuiteAxis.allCases {
      suite[axis] = box[axis].indices.last.map(Alternatives.one) ?? .none
    }
    return suite
  }

  /// The suites of a proposal that this responder could take; nil for one with an unknown kind of transform.
  private func box(_ proposal: Proposal) -> SuiteBox? {
    let additional = proposal.transforms.filter { $0.type == .additionalKeyExchange1 }.map(\.id)
    let known = required.isEmpty ? optional : required
    if additional.isEmpty ? !required.isEmpty : !additional.contains(where: known.contains) {
      return nil
    }
    for family in catalogue.families.indices {
      var box = SuiteBox(
        family: family, encryption: .none, integrity: family == 0 ? .one(0) : .none, prf: .none,
        keyExchange: .none)
      for transform in proposal.transforms {
        guard let (axis, index) = Self.places[family][Key(transform)] else { continue }
        box[axis] = box[axis].union(.one(index))
      }
      if !box.isEmpty { return box }
    }
    return nil
  }

  private struct Key: Hashable {
    var type: UInt8
    var id: UInt16
    var keyLength: UInt16?

    init(_ transform: Transform) {
      type = transform.type.rawValue
      id = transform.id
      keyLength = transform.keyLength
    }
  }

  /// Where the catalogue has a transform.
  private static let places: [[Key: (SuiteAxis, Int)]] = {
    let catalogue = ProposalCatalogue.full
    return catalogue.families.indices.map { family in
      var places: [Key: (SuiteAxis, Int)] = [:]
      let whole = catalogue.box(family)
      for axis in SuiteAxis.allCases {
        for index in whole[axis].indices {
          guard let transform = catalogue.transform(axis, index, family: family) else { continue }
          places[Key(transform)] = (axis, index)
        }
      }
      return places
    }
  }()
}

/// What a run of a search came to.
struct SearchRun {
  var enumeration: Enumeration
  var suites: Set<SuiteBox>
  var packets = 0
  var questions = 0
  var acceptances = 0
  /// The proposals' octets, and those of the share, of the largest request.
  var largest = 0

  /// Asks until the search or the budget ends. Each transmission is lost with a probability of `loss` each
  /// way, and a request is sent `transmissions` times at most. An acceptance costs one packet more, which
  /// makes the responder forget it.
  init(
    _ responder: SimulatedResponder, budget: Int = .max, loss: Double = 0, transmissions: Int = 4,
    seed: UInt64 = 1, isStateless: Bool = false
  ) {
    var numbers = SeededNumbers(seed: seed)
    var search = AcceptanceSearch()
    if isStateless { search.leaveNothingHalfOpen() }
    while let question = search.next(), packets < budget {
      questions += 1
      largest = max(largest, Self.bytes(question))
      var answer = SearchAnswer.unanswered
      for _ in 0..<transmissions where packets < budget {
        packets += 1
        let isLost = (0..<2).contains { _ in Double.random(in: 0..<1, using: &numbers) < loss }
        if !isLost {
          answer = responder.answer(question)
          break
        }
      }
      if case .accepted = answer {
        acceptances += 1
        packets += 1
      }
      search.take(answer)
    }
    enumeration = search.enumeration
    suites = Set(enumeration.suites.compactMap(ProposalCatalogue.full.suite))
  }

  /// Octets of UDP payload, with the marker and the longest cookie.
  static func bytes(_ question: SearchQuestion) -> Int {
    var writer = ByteWriter()
    let association = SecurityAssociationPayload(proposals: question.proposals)
    let message = IKEMessage(
      header: IKEHeader(
        initiatorSPI: 1, responderSPI: 0, nextPayload: 0, exchangeType: 34, flags: 8, messageID: 0,
        length: 0),
      payloads: [
        IKEPayload(.notify, .notify(NotifyPayload(.cookie, .data(Array(repeating: 0, count: 64))))),
        IKEPayload(.securityAssociation, .securityAssociation(association)),
        IKEPayload(
          .keyExchange,
          .keyExchange(
            KeyExchangePayload(
              method: question.share,
              data: Array(repeating: 0, count: question.share.dataByteCount?.initiator ?? 9999)))),
        IKEPayload(.nonce, .nonce(Array(repeating: 0, count: 32))),
        IKEPayload(.notify, .notify(NotifyPayload(.intermediateExchangeSupported))),
      ])
    message.write(to: &writer)
    return 4 + writer.count
  }

  /// Nothing wrong, or what may be is marked.
  func isHonest(_ responder: SimulatedResponder) -> Bool {
    suites == responder.suites || !enumeration.isComplete || enumeration.inferredSuites > 0
  }
}
