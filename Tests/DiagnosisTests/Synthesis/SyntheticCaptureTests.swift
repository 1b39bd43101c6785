import Diagnosis
import PacketDissector
import Testing

@Suite("Captures made for tests")
struct SyntheticCaptureTests {
  @Test("What the builder writes, the trackers read")
  func roundTrip() throws {
    var capture = SyntheticCapture()
    let sa = SyntheticIKE()
    sa.establish(in: &capture)
    sa.check(in: &capture, id: 2, at: 30)
    for number in 1...3 {
      capture.send(
        .esp(
          0xC0DE, UInt32(number), from: Endpoint(sa.initiator.address, 0),
          to: Endpoint(sa.responder.address, 0)),
        at: 1 + Double(number))
    }
    let evidence = capture.evidence
    let session = try #require(evidence.sessions.sessions.first)
    #expect(session.exchanges.count == 3)
    #expect(session.exchanges.allSatisfy { $0.isAnswered })
    #expect(session.isEstablished && session.isSeenFromItsStart)
    #expect(session.initiatorLiveness.answeredCount == 1)
    #expect(!session.nat.initiatorIsBehindNAT && !session.nat.responderIsBehindNAT)
    #expect(session.nat.initiatorSource == true && session.nat.responderDestination == true)
    #expect(evidence.flows.flows.map(\.packets) == [3])
    #expect(evidence.quality.malformed == 0)
  }
}
