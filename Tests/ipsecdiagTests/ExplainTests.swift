import Diagnosis
import Testing

@Suite("explain")
struct ExplainTests {
  @Test("A notify type: its registry line, what it means, who sends it, why, and where to look")
  func notify() throws {
    let run = try Command(["explain", "ikev2", "34"])
    #expect(run.exitCode == 0)
    #expect(
      run.text == """
        IKEv2 notify type: SINGLE_PAIR_REQUIRED

        Registry
          number      34
          class       error
          defined in  RFC 7296

        What it means
          The responder wants one pair of addresses, not ranges, in the traffic
          selectors.

        Who sends it, and when
          The responder of a Child SA whose policy makes an SA for each pair of hosts.

        Causes, the likeliest first
          - a policy per pair of hosts, as Windows and some appliances have it

        What to look at
          - put the packet's own addresses first in TSi and TSr

        """)
  }

  @Test("An algorithm: its numbers, grades, sizes and keywords")
  func algorithm() throws {
    let run = try Command(["explain", "3des"])
    #expect(run.exitCode == 0)
    for line in [
      "  in IKEv1    5 in phase 1, 3 in ESP", "  IKE  MAY (RFC 8247 section 2.1)",
      "  ESP  SHOULD NOT (RFC 8221 section 5)", "  key    192 bits (168 effective)",
      "  libreswan   3des 3des_cbc",
    ] {
      #expect(run.lines.contains(Substring(line)), "\(line)")
    }
  }

  @Test("A finding shows what to type, and long commands stay commands")
  func finding() throws {
    let run = try Command(["explain", "mtu-exceeded"])
    #expect(run.lines.first == "Finding: mtu-exceeded (critical)")
    #expect(run.text.contains(" \\\n        set 1306\n"))
    // No break within quotes: the shell would keep the mark of continuation.
    let quoted = try Command(["explain", "ike-half-open-flood"])
    #expect(quoted.text.contains("\n        '{ ip saddr limit rate over 20/second }' drop\n"))
  }

  @Test("Nothing is wider than 80 columns, nor is anything cut off or empty")
  func width() throws {
    for words in [["--list"], FindingID.allCases.map(\.rawValue), Self.everyName] {
      let run = try Command(["explain"] + words)
      #expect(run.exitCode == 0)
      for line in run.lines {
        #expect(line.count <= 80, "\(line)")
        #expect(!line.hasSuffix(" "), "\(line)")
      }
    }
  }

  @Test("A line of a configuration file is never broken: it would not be read so")
  func wholeSettings() throws {
    let run = try Command(["explain"] + FindingID.allCases.map(\.rawValue))
    let settings = KnowledgeBase.topics.flatMap(\.parts).flatMap { part -> [Finding.Setting] in
      guard case .remedies(let remedies) = part.content else { return [] }
      return remedies.flatMap(\.settings)
    }
    #expect(settings.count > 100)
    for setting in settings where ![.shell, .nftables].contains(setting.place) {
      #expect(run.lines.contains("      \(setting.line.plain)"), "\(setting.line.plain)")
    }
  }

  @Test("The list has every finding with its severity, and every kind")
  func list() throws {
    let run = try Command(["explain", "--list"])
    for id in FindingID.allCases {
      let line = run.lines.first { $0.hasPrefix("  \(id.rawValue) ") }
      #expect(line?.contains(" \(id.severity.rawValue) ") == true, "\(id.rawValue)")
    }
    for kind in Topic.Kind.allCases { #expect(run.lines.contains(Substring(kind.title))) }
  }

  @Test(
    "An unknown word: one line with what is near, nothing on standard output, 64",
    arguments: [
      (["ike-no-anser"], "error: nothing is known of 'ike-no-anser'; nearest: ike-no-answer\n"),
      (
        ["24", "\u{1B}[31mqqqqqqqq"],
        "error: nothing is known of '\\u{1b}[31mqqqqqqqq'; `ipsecdiag explain --list` lists all\n"
      ),
    ])
  func unknown(words: [String], message: String) throws {
    let run = try Command(["explain"] + words)
    #expect(run.exitCode == 64)
    #expect(run.output == [])
    #expect(run.errorText == message)
  }

  @Test("Words and --list, or neither, are refused: 64", arguments: [[], ["--list", "24"]])
  func refused(arguments: [String]) throws {
    let run = try Command(["explain"] + arguments)
    #expect(run.exitCode == 64)
    #expect(run.output == [])
  }

  @Test(
    "The JSON of every topic fits its schema",
    .enabled(
      if: SchemaTests.isPossible, "python3-jsonschema is missing: run scripts/setup --test"))
  func schema() throws {
    let schema = "\(Place.root)/Schemas/explain-1.schema.json"
    let documents = try [["--list"], ["14"], Self.everyName].map {
      try TemporaryFile(Command(["explain", "--json"] + $0).output)
    }
    let run = try Command([schema] + documents.map(\.path), executable: SchemaTests.validate)
    #expect(run.exitCode == 0, "\(run.text)\(run.errorText)")
    let text = try Command(["explain", "--json", "14"]).text
    for (old, new) in [
      ("\"kind\":\"ikev2-notify\"", "\"kind\":\"notify\""), ("\"number\":14", "\"number\":70000"),
      ("\"heading\":\"meaning\",", ""), ("\"others\":", "\"other\":"),
    ] {
      let parts = text.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
      try #require(parts.count == 2, "the output no longer has \(old)")
      let file = try TemporaryFile(Array((parts[0] + new + parts[1]).utf8))
      #expect(try Command([schema, file.path], executable: SchemaTests.validate).exitCode == 1)
    }
  }

  /// What leads to every topic. Names with spaces are more than one word on a command line.
  private static let everyName = KnowledgeBase.topics.flatMap { topic -> [String] in
    guard let number = topic.number else { return [topic.name] }
    return [topic.kind.rawValue, "\(number)"]
  }
}
