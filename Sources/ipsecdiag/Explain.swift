internal import ArgumentParser
internal import Diagnosis
internal import PacketDissector
internal import Report

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Tells what a finding, a notify type, an algorithm or a kernel counter means.",
    discussion: """
      Knows every finding of this tool; the notify types of IKEv2 and IKEv1 by name or number; IKE and ESP \
      algorithms by registered name, by strongSwan's or libreswan's keyword, or by number with the kind in \
      front (encr, prf, integ, ke, sn); and the counters of /proc/net/xfrm_stat. A word with several \
      meanings gets all of them. Works offline.

      Examples:
        ipsecdiag explain ike-no-answer
        ipsecdiag explain 24 no_proposal_chosen
        ipsecdiag explain aes256gcm16 ke 14
        ipsecdiag explain XfrmInNoStates
      """)

  @Argument(help: ArgumentHelp("What to explain.", valueName: "id"))
  var words: [String] = []

  @Flag(help: "List all that can be explained, by kind.")
  var list = false

  @Flag(help: "One JSON document.")
  var json = false

  mutating func validate() throws {
    if list != words.isEmpty { throw ValidationError("Give words to explain, or --list.") }
  }

  func run() throws {
    let report: ExplainReport
    if list {
      report = ExplainReport(listing: KnowledgeBase.topics)
    } else {
      switch KnowledgeBase.answer(to: words) {
      case .topics(let topics, let others): report = ExplainReport(topics, others: others)
      case .unknown(let word, let nearest): throw Self.unknown(word, nearest)
      }
    }
    let output = Output()
    if json {
      report.writeJSON(toolVersion: Ipsecdiag.version, to: &output.text)
    } else {
      report.writeText(to: &output.text)
    }
    do throws(Output.Failure) {
      try output.flush()
    } catch {
      if let failure = Failure(.output(error)) { throw failure }
    }
  }

  private static func unknown(_ word: String, _ nearest: [String]) -> Failure {
    let hint =
      nearest.isEmpty
      ? "`ipsecdiag explain --list` lists all" : "nearest: \(nearest.joined(separator: ", "))"
    var shown = TextBuffer(capacity: 64)
    shown.escaped(word)
    return Failure(
      "nothing is known of '\(shown.string)'; \(hint)",
      exitCode: ArgumentParser.ExitCode.validationFailure.rawValue)
  }
}
