import Capture
import Diagnosis
import PacketDissector
import Testing

@testable import Report

@Suite("Sequence diagrams")
struct SequenceDiagramTests {
  static let scenarios =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    + "/Fixtures/scenarios"

  private func diagram(_ capture: String) throws -> SequenceDiagram {
    var evidence = CaptureEvidence()
    let path = "\(Self.scenarios)/\(capture)"
    try #require(evidence.read(FrameReader(.files(MergedCapture(paths: [path])))).isEmpty)
    let session = try #require(evidence.sessions.sessions.first)
    return SequenceDiagram(
      session, icmp: evidence.icmp.entries, end: evidence.quality.end, Naming())
  }

  private func arrows(_ diagram: SequenceDiagram) -> [SequenceDiagram.Arrow] {
    diagram.rows.compactMap { if case .arrow(let arrow) = $0 { arrow } else { nil } }
  }

  @Test("Many retransmissions share an arrow, and the answer that never came is one")
  func retransmissions() throws {
    let diagram = try diagram("dpd-peer-dead-default-schedule.pcap")
    let last = arrows(diagram).suffix(3)
    #expect(last.map(\.shape) == [.message, .retransmission, .absent])
    #expect(
      last.map(\.title) == [
        "INFORMATIONAL 2, request", "INFORMATIONAL 2, request, again \u{D7}5 over 89.4 s",
        "no answer to INFORMATIONAL 2",
      ])
    #expect(last.map(\.isFromInitiator) == [true, true, false])
    #expect(last.map(\.frame) == [19, 35, nil])
  }

  @Test("Silence is marked where nothing came, not where retransmissions did")
  func gaps() throws {
    let gaps = try diagram("dpd-peer-dead-default-schedule.pcap").rows.compactMap {
      if case .gap(let silence) = $0 { "\(silence)" } else { nil }
    }
    #expect(gaps == ["9.0 s"])
  }

  @Test("A few retransmissions have an arrow each, with the time since the one before")
  func again() throws {
    let again = arrows(try diagram("refused-port.pcap")).filter { $0.shape == .retransmission }
    #expect(
      again.map(\.detail) == [
        "transmission 2, 4.0 s after the one before", "transmission 3, 7.2 s after the one before",
        "transmission 4, 12.9 s after the one before",
      ])
  }

  @Test("An ICMP error goes back to the sender of what it quotes, and says who sent it")
  func icmp() throws {
    let error = try #require(arrows(try diagram("refused-port.pcap")).first { $0.shape == .error })
    #expect(error.title == "ICMP: port unreachable")
    #expect(error.detail == "from 10.2.0.2, \u{D7}4 until frame 8")
    #expect(!error.isFromInitiator)
  }

  @Test("Liveness checks that were answered share an arrow")
  func checks() throws {
    let checks = arrows(try diagram("dpd-answered-at-a.pcap")).filter { $0.shape == .exchanges }
    #expect(!checks.isEmpty)
    #expect(checks.allSatisfy { $0.detail.hasSuffix(", each answered") })
  }

  @Test("Of more than sixty arrows the first and the last thirty are drawn")
  func bounded() throws {
    let diagram = try diagram("retransmits-at-a.pcap")
    #expect(arrows(diagram).count == 60)
    #expect(diagram.leftOut == 11)
    let marks = diagram.rows.compactMap { if case .leftOut(let count) = $0 { count } else { nil } }
    #expect(marks == [11])
  }
}
