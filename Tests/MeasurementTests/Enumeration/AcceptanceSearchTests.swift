import PacketDissector
import Testing

@testable import Measurement

@Suite("Search for accepted suites")
struct AcceptanceSearchTests {
  private let catalogue = ProposalCatalogue.full

  /// A line by words: ciphers with key lengths, integrity, PRFs and methods.
  private func line(
    _ ciphers: [(EncryptionAlgorithm, UInt16?)], _ integrity: [IntegrityAlgorithm],
    _ prfs: [PseudorandomFunction], _ methods: [KeyExchangeMethod]
  ) throws -> SuiteBox {
    let family = integrity.isEmpty ? 0 : 1
    let axes = catalogue.families[family]
    func choose(_ indices: [Int?]) throws -> Alternatives {
      var chosen = Alternatives.none
      for index in indices { chosen = chosen.union(.one(try #require(index))) }
      return chosen
    }
    return SuiteBox(
      family: family,
      encryption: try choose(
        ciphers.map { cipher in
          axes.encryption.firstIndex {
            $0.id == cipher.0.rawValue && $0.keyLength == cipher.1
          }
        }),
      integrity: integrity.isEmpty
        ? .one(0)
        : try choose(
          integrity.map { id in axes.integrity.firstIndex { $0?.id == id.rawValue } }),
      prf: try choose(prfs.map { id in axes.prf.firstIndex { $0.id == id.rawValue } }),
      keyExchange: try choose(methods.map { catalogue.methods.firstIndex(of: $0) }))
  }

  private func three() throws -> [SuiteBox] {
    [
      try line([(.aesCBC, 256)], [.hmacSHA2_256_128], [.hmacSHA2_256], [.modp2048]),
      try line([(.aesGCM16, 128)], [], [.hmacSHA2_256], [.ecp256]),
      try line([(.aesGCM16, 256)], [], [.hmacSHA2_384], [.curve25519]),
    ]
  }

  @Test("three suites come out as three", arguments: SimulatedResponder.Order.allCases)
  func threeSuites(order: SimulatedResponder.Order) throws {
    let responder = SimulatedResponder(try three(), order)
    let run = SearchRun(responder, budget: 60)
    #expect(run.suites == responder.suites)
    #expect(run.enumeration.suites.count == 3)
    #expect(run.enumeration.isComplete)
    #expect(run.enumeration.inferredSuites == 0)
    #expect(run.packets <= 40, "\(run.packets) packets")
    #expect(run.enumeration.preference == (order == .own ? .responder : .initiator))
  }

  @Test("a product of sixteen suites is proved suite by suite within 45 packets")
  func product() throws {
    let responder = SimulatedResponder(
      [
        try line(
          [(.aesCBC, 256), (.aesCBC, 128)], [.hmacSHA2_256_128, .hmacSHA2_384_192],
          [.hmacSHA2_256, .hmacSHA2_384], [.modp2048, .ecp256])
      ], .own)
    let run = SearchRun(responder)
    #expect(run.suites == responder.suites)
    #expect(run.enumeration.inferredSuites == 0)
    #expect(run.enumeration.isComplete)
    #expect(run.enumeration.products.count == 1)
    #expect(run.packets <= 45, "\(run.packets) packets")
  }

  @Test("whose order decides within a line is told", arguments: SimulatedResponder.Order.allCases)
  func preference(order: SimulatedResponder.Order) throws {
    let byMethod = try line([(.aesGCM16, 256)], [], [.hmacSHA2_384], [.ecp384, .curve25519])
    let byCipher = try line(
      [(.aesGCM16, 256), (.aesGCM16, 128)], [], [.hmacSHA2_384], [.curve25519])
    for line in [byMethod, byCipher] {
      let run = SearchRun(SimulatedResponder([line], order))
      #expect(run.enumeration.preference == (order == .initiator ? .initiator : .responder))
    }
    let alone = try line([(.aesGCM16, 256)], [], [.hmacSHA2_384], [.ecp384])
    #expect(SearchRun(SimulatedResponder([alone], order)).enumeration.preference == .unknown)
  }

  @Test("every request stays under 1,200 octets, whatever the peer takes")
  func sizes() throws {
    let sets: [[KeyExchangeMethod]] = [
      [.modp8192], [.mlKEM1024, .modp6144], Array(catalogue.methods.prefix(15)),
    ]
    for methods in sets {
      let responder = SimulatedResponder(
        [
          try line([(.aesGCM16, 256), (.chaCha20Poly1305, nil)], [], [.hmacSHA2_512], methods),
          try line([(.tripleDES, nil)], [.hmacMD5_96], [.hmacMD5], methods),
        ], .own)
      let run = SearchRun(responder)
      #expect(run.suites == responder.suites)
      #expect(run.enumeration.isComplete)
      #expect(run.largest < 1200 && run.largest > 900)
    }
  }

  @Test("without leaving SAs behind, the same is found, and nothing is accepted")
  func stateless() throws {
    let responder = SimulatedResponder(try three(), .own)
    let run = SearchRun(responder, isStateless: true)
    #expect(run.suites == responder.suites)
    #expect(run.enumeration.isComplete)
    #expect(run.acceptances == 0)
  }

  @Test("a peer that takes nothing is refused in a handful of packets, and complete")
  func nothing() throws {
    let run = SearchRun(SimulatedResponder([], .own))
    #expect(run.enumeration.suites.isEmpty)
    #expect(run.enumeration.isComplete)
    #expect(run.packets <= 8, "\(run.packets) packets")
  }

  @Test("additional key exchanges are asked for beside a suite of the peer's own")
  func additional() throws {
    var responder = SimulatedResponder(try three(), .own)
    responder.optional = [KeyExchangeMethod.mlKEM768.rawValue]
    let additional = SearchRun(responder).enumeration.additional
    #expect(additional.accepted.map(\.id) == [KeyExchangeMethod.mlKEM768.rawValue])
    #expect(additional.refused.count == 2)
    #expect(additional.unanswered.isEmpty)
  }

  @Test("suites that want an additional key exchange are found, and said to want it")
  func required() throws {
    var responder = SimulatedResponder(try three(), .own)
    responder.required = [KeyExchangeMethod.mlKEM768.rawValue]
    let run = SearchRun(responder)
    #expect(run.suites == responder.suites)
    #expect(run.enumeration.requiresAdditional)
    #expect(run.acceptances == 0)
  }

  @Test("a budget that ends before all has been asked leaves axes marked incomplete")
  func budget() throws {
    let responder = SimulatedResponder(try three(), .own)
    // The last four tell of additional key exchanges and of preference.
    let needed = SearchRun(responder).packets - 4
    for budget in 1..<needed {
      let run = SearchRun(responder, budget: budget)
      #expect(!run.enumeration.suitesAreComplete, "\(budget) packets")
      #expect(run.enumeration.axes.contains { $0.isIncomplete }, "\(budget) packets")
      #expect(run.packets <= budget + 1)
    }
  }

  @Test("a peer that falls silent leaves everything marked incomplete")
  func silence() throws {
    let run = SearchRun(SimulatedResponder(try three(), .own), loss: 1)
    #expect(run.enumeration.suites.isEmpty)
    #expect(!run.enumeration.axes.contains { !$0.isIncomplete })
    #expect(run.packets <= 200)
  }

  @Test("a peer that takes everything ends the budget, and is marked incomplete")
  func everything() {
    let run = SearchRun(SimulatedResponder(catalogue.everything, .own), budget: 60)
    #expect(!run.enumeration.isComplete)
    #expect(run.packets <= 61)
    #expect(run.largest < 1200)
  }

  @Test("answers that contradict each other end a search, too", arguments: 0..<40)
  func contradictions(seed: Int) {
    var numbers = SeededNumbers(seed: UInt64(seed))
    var search = AcceptanceSearch()
    var questions = 0
    while questions < 3000, let question = search.next() {
      questions += 1
      #expect(question.proposals.count <= 8)
      #expect(SearchRun.bytes(question) < 1200)
      let offered = question.proposals.randomElement(using: &numbers)
      let method = (offered.map { [$0].methods } ?? []).randomElement(using: &numbers)
      switch Int.random(in: 0..<10, using: &numbers) {
      case 0: search.take(.accepted(offered ?? question.proposals[0]))
      case 1:
        let suite = catalogue.suite(Self.single(offered, &numbers)).map {
          catalogue.proposal($0, number: 1)
        }
        search.take(suite.map { .accepted($0) } ?? .other)
      case 2, 3: search.take(.wantsShare(method ?? .modp768))
      case 4: search.take(.unanswered)
      case 5: search.take(.wantsShare(.none))
      default: search.take(.refused)
      }
    }
    #expect(questions < 3000)
    _ = search.enumeration
  }

  /// One alternative of each kind.
  private static func single(
    _ proposal: Proposal?, _ numbers: inout SeededNumbers
  ) -> Proposal {
    var transforms: [Transform] = []
    for type in [TransformType.encryption, .integrity, .prf, .keyExchange] {
      let some = proposal?.transforms.filter { $0.type == type } ?? []
      if let one = some.randomElement(using: &numbers) { transforms.append(one) }
    }
    return Proposal(number: 1, protocolID: .ike, transforms: transforms)
  }

  @Test("unions of products are found exactly, whoever's order decides", arguments: 0..<250)
  func exactness(seed: Int) {
    var numbers = SeededNumbers(seed: UInt64(seed))
    let responder = Self.randomResponder(&numbers)
    let run = SearchRun(responder)
    #expect(run.suites == responder.suites)
    #expect(run.enumeration.isComplete)
    #expect(run.enumeration.inferredSuites == 0)
    #expect(run.largest < 1200)
  }

  @Test("under loss and within 60 packets, the answer is right or marked", arguments: 0..<100)
  func loss(seed: Int) {
    var numbers = SeededNumbers(seed: UInt64(seed) &+ 1000)
    let responder = Self.randomResponder(&numbers)
    for loss in [0, 0.1, 0.3] {
      let run = SearchRun(responder, budget: 60, loss: loss, seed: UInt64(seed))
      #expect(run.isHonest(responder))
      #expect(run.suites.isSubset(of: responder.suites) || run.enumeration.inferredSuites > 0)
      #expect(run.packets <= 61)
    }
  }

  /// One to four lines, of one to three algorithms on an axis.
  private static func randomResponder(_ numbers: inout SeededNumbers) -> SimulatedResponder {
    let catalogue = ProposalCatalogue.full
    let lines = (0..<Int.random(in: 1...4, using: &numbers)).map { _ in
      var box = catalogue.box(Int.random(in: 0...1, using: &numbers))
      for axis in SuiteAxis.allCases {
        // Few of an axis, so that lines meet.
        let some = box[axis].indices.prefix(5)
        let count = [1, 1, 2, 3].randomElement(using: &numbers) ?? 1
        box[axis] = some.shuffled(using: &numbers).prefix(count).reduce(.none) {
          $0.union(.one($1))
        }
      }
      return box
    }
    let order = SimulatedResponder.Order.allCases.randomElement(using: &numbers) ?? .own
    return SimulatedResponder(lines, order)
  }
}
