import IKE
import Measurement
import PacketDissector
import Testing

@Suite("Numbers that drafts leave open")
struct ProtocolNumbersTests {
  @Test("Each format that negotiates is announced by its own number, and by another that is set")
  func announcements() {
    var numbers = ProtocolNumbers()
    #expect(numbers.announcement(of: .merged) == .espEchoSupported)
    #expect(numbers.announcement(of: .draft03) == .encryptedPingSupported)
    #expect(numbers.announcement(of: .kernel) == nil)
    #expect(numbers.announcement(of: .colitti2023) == nil)
    numbers.espEchoSupported = 50_900
    #expect(numbers.announcement(of: .merged)?.rawValue == 50_900)
    #expect(numbers.announcement(of: .draft03) == .encryptedPingSupported)
  }

  @Test("Anti-replay protection is told of by its own number, and by another that is set")
  func replayStatus() {
    var numbers = ProtocolNumbers()
    #expect(numbers.replayStatus(announcing: nil) == ReplayStatusPolicy())
    numbers.replayProtectionStatus = 50_901
    numbers.antiReplayStatus = 50_902
    let status = AntiReplayStatus(isProtected: true)
    let policy = numbers.replayStatus(announcing: status)
    #expect(policy.announced == status)
    #expect(policy.type.rawValue == 50_901 && policy.earlierType.rawValue == 50_902)
  }
}
