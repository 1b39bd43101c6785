internal import IKE
package import Measurement
package import PacketDissector

/// `ipsecdiag probe --sweep` for people: a line for each address that answers, as it does.
package struct SweepText {
  private let naming: Naming
  private let page: Page
  private var suites = SuiteNames()
  /// The longest IPv4 address.
  private static let addressWidth = 15
  /// Vendor IDs of one peer that a line has room for.
  private static let vendorLimit = 3

  package init(_ naming: Naming, _ page: Page) {
    self.naming = naming
    self.page = page
  }

  /// `198.51.100.7     UP  12.4 ms  aes256gcm16-prfsha384-ecp384`
  package mutating func write(_ result: SweepResult, to text: inout TextBuffer) {
    let start = text.count
    text.put(naming.name(of: result.address))
    text.pad(to: Self.addressWidth + 2, from: start)
    switch result.outcome {
    case .answered(let answer):
      text.put(page.coloured("UP", .green))
      text.put("  ")
      if let roundTrip = result.roundTrip {
        text.put(roundTrip.words)
        text.put("  ")
      }
      text.put(page.plain(ProbeText.escaped(words(of: answer))))
    case .refused(let reason, let sender):
      text.put(page.coloured("DOWN", .red))
      text.put("  ")
      text.put(page.plain(Self.words(reason, sender, naming)))
    case .unsent(let reason):
      text.put(page.coloured("UNKNOWN", .yellow))
      text.put("  ")
      text.put(page.plain(naming.redacts ? "could not send" : reason))
    }
    text.put("\n")
  }

  private mutating func words(of answer: InitAnswer) -> String {
    let said =
      if case .accepted(let suite, _, _) = answer.meaning {
        suites.name(of: suite)
      } else {
        AnswerWords(naming: naming).answer(answer.meaning)
      }
    let vendors = answer.vendorIDs.compactMap { VendorIDTable.name(of: $0) }
    guard !vendors.isEmpty else { return said }
    return "\(said)  \(vendors.prefix(Self.vendorLimit).joined(separator: ", "))"
  }

  /// "port unreachable (ICMP 3/3), says 192.0.2.1"
  static func words(_ reason: String, _ sender: IPAddress?, _ naming: Naming) -> String {
    sender.map { "\(reason), says \(naming.name(of: $0))" } ?? reason
  }
}
