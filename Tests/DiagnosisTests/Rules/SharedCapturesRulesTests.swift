import Diagnosis
import Foundation
import Testing

@Suite("Captures of others")
struct SharedCapturesRulesTests {
  private static let root =
    "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
  /// Beside the checkout, or beside the folder of the work tree.
  static let folder = ["\(root)/../shared/captures", "\(root)/../../shared/captures"].first {
    FileManager.default.fileExists(atPath: "\($0)/INDEX.csv")
  }

  /// What really is in them.
  private static let known: [String: Set<String>] = [
    "klips-espfrags1.pcap": ["mtu-outer-fragments"],
    // The gateway says "protocol unreachable" to each packet.
    "capture-rev2.pcap": ["esp-blocked"],
  ]

  @Test("None raises an alarm but for what it shows", .enabled(if: folder != nil))
  func quiet() throws {
    let folder = try #require(Self.folder)
    let files = RecordedCapture.lines(of: "\(folder)/INDEX.csv").dropFirst().compactMap { line in
      line.split(separator: ",").first.map(String.init)
    }.filter { $0.contains(".pcap") || $0.hasSuffix(".cap") }
    #expect(files.count > 150)
    for file in files {
      let keys = ["esp_sa", "ah_keys", "ikev2_decryption_table", "ikev1_decryption_table"]
        .map { "\(folder)/\(file).\($0)" }.filter(FileManager.default.fileExists(atPath:))
      for keyPaths in Set([[], keys]) {
        let capture = RecordedCapture(path: "\(folder)/\(file)", keyPaths: keyPaths)
        let alarms = Set(
          try capture.findings().filter { $0.severity > .info }.map(\.id.rawValue))
        let name = file.split(separator: "/").last.map(String.init) ?? file
        #expect(alarms == Self.known[name] ?? [], "\(file)")
      }
    }
  }
}
