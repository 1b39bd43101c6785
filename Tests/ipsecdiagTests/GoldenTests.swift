import Testing

/// Expected output, file by file. `RECORD=1 swift test --filter Golden` rewrites it; a person reads
/// the difference before it is committed.
@Suite("Golden output")
struct GoldenTests {
  struct Case: CustomTestStringConvertible {
    let name: String
    let arguments: [String]

    var testDescription: String { name }
  }

  /// Each line of the list that is no comment: a file below `golden`, and `decode`'s arguments.
  static let cases: [Case] = {
    guard let bytes = try? contents(of: "\(Place.golden)/CASES") else { return [] }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    return lines.filter { !$0.hasPrefix("#") }.map { line in
      let words = words(of: line)
      return Case(name: words[0], arguments: Array(words.dropFirst()))
    }
  }()

  @Test("Each case of the list gives what its file holds", arguments: cases)
  func listed(_ example: Case) throws {
    let run = try Command(["decode"] + example.arguments)
    #expect(run.exitCode == 0)
    #expect(run.errorText == "")
    try compare(run.text, with: "\(Place.golden)/\(example.name)")
  }

  @Test("Every recording has its lines in the list, and every file its case")
  func complete() {
    let names = Set(Self.cases.map(\.name))
    #expect(names.count == Self.cases.count, "two cases write one file")
    for capture in Place.recordedCaptures {
      #expect(names.contains("lines/\(capture.dropLast(5)).txt"), "\(capture)")
    }
    // What diagnosis finds in the captures of others is the affair of DiagnosisTests.
    let files = Place.files(below: Place.golden).filter {
      $0 != "CASES" && $0 != "shared-findings.csv" && !$0.hasPrefix("captures/")
    }
    #expect(Set(files) == names)
  }

  @Test(
    "The captures of others give the lines that are kept of them",
    .enabled(if: Place.captures != nil, "there is no ../shared/captures"),
    arguments: Place.sharedCaptures)
  func shared(_ capture: String) throws {
    let folder = try #require(Place.captures)
    let run = try Command(["decode", "-r", capture], directory: folder)
    var text = run.text
    if run.lines.count > Self.longCapture {
      let table = try Command(["decode", "--summary", "-r", capture], directory: folder)
      let ipsec = run.lines.filter { line in Self.marks.contains { line.contains($0) } }
      let shown = ipsec.prefix(Self.longCapture)
      text = table.text + "\n" + shown.map { $0 + "\n" }.joined()
      text += "(\(ipsec.count - shown.count) more)\n"
    }
    if run.exitCode != 0 || !run.errors.isEmpty {
      text += "exit code \(run.exitCode)\n\(run.errorText)"
    }
    try compare(text, with: "\(Place.golden)/captures/\(capture).txt")
  }

  @Test(
    "No file is kept of a capture that is not there",
    .enabled(if: Place.captures != nil, "there is no ../shared/captures"))
  func noneTooMany() {
    let expected = Set(Place.sharedCaptures.map { "\($0).txt" })
    let strays = Set(Place.files(below: "\(Place.golden)/captures")).subtracting(expected)
    #expect(strays.isEmpty)
  }

  /// Of captures with more frames, the table and this many IPsec frames are kept.
  private static let longCapture = 300
  private static let marks = [
    " ESP ", " AH ", " IKE", " req ", " res ", "keepalive", "malformed",
  ]

  private func compare(_ text: String, with path: String) throws {
    if environment("RECORD") == "1" { return try write(Array(text.utf8), to: path) }
    try #require(Place.isReadable(path), "no \(path): run with RECORD=1")
    let expected = String(decoding: try contents(of: path), as: UTF8.self)
    if text == expected { return }
    let (ours, theirs) = (lines(of: text), lines(of: expected))
    let at = zip(ours, theirs).prefix { $0 == $1 }.count
    let (now, before) = (ours.dropFirst(at).first ?? "(end)", theirs.dropFirst(at).first ?? "(end)")
    Issue.record("\(path), line \(at + 1)\n  is:      \(now)\n  was:     \(before)")
  }

  private func lines(of text: String) -> [Substring] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// A line's words, as a shell would split them: 'one word' is one.
  private static func words(of line: Substring) -> [String] {
    var words: [String] = []
    for (index, part) in line.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
      if index % 2 == 1 {
        words.append(String(part))
      } else {
        words += part.split(separator: " ").map(String.init)
      }
    }
    return words
  }
}
