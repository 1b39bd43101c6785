import Diagnosis
import Foundation
import Host
import PacketDissector
import Report
import Testing

@testable import ipsecdiag

/// `ipsecdiag replay` and `diagnose` of the machine itself.
@Suite("replay and diagnose of this machine")
struct LocalTests {
  @Test(
    "What makes no sense together is refused with a word",
    arguments: [
      (["replay", "--local", "-r", "x.pcap"], "a capture tells nothing of a kernel"),
      (["replay", "-r", "x.pcap", "--watch"], "--watch and --ndjson go with --local"),
      (["replay", "--watch", "--json"], "use --ndjson"),
      (["replay", "--watch", "--interval", "0.01"], "0.1 to 86400"),
      (["replay", "--count", "3"], "--count goes with --watch"),
      (["replay", "--window", "64"], "--window goes with a capture"),
      (["replay", "-r", "x.pcap", "--sample", "1"], "--sample goes with --local"),
      (["replay", "--sample", "0"], "0.1 to 86400"),
      (["diagnose", "--local", "--format", "html"], "go with a capture"),
      (["diagnose", "--compare", "x.pcap"], "go with a capture"),
      (["diagnose", "-r", "x.pcap", "--format", "prometheus"], "goes with --local"),
    ])
  func usage(_ arguments: [String], _ words: String) throws {
    let run = try Command(arguments)
    #expect(run.exitCode == 64)
    #expect(run.errorText.contains(words), "\(run.errorText)")
  }

  @Test(
    "JSON of SAs with all that they can have fits the schema, redacted or not",
    .enabled(
      if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func schema() throws {
    var files: [TemporaryFile] = []
    for redacts in [false, true] {
      for scope in [HostReport.Scope.replay, .everything] {
        for diagnosis in try Self.diagnoses {
          var text = TextBuffer(capacity: 4096)
          HostJSON(HostReport(diagnosis, scope, Naming(redacts: redacts)), toolVersion: "0.0.0")
            .write(to: &text)
          files.append(try TemporaryFile(Array(text.string.utf8)))
        }
      }
    }
    files.append(try TemporaryFile(try Command(["replay", "--json"]).output))
    files.append(try TemporaryFile(try Command(["diagnose", "--ndjson"]).output))
    let schema = "\(Place.root)/Schemas/host-1.schema.json"
    let run = try Command([schema] + files.map(\.path), executable: SchemaTests.validate)
    #expect(run.exitCode == 0, "\(run.text.prefix(2000))")
    let text = try Command(["replay", "--json"]).text
    let broken = text.replacingOccurrences(of: "\"interval_s\":", with: "\"interval\":")
    #expect(broken != text)
    let file = try TemporaryFile(Array(broken.utf8))
    #expect(try Command([schema, file.path], executable: SchemaTests.validate).exitCode == 1)
  }

  @Test(
    "dpd of this machine: JSON fits its schema, and what goes with no --local is refused",
    .enabled(if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func liveness() throws {
    var snapshot = HostSamples.snapshot()
    snapshot.missing = [.init(.daemon, "because", isPermission: true)]
    var files: [TemporaryFile] = []
    for naming in [Naming(), Naming(redacts: true)] {
      var text = TextBuffer(capacity: 4096)
      LocalLivenessReport(LocalLiveness(snapshot), naming)
        .writeJSON(toolVersion: "0.0.0", to: &text)
      #expect(text.string.contains("\"id\":\"dpd-off\""))
      files.append(try TemporaryFile(Array(text.string.utf8)))
    }
    files.append(try TemporaryFile(try Command(["dpd", "--json"]).output))
    let schema = "\(Place.root)/Schemas/dpd-local-1.schema.json"
    let run = try Command([schema] + files.map(\.path), executable: SchemaTests.validate)
    #expect(run.exitCode == 0, "\(run.text.prefix(2000))")
    for arguments in [["--local", "192.0.2.1"], ["--vici", "nowhere"], ["--dpd-delay", "3"]] {
      #expect(try Command(["dpd"] + arguments).exitCode == 64, "\(arguments)")
    }
  }

  /// A machine with a plain SA and one with everything, before and after drops.
  private static var diagnoses: [HostDiagnosis] {
    get throws {
      let before = HostSamples.snapshot(counters: [.init("XfrmInStateSeqError", 2)])
      var after = HostSamples.snapshot(
        after: 9, late: 70, counters: [.init("XfrmInStateSeqError", 72)])
      after.sas.append(HostSamples.everything)
      after.policies = [HostSamples.policy]
      after.missing = [.init(.network, "because", isPermission: true)]
      after.problems = ["half a line"]
      return [HostDiagnosis(before), HostDiagnosis(after, since: before)]
    }
  }

  @Test("Without the rights to read SAs, the rest is done, what lacks is named, and the code is 77")
  func unprivileged() throws {
    guard let nobody = Self.nobody else {
      try Test.cancel("takes root, to run the command as nobody")
    }
    let run = try Command(nobody + ["replay"], executable: "/usr/bin/setpriv")
    #expect(run.exitCode == 77)
    #expect(run.text.hasPrefix("UNKNOWN  no SAs could be read\n"))
    #expect(run.text.contains("CAP_NET_ADMIN"))
    let json = try Command(nobody + ["diagnose", "--json"], executable: "/usr/bin/setpriv")
    #expect(json.exitCode == 77)
    #expect(json.text.contains("\"degraded\":true"))
    let nagios = try Command(nobody + ["diagnose", "--nagios"], executable: "/usr/bin/setpriv")
    #expect(nagios.exitCode == 3)
    #expect(nagios.text.hasPrefix("IPSEC UNKNOWN - no SAs could be read | "))
  }

  /// The words that run the command as nobody; nil without root.
  private static var nobody: [String]? {
    guard Capabilities.effective.contains(.netAdmin) else { return nil }
    return [
      "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", Place.binary,
    ]
  }

  @Test("Watching ends when nobody reads any more")
  func brokenPipe() throws {
    let words = "replay --watch --interval 0.1 --ndjson --spi 1"
    let run = try Command(
      ["-c", "timeout 30 '\(Place.binary)' \(words) | head -1; echo ${PIPESTATUS[0]}"],
      executable: "/bin/bash")
    let lines = run.text.split(separator: "\n")
    #expect(lines.count == 2)
    // Not 124, by which timeout would tell that it had to end it.
    #expect(["3", "77"].contains(lines.last), "\(run.text.suffix(200))")
  }

  @Test("A machine without SAs is watched for as many intervals as asked, with an object each")
  func watch() throws {
    let run = try Command(
      ["replay", "--watch", "--interval", "0.1", "--count", "3", "--ndjson", "--spi", "1"])
    #expect([3, 77].contains(run.exitCode))
    let lines = run.text.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines.allSatisfy { $0.hasPrefix("{\"schema\":\"ipsecdiag.host/1\"") })
    #expect(lines.allSatisfy { !$0.contains("\"interval_s\":null") })
  }
}
