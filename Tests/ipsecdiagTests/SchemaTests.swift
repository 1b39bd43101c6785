import Testing

/// What `Schemas/` promises of the JSON, held against what is printed.
@Suite("JSON schemas")
struct SchemaTests {
  static let validate = "\(Place.root)/scripts/validate-json"
  static let decode = "\(Place.root)/Schemas/decode-1.schema.json"
  static let conversations = "\(Place.root)/Schemas/conversations-1.schema.json"
  static let keyReport = "\(Place.root)/Schemas/key-report-1.schema.json"
  static let isPossible =
    (try? Command(["-c", "import jsonschema"], executable: "/usr/bin/python3"))?.exitCode == 0

  @Test(
    "Objects, documents, trees and tables of all captures fit them",
    .enabled(if: isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func all() throws {
    if Place.captures == nil { print("there is no ../shared/captures: recordings only") }
    var frames: [TemporaryFile] = []
    var tables: [TemporaryFile] = []
    for (folder, captures) in [
      (Place.recordings, Place.recordedCaptures), (Place.captures ?? "", Place.sharedCaptures),
    ] {
      for capture in captures {
        func output(_ options: [String]) throws -> TemporaryFile {
          let run = try Command(["decode", "-r", capture] + options, directory: folder)
          return try TemporaryFile(run.output)
        }
        frames.append(try output(["--ndjson", "-c", "150"]))
        frames.append(try output(["--ndjson", "-v", "-c", "20"]))
        if folder == Place.recordings { frames.append(try output(["--json"])) }
        tables.append(try output(["--summary", "--json"]))
      }
    }
    for capture in Place.recordedCaptures {
      for options in [["--ndjson"], ["--ndjson", "-v"], ["--json"]] {
        let run = try KeyTests.decode(String(capture.dropLast(5)), options)
        if run.exitCode == 0 { frames.append(try TemporaryFile(run.output)) }
      }
    }
    let run = try Command(
      [Self.decode] + frames.map(\.path) + ["--", Self.conversations] + tables.map(\.path),
      executable: Self.validate)
    #expect(run.exitCode == 0, "\(run.text.prefix(2000))\(run.errorText)")
    #expect(run.errorText.hasSuffix(" documents, 0 do not fit\n"))
  }

  @Test(
    "Key reports fit theirs, and records that are opened or closed refuse what is not printed",
    .enabled(if: isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func keys() throws {
    var reports: [TemporaryFile] = []
    for capture in Place.recordedCaptures {
      let run = try KeyTests.decode(
        String(capture.dropLast(5)), ["-q", "--ndjson", "--key-report"])
      if run.exitCode == 0 { reports.append(try TemporaryFile(run.output)) }
    }
    try #require(reports.count >= 20)
    let withKeys = ["-q", "--ndjson", "--key-report", "--show-keys"]
    reports.append(try TemporaryFile(try KeyTests.decode(KeyTests.name, withKeys).output))
    let run = try Command([Self.keyReport] + reports.map(\.path), executable: Self.validate)
    #expect(run.exitCode == 0, "\(run.text.prefix(2000))\(run.errorText)")
    let report = try KeyTests.decode(KeyTests.name, ["-q", "--ndjson", "--key-report"]).text
    let line = try KeyTests.decode(KeyTests.name, ["--ndjson"]).lines.last.map(String.init) ?? ""
    for (schema, text, old, new) in [
      (Self.keyReport, report, "\"line\":1,", "\"line\":0,"),
      (Self.keyReport, report, "\"opened\":", "\"opend\":"),
      (Self.keyReport, report, "\"closed\":[]", "\"closed\":[{}]"),
      (Self.decode, line, "\"opened\":{", "\"closed\":\"no key\",\"opened\":{"),
      (Self.decode, line, "\"key_line\":", "\"line\":"),
      (Self.decode, line, "\"icmp_code\":0", "\"icmp_code\":256"),
    ] {
      let parts = text.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
      try #require(parts.count == 2, "the output no longer has \(old)")
      let file = try TemporaryFile(Array((parts[0] + new + parts[1]).utf8))
      #expect(try Command([schema, file.path], executable: Self.validate).exitCode == 1, "\(new)")
    }
  }

  @Test(
    "They refuse what the tool does not print",
    .enabled(if: isPossible, "python3-jsonschema is missing: run scripts/setup --test"),
    arguments: [
      ("\"frame\":1,", "\"frame\":0,"), ("\"frame\":1,", ""), ("\"frame\":1,", "\"frame\":\"1\","),
      ("\"kind\":\"ike\",", "\"kind\":\"ike\",\"more\":1,"),
      ("\"kind\":\"ike\"", "\"kind\":\"esp\""),
      ("\"offset\":0,", "\"offset\":0,\"more\":1,"), ("\"children\":[", "\"children\":[{},"),
      ("00Z\"", "00\""), ("\"notify\":{\"id\":16388", "\"notify\":{\"id\":70000"),
    ])
  func strict(from old: String, to new: String) throws {
    let run = try Command(["decode", "--ndjson", "-v", "-c", "1", "-r", FailureTests.recording])
    let parts = run.text.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
    try #require(parts.count == 2, "the output no longer has \(old)")
    let file = try TemporaryFile(Array((parts[0] + new + parts[1]).utf8))
    let verdict = try Command([Self.decode, file.path], executable: Self.validate)
    #expect(verdict.exitCode == 1)
    #expect(verdict.lines.count == 1)
  }
}
