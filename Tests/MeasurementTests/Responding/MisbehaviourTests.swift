import IKE
import Measurement
import PacketDissector
import Testing

@Suite("Faults on purpose")
struct MisbehaviourTests {
  private static func options(_ change: (inout RespondingOptions) -> Void) -> RespondingOptions {
    var options = RespondingOptions()
    change(&options)
    return options
  }

  /// A peer that retransmits as strongSwan does with these settings.
  private static func pair(
    _ silence: Misbehaviour.Silence, firstWait: Duration, factor: Double, transmissions: Int
  ) throws -> RespondingPair {
    try RespondingPair(
      options { $0.misbehaviour.silence = silence },
      peer: {
        $0.retransmission = RetransmissionPolicy(
          firstWait: firstWait, factor: factor, longestWait: .seconds(600),
          transmissions: transmissions)
      })
  }

  @Test(
    "Silence after a liveness check is timed, from the last answer to the peer's giving up",
    arguments: [(4.0, 1.8, 6), (2.0, 1.5, 4), (1.0, 2.0, 5)])
  func silence(firstWait: Double, factor: Double, transmissions: Int) throws {
    let pair = try Self.pair(
      .checks(1), firstWait: .seconds(firstWait), factor: factor, transmissions: transmissions)
    try pair.establish()
    pair.session.checkLiveness(at: pair.now)
    pair.run(for: .seconds(10))
    let asked = pair.now
    pair.session.checkLiveness(at: asked)
    pair.run(for: .seconds(600))
    #expect(pair.session.hasEnded)
    let detections = pair.events.compactMap { event -> SilenceDetection? in
      if case .detected(_, let detection) = event { detection } else { nil }
    }
    try #require(detections.count == 1)
    let detection = detections[0]
    #expect(detection.transmissions.count == transmissions)
    #expect(detection.evidence == .schedule)
    var gap = firstWait
    var total = 0.0
    for _ in 0..<transmissions {
      total += gap
      gap *= factor
    }
    let afterRequest = try #require(detection.sinceFirstRequest?.inSeconds)
    #expect(abs(afterRequest - total) < 0.05)
    let afterAnswer = try #require(detection.sinceLastAnswer?.inSeconds)
    #expect(abs(afterAnswer - (total + 10)) < 0.1)
    let told = pair.events.filter { if case .unanswered = $0 { true } else { false } }
    #expect(told.count == transmissions)
  }

  @Test("Silence begins so long after the first SA, and ESP gets no answer either")
  func silenceByTime() throws {
    let pair = try Self.pair(
      .after(.seconds(30)), firstWait: .seconds(1), factor: 2, transmissions: 3)
    try pair.establish()
    pair.session.checkLiveness(at: pair.now)
    pair.run(for: .seconds(20))
    #expect(!pair.responding.isSilent)
    pair.run(for: .seconds(10))
    #expect(pair.responding.isSilent)
    let before = pair.answers.count
    let ping = [UInt8](repeating: 0x45, count: 84)
    try pair.send(ping, nextHeader: 4)
    pair.session.checkLiveness(at: pair.now)
    pair.run(for: .seconds(60))
    #expect(pair.answers.count == before)
    #expect(pair.session.hasEnded)
  }

  @Test("A peer that begins anew while this side is silent has given up at that moment")
  func newInit() throws {
    let pair = try Self.pair(
      .checks(1), firstWait: .seconds(1), factor: 2, transmissions: 1)
    try pair.establish()
    pair.session.checkLiveness(at: pair.now)
    pair.run(for: .seconds(1))
    pair.session.checkLiveness(at: pair.now)
    pair.run(for: .seconds(2))
    let again = IKESession(
      initiatingTo: Endpoint(RespondingPair.ownAddress, 500),
      from: Endpoint(RespondingPair.peerAddress, 500),
      try RespondingPair.configuration("peer.example"), random: .system)
    again.start(at: pair.now)
    guard case .send(let request, let from, let to) = again.nextOutput() else {
      Issue.record("no request")
      return
    }
    pair.send(datagram: request, from: from, to: to)
    pair.run(for: .seconds(1))
    guard case .detected(let peer, let detection) = pair.events.last else {
      Issue.record("\(pair.events)")
      return
    }
    #expect(peer.session == 1)
    #expect(detection.evidence == .newInit)
    #expect(detection.sinceFirstRequest == .seconds(2))
  }

  @Test("What answers again takes up the SA where it stood")
  func speakingAgain() throws {
    let pair = try RespondingPair()
    try pair.establish()
    pair.responding.setSilent(true, at: pair.now)
    pair.session.checkLiveness(at: pair.now)
    pair.run(for: .seconds(3))
    pair.responding.setSilent(false, at: pair.now)
    pair.run(for: .seconds(30))
    let isAlive = pair.sessionEvents.contains {
      if case .alive(_, let transmissions) = $0 { transmissions == 2 } else { false }
    }
    #expect(isAlive)
  }

  @Test("Answers wait as long as is wanted")
  func delay() throws {
    let pair = try RespondingPair(
      Self.options { $0.misbehaviour.delay = .milliseconds(300) })
    try pair.establish()
    pair.session.checkLiveness(at: pair.now)
    pair.run(for: .seconds(1))
    guard case .alive(let roundTrip, 1) = pair.sessionEvents.last else {
      Issue.record("\(pair.sessionEvents)")
      return
    }
    #expect(roundTrip == .milliseconds(320))
  }

  @Test("A third is lost each way, and the SA comes up all the same")
  func loss() throws {
    let pair = try RespondingPair(Self.options { $0.misbehaviour.loss = 0.3 }, seed: 3)
    pair.session.start(at: pair.now)
    pair.run(for: .seconds(400))
    for _ in 0..<200 {
      pair.responding.handle(
        [UInt8](repeating: 1, count: 64), from: Endpoint(RespondingPair.peerAddress, 4500),
        to: Endpoint(RespondingPair.ownAddress, 4500), at: pair.now)
    }
    #expect((30...100).contains(pair.responding.unanswered.lost))
    #expect(pair.session.isEstablished)
  }

  @Test("Fragments of IKE are lost, so that a peer whose messages need them gets no answer")
  func fragments() throws {
    let pair = try RespondingPair(
      Self.options { $0.misbehaviour.dropsFragments = true },
      peer: {
        $0.fragmentBytes = [200]
        $0.retransmission = .quick
      })
    pair.session.start(at: pair.now)
    pair.run(for: .seconds(10))
    #expect(pair.responding.unanswered.fragments > 0)
    guard case .failed(.noAnswer(.ikeAuth)) = pair.sessionEvents.last else {
      Issue.record("\(pair.sessionEvents)")
      return
    }
  }

  @Test("Whoever offers only what is refused gets NO_PROPOSAL_CHOSEN")
  func refusal() throws {
    let curve = Transform(.keyExchange, id: KeyExchangeMethod.curve25519.rawValue)
    let pair = try RespondingPair(own: { configuration in
      var other = configuration.ikeProposals[0]
      other.transforms[2] = Transform(.keyExchange, id: KeyExchangeMethod.ecp256.rawValue)
      configuration.ikeProposals.append(other)
      configuration.refuse([curve])
    })
    pair.session.start(at: pair.now)
    pair.run(for: .seconds(2))
    guard case .failed(.refused(.noProposalChosen, in: .ikeSAInit)) = pair.sessionEvents.last else {
      Issue.record("\(pair.sessionEvents)")
      return
    }
  }

  @Test("A cookie is asked of everyone")
  func cookie() throws {
    let pair = try RespondingPair(Self.options { $0.policy.cookieThreshold = 0 })
    try pair.establish()
    #expect(pair.responding.responderCounters.cookiesSent == 1)
  }
}
