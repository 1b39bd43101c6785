import Capture
import Diagnosis
import Foundation
import Testing

/// Recordings of real daemons, captured at both ends.
@Suite("Comparing recordings of both ends")
struct ComparedScenarioTests {
  /// Every recording that has both ends, with what its index says of it.
  struct Recording: CustomStringConvertible, Sendable {
    let name: String
    let ending: String
    let isHealthy: Bool

    var description: String { name }

    func diagnosis(swapped: Bool = false) -> CaptureDiagnosis {
      let (a, b) = (evidence("at-a"), evidence("at-b"))
      return swapped
        ? CaptureDiagnosis(b, comparedWith: a) : CaptureDiagnosis(a, comparedWith: b)
    }

    private func evidence(_ end: String) -> CaptureEvidence {
      var evidence = CaptureEvidence(withPackets: true)
      let path = Scenario.folder.appendingPathComponent("\(name)-\(end)\(ending)").path
      _ = evidence.read(
        FrameReader(.files(MergedCapture(paths: [path], onWait: {}, isStopped: { false }))))
      return evidence
    }
  }

  static let all: [Recording] = Scenario.all.compactMap { scenario in
    guard let range = scenario.file.range(of: "-at-a") else { return nil }
    return Recording(
      name: String(scenario.file[..<range.lowerBound]),
      ending: String(scenario.file[range.upperBound...]), isHealthy: scenario.isHealthy)
  }

  /// What the comparison must find, for certain, without keys.
  static let wanted: [(name: String, finding: FindingID, words: String)] = [
    ("esp-blocked", .espBlocked, "0 of"), ("esp-blocked-later", .espBlocked, "while IKE does"),
    ("plain-esp-blocked", .espBlocked, "0 of"),
    ("esp-one-way", .espOneWay, "from B to A"), ("esp-one-way-later", .espOneWay, "from B to A"),
    ("mtu-blackhole", .mtuBlackhole, "above 1,300 bytes"),
    ("plain-mtu-blackhole", .mtuBlackhole, "of 1,500 bytes"),
    ("plain-mtu-band", .mtuBand, "IP fragments"),
    ("ike-fragment-3-lost", .ikeSKFIncomplete, "fragment 3 of"),
    ("ike-fragment-2-of-reply-lost", .ikeSKFIncomplete, "fragment 2 of"),
    ("ike-fragments-by-size-lost", .ikeSKFIncomplete, "from A to B"),
    ("ike-fragments-too-large-for-peer", .ikeLargeUnanswered, "arrives whole"),
    ("ip-fragments-later-lost", .ikeAuthFragLost, "from A to B"),
    ("ip-fragments-of-reply-lost", .ikeAuthFragLost, "from B to A"),
    ("loss-random", .espLoss, "23 of 1,000"), ("loss-bursts", .espLoss, "19 of 1,000"),
  ]

  @Test("A fault of the path is found for certain, and said once", arguments: wanted)
  func faults(name: String, finding: FindingID, words: String) throws {
    let recording = try #require(Self.all.first { $0.name == name })
    let findings = recording.diagnosis().findings.filter { $0.severity > .info }
    let found = findings.filter { $0.id == finding }
    #expect(found.count == 1, "\(findings.map(\.id))")
    #expect(found.first?.confidence == .certain)
    #expect(
      found.first?.summary.plain.contains(words) == true, "\(found.first?.summary.plain ?? "")")
    let path: Set<FindingID> = [
      .espBlocked, .espOneWay, .espLoss, .mtuBlackhole, .mtuBand, .ikeNoAnswer, .ikeReplyIgnored,
      .ikeAuthFragLost, .ikeSKFIncomplete, .ikeLargeUnanswered,
    ]
    #expect(findings.filter { path.contains($0.id) }.count == 1, "\(findings.map(\.id))")
  }

  @Test("The order of the captures changes no finding", arguments: wanted)
  func order(name: String, finding: FindingID, words: String) throws {
    let recording = try #require(Self.all.first { $0.name == name })
    let found = recording.diagnosis().findings.map(\.id.rawValue).sorted()
    #expect(recording.diagnosis(swapped: true).findings.map(\.id.rawValue).sorted() == found)
  }

  @Test(
    "Healthy captures of both ends raise nothing above info", arguments: all.filter(\.isHealthy))
  func healthy(_ recording: Recording) throws {
    let diagnosis = recording.diagnosis()
    #expect(diagnosis.findings.filter { $0.severity > .info }.map(\.id).isEmpty)
    let comparison = try #require(diagnosis.comparison)
    #expect(comparison.matched > 0)
    for direction in comparison.paths.flatMap(\.directions) { #expect(direction.esp.lost == 0) }
  }

  @Test("Frames of evidence say which capture they are of")
  func captures() {
    for recording in Self.all {
      for finding in recording.diagnosis().findings {
        for evidence in finding.evidence where !evidence.frames.isEmpty {
          #expect(evidence.capture != nil, "\(finding.id) in \(recording)")
        }
      }
    }
  }
}
