import Glibc
import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Sessions over bad links")
struct LossyPairTests {
  /// How many runs; `make pairs` asks for 10,000.
  static let runs = unsafe getenv("IPSECDIAG_PAIR_RUNS").flatMap { unsafe Int(String(cString: $0)) }

  @Test("every run over a lossy link ends with an SA on both sides, or given up on both")
  func manyRuns() {
    var outcomes: [PairScenario.Outcome: Int] = [:]
    for seed in 1...UInt64(Self.runs ?? 300) {
      var scenario = PairScenario(seed: seed)
      let outcome = scenario.run()
      outcomes[outcome, default: 0] += 1
      if let fault = scenario.fault {
        Issue.record("seed \(seed) (\(scenario.description)): \(fault)")
      }
    }
    print("\(Self.runs ?? 300) pairs: \(outcomes)")
    // The links are bad, but not so bad that nothing would be tried.
    #expect(outcomes[.established, default: 0] > (Self.runs ?? 300) / 3, "\(outcomes)")
  }
}

/// One run: a configuration, a link and a life of a session, all drawn from a seed.
struct PairScenario: CustomStringConvertible {
  enum Outcome: Hashable {
    case established
    case closed
    case gaveUp
  }

  private(set) var fault: String?
  private(set) var features: [String] = []
  private var random: SplitMix64
  private let pair: Pair

  init(seed: UInt64) {
    var random = SplitMix64(state: seed &* 0x2545_F491_4F6C_DD1D)
    var alice = PeerConfiguration.alice
    var bob = PeerConfiguration.bob
    var link = LossyLink(seed: random.next())
    link.lossPercent = Int(random.next() % 31)
    link.duplicationPercent = Int(random.next() % 31)
    link.reorderingPercent = Int(random.next() % 31)
    features.append(
      "loss \(link.lossPercent) %, copies \(link.duplicationPercent) %, "
        + "late \(link.reorderingPercent) %")
    Self.vary(&alice, &bob, &link, &random, &features)
    var policy = ResponderPolicy()
    if Self.chance(&random, 3) {
      policy.cookieThreshold = 0
      features.append("cookies")
    }
    pair = Pair(alice, bob, policy: policy, link: link, seed: seed)
    if Self.chance(&random, 3) {
      pair.nat = NAT()
      features.append("NAT")
    }
    self.random = random
  }

  var description: String { features.joined(separator: ", ") }

  private static func chance(_ random: inout SplitMix64, _ of: UInt64) -> Bool {
    random.next() % of == 0
  }

  private static func vary(
    _ alice: inout PeerConfiguration, _ bob: inout PeerConfiguration, _ link: inout LossyLink,
    _ random: inout SplitMix64, _ features: inout [String]
  ) {
    alice.retransmission = RetransmissionPolicy(
      firstWait: .milliseconds(500), factor: 1.8, transmissions: 5)
    bob.retransmission = alice.retransmission
    switch random.next() % 4 {
    case 0:
      alice.ikeProposals = [.cbc()]
      bob.ikeProposals = [.cbc()]
      features.append("CBC")
    case 1:
      alice.ikeProposals = [.gcm([.ecp256, .curve25519])]
      features.append("INVALID_KE")
    case 2:
      alice.ikeProposals = [.gcm(additional: [[.ecp256]])]
      bob.ikeProposals = [.gcm(additional: [[.ecp256]])]
      alice.childProposals = [.espGCM([.curve25519])]
      bob.childProposals = [.espGCM([.curve25519])]
      features.append("IKE_INTERMEDIATE")
    default: break
    }
    if chance(&random, 2) {
      alice.fragmentBytes = [250, 180]
      bob.fragmentBytes = [250, 180]
      features.append("fragments")
      if chance(&random, 4) {
        // Five transmissions come down to the smaller size with a few to spare.
        link.largestProtected = 180
        link.lossPercent /= 2
        features.append("small path")
      }
    }
    varyProofs(&alice, &bob, &random, &features)
    if chance(&random, 4) {
      alice.isChildless = true
      features.append("childless")
    }
  }

  private static func varyProofs(
    _ alice: inout PeerConfiguration, _ bob: inout PeerConfiguration,
    _ random: inout SplitMix64, _ features: inout [String]
  ) {
    switch random.next() % 6 {
    case 0:
      alice.credential = .null
      bob.requirement = .null
      features.append("NULL")
    case 1:
      let password = Secret(copying: Array("open sesame".utf8))
      alice.credential = .eap(EAPCredential(userName: "alice", password: password))
      bob.requirement = .eap(accounts: ["alice": password])
      features.append("EAP")
    case 2:
      alice.ppk = PPKSessionTests.policy("one", isMandatory: false)
      if chance(&random, 2) { bob.ppk = alice.ppk }
      features.append("PPK")
    default: break
    }
  }

  mutating func run() -> Outcome {
    pair.start()
    settle("the handshake") { $0.isEstablished || $0.hasEnded }
    checkLiveness()
    if pair.initiator.isEstablished { live() }
    if pair.initiator.isEstablished, Self.chance(&random, 3) {
      pair.initiate { $0.close(at: $1) }
      settle("closing") { $0.hasEnded }
      checkLiveness()
      demand(pair.responder.sessions.isEmpty, "the responder still has a closed session")
      return .closed
    }
    return compareEnds()
  }

  /// Some things that sessions do in their life, of either side and of both at once.
  private mutating func live() {
    for _ in 0..<(random.next() % 4) {
      act()
      if Self.chance(&random, 2) { act() }
      pair.run(for: .seconds(40))
    }
    checkLiveness()
  }

  private mutating func act() {
    let deed = random.next() % 5
    let index = random.next()
    let act = { (session: IKESession, now: Instant) in
      let spis = session.children.map(\.inboundSPI)
      let spi = spis.isEmpty ? nil : spis[Int(index % UInt64(spis.count))]
      switch (deed, spi) {
      case (0, let spi?): session.deleteChild(spi, at: now)
      case (1, let spi?), (2, let spi?): session.rekeyChild(spi, at: now)
      case (3, _): session.createChild(at: now)
      default: session.rekeyIKE(at: now)
      }
    }
    let who = random.next() % 3
    features.append("\(["delete", "rekey", "rekey", "create", "rekey IKE"][Int(deed)]) by \(who)")
    if who != 1 { pair.initiate(act) }
    if who != 0 { pair.respond(act) }
  }

  /// Both sides ask whether the other is there, as their drivers do. One may give the other up because of
  /// the link; then the other asks in vain, too.
  private mutating func checkLiveness() {
    for _ in 0..<2 {
      pair.initiate { $0.checkLiveness(at: $1) }
      pair.run(for: .seconds(40))
      pair.respond { $0.checkLiveness(at: $1) }
      pair.run(for: .seconds(90))
      if pair.initiator.isEstablished == (pair.session?.isEstablished == true) { return }
    }
  }

  private mutating func settle(_ what: String, _ condition: (IKESession) -> Bool) {
    let initiator = pair.initiator
    demand(pair.run(for: .seconds(300)) { condition(initiator) }, "\(what) hangs")
  }

  private mutating func compareEnds() -> Outcome {
    let sessions = pair.responder.sessions.values.filter(\.isEstablished)
    guard pair.initiator.isEstablished else {
      demand(pair.initiator.hasEnded, "the initiator neither stands nor has ended")
      demand(sessions.isEmpty, "the responder stands alone")
      return .gaveUp
    }
    demand(sessions.count == 1, "the initiator stands, and \(sessions.count) sessions with it")
    guard let session = sessions.first else { return .established }
    let here = Set(pair.initiator.children.map { [$0.inboundSPI, $0.outboundSPI] })
    let there = Set(session.children.map { [$0.outboundSPI, $0.inboundSPI] })
    demand(here == there, "the Child SAs differ: \(here) and \(there)")
    let mayBeEmpty = features.contains { $0 == "childless" || $0.hasPrefix("delete") }
    demand(mayBeEmpty || !here.isEmpty, "nobody deleted the Child SA, and it is gone")
    demand(
      pair.initiator.current?.initiatorSPI == session.current?.initiatorSPI,
      "the IKE SAs in use differ")
    return .established
  }

  private mutating func demand(_ condition: Bool, _ complaint: String) {
    if !condition, fault == nil { fault = complaint }
  }
}
