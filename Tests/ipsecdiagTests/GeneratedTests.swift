import ArgumentParser
import Diagnosis
import Testing

@testable import ipsecdiag

/// What is generated from the command line's description and checked in.
@Suite("Generated files")
struct GeneratedTests {
  @Test(
    "The completions are those of this command line: `make completions` writes them",
    arguments: [
      (CompletionShell.bash, "ipsecdiag.bash"), (.zsh, "_ipsecdiag"), (.fish, "ipsecdiag.fish"),
    ])
  func completions(shell: CompletionShell, file: String) throws {
    let expected = Ipsecdiag.completionScript(for: shell)
    let bytes = try contents(of: "\(Place.root)/completions/\(file)")
    let kept = String(decoding: bytes, as: UTF8.self)
    #expect(trimmed(kept) == trimmed(expected))
  }

  @Test("Every option of decode stands in its manual page: `make man` writes them")
  func manual() throws {
    let bytes = try contents(of: "\(Place.root)/man/ipsecdiag-decode.1")
    let page = String(decoding: bytes, as: UTF8.self)
    let help = Decode.helpMessage(columns: 400)
    var found = 0
    for word in help.split(whereSeparator: { " ,\n".contains($0) }) where word.hasPrefix("--") {
      #expect(page.contains("Fl -\(word.dropFirst(2))"), "\(word)")
      found += 1
    }
    #expect(found > 15)
  }

  @Test("Every finding stands in ipsecdiag(7) with its severity: `make man` writes it")
  func findings() throws {
    let bytes = try contents(of: "\(Place.root)/man/ipsecdiag.7")
    let page = String(decoding: bytes, as: UTF8.self)
    for id in FindingID.allCases {
      #expect(page.contains(".It Sy \(id.rawValue) Pq \(id.severity.rawValue)\n"))
    }
  }

  private func trimmed(_ text: String) -> Substring {
    var rest = text[...]
    while rest.last?.isNewline == true { rest.removeLast() }
    return rest
  }
}
