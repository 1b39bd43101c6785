import IKE
import PacketDissector
import Testing

@Suite("Notifications that IKE_AUTH announces")
struct AnnouncementTests {
  @Test("each side hears in IKE_AUTH what the other announces")
  func bothSides() throws {
    var alice = PeerConfiguration.alice
    alice.announcements = [.espEchoSupported, .encryptedPingSupported]
    var bob = PeerConfiguration.bob
    bob.announcements = [.espEchoSupported]
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    let here = try #require(pair.initiatorEvents.established)
    let there = try #require(pair.responderEvents.map(\.event).established)
    #expect(here.announced == [.espEchoSupported])
    #expect(there.announced == [.espEchoSupported, .encryptedPingSupported])
  }

  @Test("a side that announces nothing is heard to announce nothing")
  func silence() throws {
    let pair = Pair(.alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(try #require(pair.initiatorEvents.established).announced.isEmpty)
  }
}
