import Capture
import Decryption
import Diagnosis
import Foundation

/// A recording of a fixture folder, judged by the rules on packets.
struct RecordedCapture {
  let path: String
  let keyPaths: [String]

  func findings() throws -> [Finding] {
    let reader = FrameReader(.files(MergedCapture(paths: [path])))
    let keys = try keyPaths.map(KeyFile.read)
    var evidence = CaptureEvidence()
    _ = evidence.read(reader, keys.isEmpty ? nil : Decryptor(keys))
    return CaptureDiagnosis.inOrder(Rule.packetRules.flatMap { $0.judge(evidence) })
  }

  static func lines(of path: String) -> [Substring] {
    ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(whereSeparator: \.isNewline)
  }
}
