import Capture
import Decryption
import Diagnosis
import Foundation

/// The captures of Tests/Fixtures/scenarios, by their indices: what was broken, and what must be found.
struct Scenario: CustomStringConvertible, Sendable {
  let file: String
  let isHealthy: Bool
  /// Any of these will do; for a healthy one, those of severity info that must be there. None where the
  /// fault does not show at that end: see the comparisons.
  let findings: [String]
  let content: String
  let keyFiles: [String]

  var description: String { file }

  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/scenarios")

  /// What no capture shows without keys.
  static let needKeys: Set<String> = [
    "child-proposal-mismatch", "child-ts-mismatch", "child-lifetime-mismatch", "mtu-blackhole",
    "mtu-band", "esp-one-way", "esp-blocked", "esp-icv-bad", "esp-unknown-spi", "replay-off",
  ]

  static let all: [Scenario] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasPrefix("index-") }.sorted().flatMap { name -> [Scenario] in
      let text =
        (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? ""
      return text.split(separator: "\n").dropFirst().compactMap { Scenario(line: fields(of: $0)) }
    }
  }()

  private init?(line: [String]) {
    guard line.count == 7 else { return nil }
    file = line[0]
    isHealthy = line[2] == "healthy"
    findings = line[3].split(separator: ";").map(String.init)
    content = line[5]
    keyFiles = line[6].split(separator: ";").map(String.init).filter { !$0.hasSuffix(".counters") }
  }

  /// The fields of a line of CSV; a quoted field may hold commas and doubled quotes.
  static func fields(of line: Substring) -> [String] {
    var fields: [String] = []
    var field = ""
    var isQuoted = false
    for character in line where character != "\r" {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted:
        fields.append(field)
        field = ""
      default: field.append(character)
      }
    }
    return fields + [field]
  }

  /// What is found in it.
  func diagnosis(withKeys: Bool) throws -> CaptureDiagnosis {
    let keys = withKeys ? keyFiles : []
    let decryptor = keys.isEmpty ? nil : Decryptor(try keys.map { try KeyFile.read(path($0)) })
    var evidence = CaptureEvidence()
    let reader = FrameReader(
      .files(MergedCapture(paths: [path(file)], onWait: {}, isStopped: { false })))
    _ = evidence.read(reader, decryptor)
    return CaptureDiagnosis(evidence)
  }

  func path(_ name: String) -> String { Self.folder.appendingPathComponent(name).path }
}
