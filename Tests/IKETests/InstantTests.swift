import Testing

@testable import IKE

@Suite("Instants")
struct InstantTests {
  @Test("an instant and a span give a later instant, and two instants their span")
  func arithmetic() {
    let start = Instant(nanoseconds: 5)
    #expect(start + .milliseconds(2) == Instant(nanoseconds: 2_000_005))
    #expect(start + .milliseconds(2) - start == .milliseconds(2))
    #expect(start < start + .nanoseconds(1))
  }
}
