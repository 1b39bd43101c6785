import Capture
import Diagnosis
import Testing

@Suite("Recordings without faults")
struct QuietRecordingsTests {
  private static let fixtures =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Fixtures"

  struct Recording: CustomStringConvertible, Sendable {
    let folder: String
    let name: String
    let keys: [String]
    var description: String { name }
  }

  private static func recordings(_ folder: String) -> [Recording] {
    RecordedCapture.lines(of: "\(fixtures)/\(folder)/INDEX.csv").dropFirst().compactMap { line in
      guard let name = line.split(separator: ",").first, name.hasSuffix(".pcap"),
        let keys = line.split(separator: ",").last
      else { return nil }
      return Recording(
        folder: "\(fixtures)/\(folder)", name: String(name),
        keys: keys.split(separator: ";").map(String.init))
    }
  }

  static let healthy = recordings("recordings")
  /// Of a real kernel; some hold on purpose what a rule names.
  static let kernel = recordings("recordings-kernel")

  @Test("Tunnels of our own lab raise nothing above info", arguments: healthy, [true, false])
  func own(_ recording: Recording, withKeys: Bool) throws {
    #expect(try alarms(recording, withKeys: withKeys) == [])
  }

  @Test("Those of a real kernel raise what they were made for", arguments: kernel, [true, false])
  func ofKernel(_ recording: Recording, withKeys: Bool) throws {
    let expected: Set<String> =
      if recording.name.contains("fragments") {
        ["mtu-outer-fragments"]
      } else if recording.name.contains("cut-to-96"), withKeys {
        ["esp-icv-len"]
      } else {
        []
      }
    #expect(Set(try alarms(recording, withKeys: withKeys)) == expected)
  }

  @Test("Both folders have recordings")
  func thereAreSome() {
    #expect(Self.healthy.count > 20)
    #expect(Self.kernel.count > 30)
  }

  private func alarms(_ recording: Recording, withKeys: Bool) throws -> [String] {
    let capture = RecordedCapture(
      path: "\(recording.folder)/\(recording.name)",
      keyPaths: withKeys ? recording.keys.map { "\(recording.folder)/\($0)" } : [])
    return try capture.findings().filter { $0.severity > .info }.map(\.id.rawValue)
  }
}
