import PacketDissector
import Testing

@testable import IKE

@Suite("The anti-replay status notification")
struct ReplayStatusTests {
  /// Offers or takes both kinds of sequence numbers, extended ones first, and announces `status`.
  private func side(
    _ configuration: PeerConfiguration, _ status: AntiReplayStatus?, type: NotifyType? = nil
  ) -> PeerConfiguration {
    var configuration = configuration
    configuration.childProposals = [.espGCM(numbers: [.partiallyTransmitted64, .sequential32])]
    configuration.replayStatus.announced = status
    if let type { configuration.replayStatus.type = type }
    return configuration
  }

  private func pair(_ here: AntiReplayStatus?, _ there: AntiReplayStatus?) throws -> Pair {
    try Pair.established(side(.alice, here), side(.bob, there))
  }

  static let unprotected = AntiReplayStatus(isProtected: false)
  static let unwindowed = AntiReplayStatus(isProtected: false, followsESNUnprotected: true)
  static let protected = AntiReplayStatus(isProtected: true)

  @Test("each side hears in IKE_AUTH what the other tells")
  func authentication() throws {
    let pair = try pair(Self.unwindowed, Self.protected)
    #expect(try pair.child(true).peerReplayStatus == Self.protected)
    #expect(try pair.child(false).peerReplayStatus == Self.unwindowed)
  }

  @Test("a side that tells nothing is heard to tell nothing")
  func silence() throws {
    let pair = try pair(nil, Self.protected)
    #expect(try pair.child(true).peerReplayStatus == Self.protected)
    #expect(try pair.child(false).peerReplayStatus == nil)
  }

  @Test(
    "a Child SA that CREATE_CHILD_SA makes, new or in an old one's place, is told of as well",
    arguments: [true, false], [true, false])
  func createChild(byInitiator: Bool, isRekey: Bool) throws {
    let pair = try pair(Self.unwindowed, Self.protected)
    let old = try pair.child(byInitiator)
    pair.act(byInitiator) { session, now in
      if isRekey {
        session.rekeyChild(old.inboundSPI, at: now)
      } else {
        session.createChild(at: now)
      }
    }
    pair.run(for: .seconds(1))
    #expect(try pair.disagreements() == [])
    for isInitiator in [true, false] {
      let children = try pair.side(isInitiator).children
      #expect(children.count == (isRekey ? 1 : 2))
      let expected = isInitiator ? Self.protected : Self.unwindowed
      #expect(children.map(\.peerReplayStatus).allSatisfy { $0 == expected })
    }
    #expect(try pair.side(true).children.contains { $0.inboundSPI != old.inboundSPI })
  }

  @Test("with additional key exchanges what was told first still holds when the last is done")
  func followup() throws {
    var (alice, bob) = (side(.alice, Self.unwindowed), side(.bob, Self.protected))
    alice.childProposals = [.espCBC([.curve25519], additional: [.ecp256])]
    bob.childProposals = alice.childProposals
    let pair = try Pair.established(alice, bob)
    let spi = try pair.child(true).inboundSPI
    pair.initiate { $0.rekeyChild(spi, at: $1) }
    pair.run(for: .seconds(2))
    #expect(pair.requests(.ikeFollowupKE) == 1)
    #expect(try pair.child(true).peerReplayStatus == Self.protected)
    #expect(try pair.child(false).peerReplayStatus == Self.unwindowed)
  }

  /// What each side tells, and the sequence numbers that come of it.
  static let choices: [(AntiReplayStatus?, AntiReplayStatus?, SequenceNumbers)] = [
    (nil, nil, .partiallyTransmitted64),
    (protected, nil, .partiallyTransmitted64),
    (unwindowed, nil, .partiallyTransmitted64),
    (unprotected, nil, .sequential32),
    (unprotected, protected, .sequential32),
    (protected, unprotected, .sequential32),
    (unwindowed, unwindowed, .partiallyTransmitted64),
  ]

  @Test(
    "a responder that may choose takes 32-bit numbers where a side could not follow longer ones",
    arguments: choices)
  func choice(_ here: AntiReplayStatus?, _ there: AntiReplayStatus?, _ numbers: SequenceNumbers)
    throws
  {
    let pair = try pair(here, there)
    #expect(try pair.child(true).suite.sequenceNumbers == numbers)
    let spi = try pair.child(true).inboundSPI
    // Whoever rekeys, the answering side chooses by the same table.
    pair.respond { session, now in session.rekeyChild(session.children[0].inboundSPI, at: now) }
    pair.run(for: .seconds(1))
    #expect(try pair.child(true).inboundSPI != spi)
    #expect(try pair.child(true).suite.sequenceNumbers == numbers)
    #expect(try pair.child(false).suite.sequenceNumbers == numbers)
  }

  @Test("a peer that insists on extended numbers has them, whatever it tells")
  func insistence() throws {
    var alice = side(.alice, Self.unprotected)
    alice.childProposals = [.espGCM(numbers: [.partiallyTransmitted64])]
    let pair = try Pair.established(alice, side(.bob, nil))
    #expect(try pair.child(false).suite.sequenceNumbers == .partiallyTransmitted64)
    #expect(try pair.child(false).peerReplayStatus == Self.unprotected)
  }

  @Test("32-bit numbers in a proposal of their own are found as well")
  func ownProposal() throws {
    var alice = side(.alice, Self.unprotected)
    alice.childProposals = [
      .espGCM(numbers: [.partiallyTransmitted64]), .espGCM(numbers: [.sequential32]),
    ]
    let pair = try Pair.established(alice, side(.bob, nil))
    #expect(try pair.child(false).suite.sequenceNumbers == .sequential32)
    #expect(try pair.child(true).suite.sequenceNumbers == .sequential32)
  }

  @Test("the draft's earlier type is heard, and another one only by who is told its number")
  func types() throws {
    let other = NotifyType(rawValue: 50_899)
    let early = try Pair.established(
      side(.alice, Self.unwindowed, type: .antiReplayStatus), side(.bob, nil))
    #expect(try early.child(false).peerReplayStatus == Self.unwindowed)
    let unknown = try Pair.established(side(.alice, Self.unwindowed, type: other), side(.bob, nil))
    #expect(try unknown.child(false).peerReplayStatus == nil)
    let known = try Pair.established(
      side(.alice, Self.unwindowed, type: other), side(.bob, nil, type: other))
    #expect(try known.child(false).peerReplayStatus == Self.unwindowed)
  }

  @Test(
    "no data says that protection is off, and octets behind the first are passed over",
    arguments: [
      ([], unprotected), ([0x80], protected), ([0x40], unwindowed), ([0x3F], unprotected),
      ([0xFF], AntiReplayStatus(isProtected: true, followsESNUnprotected: true)),
      ([0x40, 0xFF, 0], unwindowed),
    ] as [([UInt8], AntiReplayStatus)])
  func oddData(_ data: [UInt8], _ status: AntiReplayStatus) throws {
    var writer = ByteWriter()
    let payload = IKEPayload.notify(.replayProtectionStatus, .data(data))
    payload.write(to: &writer, next: .none)
    var reader = ByteReader(writer.bytes.rawBytes)
    let chain = PayloadChain(first: .notify, from: &reader)
    #expect(chain.payloads.count == 1 && chain.stop == nil)
    #expect(ReplayStatusPolicy().status(in: chain.payloads) == status)
    let notify = try #require(chain.payloads.notifies.first)
    #expect(notify.data == data)
  }
}
