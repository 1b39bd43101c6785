package import Diagnosis
internal import Host
package import PacketDissector

/// What a machine dropped, and why by all that counters tell, for people.
package struct DropText {
  private let page: Page
  private let naming: Naming
  private static let saLimit = 5

  package init(_ page: Page, _ naming: Naming) {
    self.page = page
    self.naming = naming
  }

  /// A counter: how much, the causes with what speaks for them, and the SAs that counted it too.
  package func write(_ drop: DropCause, to text: inout TextBuffer) {
    text.spaces(2)
    page.paragraph(
      "\(drop.counter): \(Verdict.counted(drop.count, "packet"))", from: 2, indent: 4, to: &text)
    for candidate in drop.candidates {
      text.spaces(4)
      page.paragraph(
        "\(candidate.confidence.rawValue): \(Self.name(of: candidate.cause)); "
          + naming.text(candidate.reason), from: 4, indent: 6, to: &text)
    }
    for (subject, count) in drop.sas.sorted(by: { $0.count > $1.count }).prefix(Self.saLimit) {
      text.spaces(4)
      page.paragraph("\(sa(subject)) counted \(grouped(count))", from: 4, indent: 6, to: &text)
    }
    if drop.sas.count > Self.saLimit {
      text.put("    and \(drop.sas.count - Self.saLimit) more SAs\n")
    }
  }

  /// The same in one line, without a line's end; `now` is how much of it came just now.
  package func line(_ drop: DropCause, now: UInt64? = nil) -> String {
    var words = "\(drop.counter) +\(grouped(drop.count))"
    if let now { words += " (\(grouped(now)) now)" }
    if let likeliest = drop.candidates.first {
      words += ", \(likeliest.confidence.rawValue): \(Self.name(of: likeliest.cause))"
    }
    if let most = drop.sas.max(by: { $0.count < $1.count }) { words += ", \(sa(most.subject))" }
    return words
  }

  private func sa(_ subject: Finding.Subject) -> String {
    guard case .flow(let spi, let source, _) = subject else { return "an SA" }
    return naming.text("SPI \(spi: spi) from \(source)")
  }

  private func grouped(_ count: UInt64) -> String { Quantity.grouped(Int64(clamping: count)) }

  static func name(of cause: DropCause.Cause) -> StaticString {
    switch cause {
    case .reordering: "packets overtake each other by more than the window"
    case .duplicates: "packets come twice"
    case .wrongKeys: "the keys differ"
    case .icvLength: "the sides cut the ICV to different lengths"
    case .windowUnderESN: "the window is too small for ESN"
    case .missingSA: "no SA with that SPI"
    case .lifetimeEnd: "an SA has ended"
    case .policyMismatch: "no policy lets the decrypted packets in"
    case .encapsulationMismatch: "UDP encapsulation or selector differ from the SA's"
    case .noOutboundSA: "no SA to send through"
    case .sequenceExhausted: "the sequence numbers are used up"
    case .blockedByPolicy: "a policy blocks them"
    case .directionMismatch: "an SA used in the other direction"
    case .malformedPackets: "packets are damaged or forged"
    case .memory: "the kernel ran short of memory"
    case .other: "not known"
    }
  }
}
