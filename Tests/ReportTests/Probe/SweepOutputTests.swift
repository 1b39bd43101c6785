import Diagnosis
import IKE
import Measurement
import PacketDissector
import Testing

@testable import Report

@Suite("probe --sweep: text and JSON")
struct SweepOutputTests {
  private static let address = IPAddress(v4: 0xC633_6407)
  private static let time = Timestamp(nanoseconds: 1_790_000_000_000_000_000)

  /// What a peer says by these payloads.
  private static func answer(_ payloads: [IKEPayload]) throws -> InitAnswer {
    let header = IKEHeader(
      initiatorSPI: 1, responderSPI: 2, nextPayload: 0,
      exchangeType: ExchangeType.ikeSAInit.rawValue, flags: 0x20, messageID: 0, length: 0)
    var writer = ByteWriter()
    IKEMessage(header: header, payloads: payloads).write(to: &writer)
    var reader = ByteReader(writer.bytes.rawBytes)
    return InitAnswer(try IKEMessage(from: &reader), bytes: writer.bytes)
  }

  private static func refusal() throws -> SweepResult {
    let notify = NotifyPayload(.noProposalChosen)
    return SweepResult(
      address: address, outcome: .answered(try answer([IKEPayload(.notify, .notify(notify))])),
      roundTrip: .microseconds(12_400))
  }

  private static func acceptance(vendor: [UInt8]) throws -> SweepResult {
    let suite = try ProbeSamples.suite("aes256gcm16-prfsha384-ecp384")
    let payloads = [
      IKEPayload(
        .securityAssociation,
        .securityAssociation(SecurityAssociationPayload(proposals: [suite]))),
      IKEPayload(
        .keyExchange,
        .keyExchange(KeyExchangePayload(method: .ecp384, data: Array(repeating: 4, count: 96)))),
      IKEPayload(.nonce, .nonce(Array(repeating: 7, count: 32))),
      IKEPayload(.vendorID, .vendorID(vendor)),
    ]
    return SweepResult(
      address: address, outcome: .answered(try answer(payloads)), roundTrip: .milliseconds(3))
  }

  private static let refused = SweepResult(
    address: address, outcome: .refused(reason: "port unreachable (ICMP 3/3)", by: address),
    roundTrip: .milliseconds(1))

  private static func text(_ result: SweepResult, redacts: Bool = false) -> String {
    var text = TextBuffer()
    var writer = SweepText(Naming(redacts: redacts), Page())
    writer.write(result, to: &text)
    return text.string
  }

  private static func line(_ result: SweepResult) -> String {
    var text = TextBuffer()
    SweepJSON(Naming(), toolVersion: "1.2.3").writeLine(result, at: time, to: &text)
    return text.string
  }

  private static let summary: SweepSummary = {
    var summary = SweepSummary()
    summary.targets = 65_536
    summary.requests = 196_000
    summary.answered = 3
    summary.refused = 5
    summary.strays = 1
    summary.duration = .seconds(20)
    return summary
  }()

  @Test("A line has the address, how long it took, and what was said")
  func lines() throws {
    #expect(
      Self.text(try Self.refusal()) == "198.51.100.7     UP  12.4 ms  NO_PROPOSAL_CHOSEN\n")
    let dpd: [UInt8] = [
      0xAF, 0xCA, 0xD7, 0x13, 0x68, 0xA1, 0xF1, 0xC9, 0x6B, 0x86, 0x96, 0xFC, 0x77, 0x57, 0x01, 0,
    ]
    let name = try #require(VendorIDTable.name(of: dpd))
    #expect(
      Self.text(try Self.acceptance(vendor: dpd))
        == "198.51.100.7     UP  3.0 ms  aes256gcm16-prfsha384-ecp384  \(name)\n")
    #expect(
      Self.text(Self.refused)
        == "198.51.100.7     DOWN  port unreachable (ICMP 3/3), says 198.51.100.7\n")
    #expect(
      Self.text(Self.refused, redacts: true)
        == "192.0.2.1        DOWN  port unreachable (ICMP 3/3), says 192.0.2.1\n")
  }

  @Test("The end says how many speak IKE, how many do not, and how fast it went")
  func closing() {
    var text = TextBuffer()
    SweepReport(Self.summary, failures: 0).write(Page(), to: &text)
    #expect(
      text.string == """
        OK  3 of 65,536 addresses speak IKE, 5 refused by ICMP, 65,528 silent; 196,000
            requests in 20.0 s, 9,800 a second; 1 stray answer

        """)
  }

  @Test("Nobody there is critical; a name without an address and Ctrl-C leave it unknown")
  func words() {
    #expect(SweepReport(Self.summary, failures: 0).word == .ok)
    #expect(SweepReport(Self.summary, failures: 1).word == .unknown)
    var none = Self.summary
    none.answered = 0
    #expect(SweepReport(none, failures: 1).word == .critical)
    none.isInterrupted = true
    #expect(SweepReport(none, failures: 0).word == .unknown)
    #expect(SweepReport(SweepSummary(), failures: 2).word == .unknown)
  }

  @Test("Each outcome has members of its own in JSON")
  func json() throws {
    #expect(
      Self.line(try Self.refusal()) == #"{"schema":"ipsecdiag.sweep/1","tool_version":"1.2.3","#
        + #""result":{"address":"198.51.100.7","ts":"2026-09-21T14:13:20.000000000Z","#
        + #""rtt_ms":12.400,"outcome":"no_proposal_chosen","text":"NO_PROPOSAL_CHOSEN","#
        + #""notifies":[{"id":14,"name":"NO_PROPOSAL_CHOSEN"}],"vendor_ids":[]}}"# + "\n")
    let accepted = Self.line(try Self.acceptance(vendor: [1, 2]))
    #expect(accepted.contains(#""outcome":"accepted""#))
    #expect(accepted.contains(#""notation":"aes256gcm16-prfsha384-ecp384""#))
    #expect(accepted.contains(#""vendor_ids":[{"hex":"0102","name":null}]"#))
    #expect(Self.line(Self.refused).contains(#""icmp_from":"198.51.100.7""#))
  }
}
