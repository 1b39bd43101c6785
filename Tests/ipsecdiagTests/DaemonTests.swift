import Glibc
import Testing

@Suite("daemon")
struct DaemonTests {
  @Test("Without a daemon it says where it looked, and the exit code is 3")
  func absent() throws {
    let run = try Command(["daemon", "--vici", "unix:///nonexistent/charon.vici"])
    #expect(run.exitCode == 3)
    #expect(run.text.contains("there is no /nonexistent/charon.vici"))
    let json = try Command(["daemon", "--json", "--vici", "unix:///nonexistent/charon.vici"])
    #expect(json.exitCode == 3)
    #expect(json.text.contains("\"daemons\":[") && json.text.contains("\"verdict\":\"UNKNOWN\""))
  }

  @Test(
    "Its JSON is what the schema promises",
    .enabled(if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func schema() throws {
    let run = try Command(["daemon", "--json", "--vici", "unix:///nonexistent/charon.vici"])
    let file = try TemporaryFile(run.output)
    let verdict = try Command(
      ["\(Place.root)/Schemas/daemon-1.schema.json", file.path], executable: SchemaTests.validate)
    #expect(verdict.exitCode == 0, "\(verdict.text)")
  }

  @Test(
    "A socket that may not be used asks for root, with exit code 77",
    .enabled(if: geteuid() == 0, "only root can become somebody else"))
  func permission() throws {
    let run = try Command(
      ["daemon", "--events", "--vici", "unix:///proc/1/root/charon.vici"], as: 65534)
    #expect(run.exitCode == 77)
    #expect(run.errorText.contains("no permission"))
  }

  @Test(
    "Options that do not go together are refused",
    arguments: [
      ["--ndjson"], ["--log"], ["--count", "3"], ["--events", "--json"], ["--events", "-c", "0"],
      ["--vici", "charon"], ["--vici", "tcp://localhost"],
    ])
  func usage(words: [String]) throws {
    #expect(try Command(["daemon"] + words).exitCode == 64)
  }
}
