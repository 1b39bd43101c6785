import PacketDissector
import Testing

@testable import Measurement

@Suite("The nearest suite")
struct NearestSuiteTests {
  private func nearest(_ asked: String, _ known: String...) throws -> Proposal? {
    ProposalQuestion([try PolicySamples.suite(asked)])
      .nearest(among: try known.map(PolicySamples.suite))
  }

  @Test("It has the fewest algorithms that are not asked for")
  func fewest() throws {
    #expect(
      try nearest(
        "aes256gcm16-prfsha384-ecp384", "aes256-sha256-modp2048", "aes256gcm16-prfsha384-x25519")
        == PolicySamples.suite("aes256gcm16-prfsha384-x25519"))
    #expect(try nearest("aes256gcm16-prfsha384-ecp384") == nil)
  }

  @Test("Of alternatives it has those that are asked for, else the first")
  func alternatives() throws {
    #expect(
      try nearest("aes128-sha1-ecp384", "aes256-aes128-sha256-sha384-modp2048-ecp384")
        == PolicySamples.suite("aes128-sha256-ecp384"))
  }
}
