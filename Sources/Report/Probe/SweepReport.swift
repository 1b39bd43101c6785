internal import Diagnosis
internal import IKE
package import Measurement
package import PacketDissector

/// What `ipsecdiag probe --sweep` prints of all its targets together.
package struct SweepReport: Equatable, Sendable {
  package var summary: SweepSummary
  /// Targets that could not be asked: names without an address.
  package var failures: Int

  package init(_ summary: SweepSummary, failures: Int) {
    self.summary = summary
    self.failures = failures
  }

  /// OK where anybody speaks IKE and everybody could be asked, CRITICAL where nobody does.
  package var word: Verdict.Word {
    if summary.isInterrupted { return .unknown }
    if summary.answered > 0 { return failures > 0 ? .unknown : .ok }
    return summary.refused + summary.silent > 0 ? .critical : .unknown
  }

  /// "3 of 256 addresses speak IKE, 5 refused by ICMP, 248 silent; 759 requests in 15.2 s"
  package var phrase: String {
    let all = Verdict.counted(summary.targets, "address", "es")
    var parts = ["\(Self.grouped(summary.answered)) of \(all) speak IKE"]
    func add(_ count: UInt64, _ words: String) {
      if count > 0 { parts.append("\(Self.grouped(count)) \(words)") }
    }
    add(summary.refused, "refused by ICMP")
    add(summary.unsent, "could not be sent to")
    add(summary.silent, summary.isInterrupted ? "silent or not asked yet" : "silent")
    if failures > 0 { parts.append("\(Verdict.counted(failures, "target")) without an address") }
    if summary.isInterrupted { parts.append("interrupted") }
    var words = parts.joined(separator: ", ")
    words += "; \(Verdict.counted(summary.requests, "request")) in \(summary.duration.words)"
    if let rate { words += ", \(Self.grouped(rate)) a second" }
    if summary.strays > 0 { words += "; \(Verdict.counted(summary.strays, "stray answer"))" }
    if summary.dropped > 0 {
      words += "; this machine had no room for \(Verdict.counted(summary.dropped, "datagram"))"
    }
    return words
  }

  /// Requests a second.
  private var rate: UInt64? {
    let seconds = Double(Nanoseconds(summary.duration).count) / 1e9
    return seconds > 0.001 ? UInt64(min(1e12, Double(summary.requests) / seconds)) : nil
  }

  private static func grouped(_ count: UInt64) -> String {
    Quantity.grouped(Int64(clamping: count))
  }

  package func write(_ page: Page, to text: inout TextBuffer) {
    text.put(page.coloured(word.rawValue, word.colour))
    text.put("  ")
    let column = word.rawValue.count + 2
    page.paragraph(phrase, from: column, indent: column, to: &text)
  }
}

/// Words that come again with every peer of the same make, made once.
struct SuiteNames {
  private var known: [(suite: Proposal, name: String)] = []
  /// Peers that choose more than so many suites are not of this world: their names are made each time.
  private static let limit = 64

  mutating func name(of suite: Proposal) -> String {
    if let found = known.first(where: { $0.suite.transforms == suite.transforms }) {
      return found.name
    }
    let name = ProbeWords.suite(suite)
    if known.count < Self.limit { known.append((suite, name)) }
    return name
  }
}
