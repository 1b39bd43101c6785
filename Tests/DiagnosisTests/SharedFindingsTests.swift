import Capture
import Decryption
import Diagnosis
import Foundation
import Testing

/// What is found in the captures of others, with the keys that lie beside them. They are no part of this
/// repository; Tests/Fixtures/golden/shared-findings.csv tells what is to be found in each. `RECORD=1
/// swift test --filter SharedFindings` rewrites it; a person reads the difference before it is committed.
@Suite("Findings in captures of others")
struct SharedFindingsTests {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let golden = root.appendingPathComponent("Tests/Fixtures/golden/shared-findings.csv")

  /// `../shared/captures` seen from the package, or one directory further up for a worktree.
  static let folder: URL? = ["../shared/captures", "../../shared/captures"]
    .map { root.appendingPathComponent($0) }
    .first {
      FileManager.default.isReadableFile(atPath: $0.appendingPathComponent("INDEX.csv").path)
    }

  static let keyEndings = [
    ".esp_sa", ".ikev2_decryption_table", ".ikev1_decryption_table", ".ah_keys",
  ]

  @Test(
    "Each capture gives the findings that are kept of it, and no others",
    .enabled(if: folder != nil, "there is no ../shared/captures"))
  func kept() throws {
    let folder = try #require(Self.folder)
    // The seventh column is the class; a vector is a text with values, no capture.
    let captures = try Self.rows(of: folder.appendingPathComponent("INDEX.csv"))
      .filter { $0.count > 6 && $0[6] != "vector" }.map { $0[0] }
    #expect(captures.count > 100)
    let found = try captures.map {
      [$0, try Self.findings(folder.appendingPathComponent($0).path)]
    }
    if ProcessInfo.processInfo.environment["RECORD"] == "1" {
      let lines = [["file", "findings"]] + found
      let text = lines.map { $0.joined(separator: ",") + "\n" }.joined()
      return try text.write(to: Self.golden, atomically: true, encoding: .utf8)
    }
    let expected = try Self.rows(of: Self.golden)
    #expect(expected.map(\.first) == found.map(\.first), "other captures: run with RECORD=1")
    for (now, before) in zip(found, expected) where now != before {
      Issue.record("\(now[0])\n  is:      \(now[1])\n  was:     \(before.dropFirst())")
    }
  }

  /// Id, severity and confidence of each, the worst first.
  private static func findings(_ path: String) throws -> String {
    let keys = try keyEndings.map { path + $0 }
      .filter(FileManager.default.isReadableFile).map { try KeyFile.read($0) }
    var evidence = CaptureEvidence()
    let reader = FrameReader(
      .files(MergedCapture(paths: [path], onWait: {}, isStopped: { false })))
    _ = evidence.read(reader, keys.isEmpty ? nil : Decryptor(keys))
    return CaptureDiagnosis(evidence).findings
      .map { "\($0.id.rawValue) \($0.severity.rawValue) \($0.confidence.rawValue)" }
      .joined(separator: ";")
  }

  /// The lines of a table below its head.
  private static func rows(of table: URL) throws -> [[String]] {
    try String(contentsOf: table, encoding: .utf8).split(whereSeparator: \.isNewline).dropFirst()
      .map(Scenario.fields)
  }
}
