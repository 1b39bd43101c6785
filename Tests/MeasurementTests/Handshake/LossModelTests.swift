import Diagnosis
import IKE
import IPsecCrypto
import Measurement
import PacketDissector
import Testing

@Suite("Handshakes over modelled paths")
struct LossModelTests {
  private static let roundTrip = Duration.milliseconds(40)

  private static func model(
    loss: Double = 0, mtu: Int = 1500, runs: Int = 100, seed: UInt64 = 1
  ) throws -> LossModel {
    let secret = Secret(copying: Array("a secret of the model".utf8))
    let everything = try #require(TrafficSelector(text: "0.0.0.0/0"))
    let side = PeerConfiguration(
      ikeProposals: [], childProposals: try ProposalNotation.parse("aes128gcm16-noesn", for: .esp),
      localIdentity: try #require(Identity(text: "side.example")),
      credential: .preSharedKey(secret), requirement: .preSharedKey(secret),
      localSelectors: [everything], remoteSelectors: [everything])
    return LossModel(
      side, side,
      over: PathModel(roundTrip: roundTrip, loss: loss, sizes: PathSizeModel(mtu: mtu)),
      runs: runs, seed: seed, times: ProcessingTimes(each: .zero))
  }

  private static func proposal(_ text: String) throws -> Proposal {
    try #require(try ProposalNotation.parse(text, for: .ike).first)
  }

  @Test("Without loss, each exchange takes a round trip, and nothing more")
  func undisturbed() throws {
    let result = try Self.model(runs: 3).run(try Self.proposal("aes256-sha256-x25519"))
    #expect(result.undisturbed.exchanges.map(\.type) == [.ikeSAInit, .ikeAuth])
    #expect(result.undisturbed.exchanges.allSatisfy { $0.duration == Self.roundTrip })
    #expect(result.durations.sorted == [.milliseconds(80), .milliseconds(80), .milliseconds(80)])
    #expect(result.failures == 0)
    #expect(result.meanPackets == 4)
  }

  @Test("Each additional key exchange costs a round trip")
  func additional() throws {
    let result = try Self.model(runs: 1).run(
      try Self.proposal("aes256-sha256-x25519-ke1_ecp256-ke2_ecp384"))
    #expect(
      result.undisturbed.exchanges.map(\.type)
        == [.ikeSAInit, .ikeIntermediate, .ikeIntermediate, .ikeAuth])
    #expect(result.undisturbed.total == .milliseconds(160))
  }

  @Test("Given computing time is added at each step of both sides")
  func computing() throws {
    var model = try Self.model(runs: 1)
    model.times = ProcessingTimes(each: .milliseconds(3))
    let result = try model.run(try Self.proposal("aes256-sha256-x25519"))
    // Before the first message, at each of two requests, and at each of two answers.
    #expect(result.undisturbed.total == .milliseconds(80 + 5 * 3))
    #expect(result.computing(.initiator) == .milliseconds(9))
    #expect(result.computing(.responder) == .milliseconds(6))
  }

  @Test("A share of handshakes goes without a loss as the number of packets says")
  func shareWithoutLoss() throws {
    let model = try Self.model(loss: 0.1, runs: 1000)
    let result = try model.run(try Self.proposal("aes256-sha256-x25519"))
    let prompt = result.durations.sorted.count { $0 == .milliseconds(80) }
    // 0.9 to the power of four packets is 0.656; four standard deviations of 1,000 runs are 0.06.
    #expect((596...716).contains(prompt))
    // strongSwan's first wait is 4 s.
    #expect(result.durations.percentile(90) == .milliseconds(4080))
  }

  @Test("One lost IP fragment loses the message")
  func ipFragments() throws {
    let model = try Self.model(loss: 0.1, mtu: 200, runs: 1000)
    let result = try model.run(try Self.proposal("aes256-sha256-x25519"))
    #expect(result.undisturbed.packets == 8)
    let prompt = result.durations.sorted.count { $0 == .milliseconds(80) }
    // 0.9 to the power of eight is 0.430.
    #expect((367...493).contains(prompt))
  }

  @Test("The same seed gives the same durations, another one others")
  func seeds() throws {
    let proposal = try Self.proposal("aes256-sha256-x25519")
    let first = try Self.model(loss: 0.2, seed: 7).run(proposal)
    let again = try Self.model(loss: 0.2, seed: 7).run(proposal)
    let other = try Self.model(loss: 0.2, seed: 8).run(proposal)
    #expect(first.durations == again.durations)
    #expect(first.meanPackets == again.meanPackets)
    #expect(first.durations != other.durations)
  }

  @Test("Where everything is lost, every handshake is given up")
  func allLost() throws {
    let result = try Self.model(loss: 1, runs: 5).run(try Self.proposal("aes256-sha256-x25519"))
    #expect(result.failures == 5)
    #expect(result.durations.median == nil)
    #expect(result.meanTransmissions == 6)
    #expect(result.meanPackets == 6)
  }

  @Test("A method that nobody can compute is a problem, and no prediction")
  func impossible() throws {
    let model = try Self.model()
    let proposal = Proposal(
      number: 1, protocolID: .ike,
      transforms: [
        Transform(.encryption, id: EncryptionAlgorithm.aesGCM16.rawValue, keyLength: 128),
        Transform(.prf, id: PseudorandomFunction.hmacSHA2_256.rawValue),
        Transform(.keyExchange, id: 1023),
      ])
    #expect(throws: LossModel.Problem.self) { try model.run(proposal) }
  }

  @Test(
    "IP cuts at multiples of eight octets",
    arguments: [
      (1472, 1500, false, 1), (1473, 1500, false, 2), (2952, 1500, false, 2),
      (2953, 1500, false, 3), (1452, 1500, true, 1), (1453, 1500, true, 2), (2888, 1500, true, 2),
      (2889, 1500, true, 3),
    ])
  func packets(payload: Int, mtu: Int, isIPv6: Bool, expected: Int) {
    #expect(PathSizeModel(mtu: mtu, isIPv6: isIPv6).packets(of: payload) == expected)
  }
}

@Suite("Statistics of durations")
struct DurationStatisticsTests {
  @Test("Percentiles are durations that occurred, the nearest from above")
  func percentiles() {
    let statistics = DurationStatistics((1...100).reversed().map { Duration.milliseconds($0) })
    #expect(statistics.median == .milliseconds(50))
    #expect(statistics.percentile(95) == .milliseconds(95))
    #expect(statistics.percentile(100) == .milliseconds(100))
    #expect(statistics.percentile(0) == .milliseconds(1))
    #expect(DurationStatistics([]).median == nil)
  }

  @Test("A histogram counts every duration once")
  func histogram() {
    let durations = [80, 81, 81, 4080, 4081, 11_280].map { Duration.milliseconds($0) }
    let bins = DurationStatistics(durations).histogram()
    #expect(bins.reduce(0) { $0 + $1.count } == 6)
    #expect(bins.first?.from == .milliseconds(80))
    #expect(bins.count <= 13)
    #expect(DurationStatistics([.seconds(1), .seconds(1)]).histogram().map(\.count) == [2])
    #expect(DurationStatistics([]).histogram().isEmpty)
  }
}

@Suite("Retransmission schedules of daemons")
struct RetransmissionPolicyTests {
  @Test(
    "They are those that the diagnosis of captures knows",
    arguments: [
      (RetransmissionPolicy.patient, RetransmissionSchedule.strongSwan),
      (RetransmissionPolicy.libreswan, RetransmissionSchedule.libreswan),
    ])
  func agree(policy: RetransmissionPolicy, schedule: RetransmissionSchedule) {
    let waits = (0..<policy.transmissions).map { policy.wait(after: $0) / .seconds(1) }
    #expect(waits.count == schedule.gaps.count)
    for (wait, gap) in zip(waits, schedule.gaps) { #expect(abs(wait - gap) < 0.01) }
  }
}
