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
}
