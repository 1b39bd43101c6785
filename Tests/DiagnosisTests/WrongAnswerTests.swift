import Testing

@testable import Diagnosis

/// What an operator must not be told to believe or to do.
@Suite("Wrong answers that explain does not give")
struct WrongAnswerTests {
  /// All that an entry says, in lower case; without what it names only to deny it, if so wished.
  func words(_ id: FindingID, withDenials: Bool = false) throws -> String {
    let entry = try #require(FindingKnowledge.all.first { $0.id == id })
    var texts = [entry.summary, entry.meaning, entry.certainty] + entry.evidence
    for remedy in entry.remedies {
      texts.append(remedy.text.plain)
      texts += remedy.settings.map(\.line.plain)
    }
    if withDenials { texts += entry.not }
    return texts.joined(separator: "\n").lowercased()
  }

  @Test("A silent peer is no matter of proposals or keys, not even to deny it")
  func silence() throws {
    let text = try words(.ikeNoAnswer, withDenials: true)
    for word in ["proposal", "psk", "pre-shared", "suite", "certificate"] {
      #expect(!text.contains(word), "\(word)")
    }
  }

  @Test(
    "No entry leads where its evidence does not",
    arguments: [
      (FindingID.ikeReplyIgnored, "peer is down"), (.ikeReplyIgnored, "unreachable"),
      (.ikeProposalMismatch, "pre-shared"), (.ikeCookie, "fail"), (.ikeCookie, "error"),
      (.ikeAuthFragLost, "pre-shared"), (.ikeAuthFragLost, "wrong"),
      (.ikeSKFIncomplete, "pre-shared"), (.ikeAuthFailed, "proposal"),
      (.ikeAuthFailed, "key exchange"), (.childTSMismatch, "pre-shared"),
      (.childRekeyPFS, "dead"), (.replayWindowTooSmall, "disable"),
      (.replayWindowTooSmall, "replay_window = 0"), (.replayWindowTooSmall, "replay-window=0"),
      (.mtuLocalLimit, "set the inner mtu"), (.dpdFalseDeath, "dpd_delay = 0"),
      (.captureDuplicated, "attack"), (.espICVLength, "pre-shared"),
    ])
  func guarded(id: FindingID, forbidden: String) throws {
    #expect(try !words(id).contains(forbidden))
  }

  @Test(
    "The wrong conclusion that lies nearest is named as wrong",
    arguments: [
      (FindingID.ikeReplyIgnored, "unreachable peer"), (.ikeAuthFragLost, "authentication error"),
      (.ikeAuthFailed, "proposals"), (.replayWindowTooSmall, "without replay protection"),
      (.mtuBlackhole, "MTU of the interface"), (.mtuLocalLimit, "path MTU"),
      (.ikeCookie, "error"), (.ikeKELoop, "normal"), (.replayOff, "outbound"),
      (.childRekeyCollision, "RFC 9611"),
    ])
  func denied(id: FindingID, wrong: String) throws {
    let entry = try #require(FindingKnowledge.all.first { $0.id == id })
    #expect(entry.not.contains { $0.contains(wrong) }, "\(entry.not)")
  }

  @Test("A refused suite alone never proves which transform is at fault")
  func faultOfATransform() throws {
    for id in [FindingID.ikeProposalMismatch, .childProposalMismatch] {
      #expect(try words(id).contains("which transform is at fault is possible only"))
    }
  }

  @Test("Fast detection of dead peers is not advised without its price")
  func priceOfSpeed() throws {
    let text = try words(.dpdDetectionTime)
    #expect(text.contains("a loss of packets for 8 s then ends the tunnel"))
    #expect(text.contains("a loss of 2 to 3 s"))
  }
}
