internal import Diagnosis
internal import Measurement
package import PacketDissector

/// What `ipsecdiag probe` prints of one address: whether it is there, then who it is, what it takes, and
/// what is wrong.
package struct ProbeText {
  private let report: ProbeReport
  private let naming: Naming
  private let options: DiagnosisText.Options
  private var page: Page { options.page }
  private var result: AddressResult { report.result }
  private var words: ProbeWords { ProbeWords(result: result, naming: naming) }
  /// Where the facts stand behind their labels.
  static let column = 14

  package init(_ report: ProbeReport, _ naming: Naming, _ options: DiagnosisText.Options) {
    self.report = report
    self.naming = naming
    self.options = options
  }

  package func write(to text: inout TextBuffer) {
    headline(to: &text)
    if options.isQuiet { return }
    ways(to: &text)
    if let peer = result.peer { describe(peer, to: &text) }
    if let found = result.ikev1, result.isAlive { fact("IKEv1", words.version1(found), to: &text) }
    for answer in report.proposals { proposal(answer, to: &text) }
    if let found = result.enumeration {
      EnumerationText(found, result.traffic, page).write(to: &text)
    }
    if let readiness = report.readiness {
      PostQuantumText(readiness, page).write(to: &text)
    }
    if let policy = report.policy { PolicyText(policy, page).write(to: &text) }
    findings(to: &text)
  }

  /// `vpn.example.net  198.51.100.7  UP  IKEv2 on UDP 500 and 4500, 12.4 ms, 0 of 3 lost`
  private func headline(to text: inout TextBuffer) {
    let address = naming.name(of: result.address).description
    let target = Self.name(of: result, naming)
    let prefix = target == address ? "\(address)  " : "\(target)  \(address)  "
    let word = report.state.rawValue.uppercased()
    let plain = page.plain(Self.escaped(prefix))
    text.put(plain)
    text.put(page.coloured(word, colour))
    text.put("  ")
    let column = plain.unicodeScalars.count + word.count + 2
    let words = Self.escaped(words.headline)
    if options.isQuiet {
      text.put(page.plain(words))
      text.put("\n")
    } else if column + 20 <= page.width {
      page.paragraph(words, from: column, indent: Self.column, to: &text)
    } else {
      text.put("\n")
      text.spaces(Self.column)
      page.paragraph(words, from: Self.column, indent: Self.column, to: &text)
    }
  }

  private var colour: Page.Colour {
    switch report.state {
    case .down: .red
    case .unknown: .yellow
    case .up:
      report.isRefused || report.severity == .critical
        ? .red : report.severity == .warning ? .yellow : .green
    }
  }

  /// The name that was asked for; an address by its own name.
  static func name(of result: AddressResult, _ naming: Naming) -> String {
    if let address = IPAddress(text: result.target) { return naming.name(of: address).description }
    return naming.name(ofIdentity: result.target)
  }

  static func escaped(_ words: String) -> String {
    var text = TextBuffer(capacity: 256)
    text.escaped(words)
    return text.string
  }

  private func fact(_ label: String, _ words: String, to text: inout TextBuffer) {
    page.fact(label, Self.escaped(words), to: &text)
  }

  /// Each way by itself, where they differ or more is wanted.
  private func ways(to text: inout TextBuffer) {
    let isUniform = Set(result.ways.map(\.isAnswered)).count < 2
    guard !isUniform || options.isVerbose else { return }
    for way in result.ways {
      var line = words.reason(way.outcome)
      if case .local = way.outcome {
      } else {
        line += ", \(way.answered) of \(way.sent) answered"
      }
      let times = way.roundTrips.sorted()
      if let least = times.first, let most = times.last, way.isAnswered {
        line += times.count > 1 ? ", \(least.words) to \(most.words)" : ", \(least.words)"
      }
      fact(way.way.rawValue, line, to: &text)
    }
  }

  private func describe(_ peer: PeerDescription, to text: inout TextBuffer) {
    if let daemon = peer.daemon { fact("daemon", words.daemon(daemon), to: &text) }
    if let chosen = peer.chosen {
      fact("chose", ProposalNotation.readable(chosen), to: &text)
      fact("", ProbeWords.grade(chosen), to: &text)
    }
    if let words = words.announcements(peer) { fact("announces", words, to: &text) }
    if options.isVerbose {
      for id in peer.vendorIDs {
        let known = VendorIDTable.name(of: id).map { "\($0): " } ?? ""
        fact("vendor id", known + Self.hexadecimal(id), to: &text)
      }
    }
    if let nat = peer.nat { fact("NAT", words.nat(nat), to: &text) }
    if peer.askedForCookie { fact("cookie", "asked for before it answered", to: &text) }
    if let method = peer.askedForMethod {
      fact("key share", "wanted another first: \(method)", to: &text)
    }
    if let gateway = peer.redirect { fact("redirect", "to \(words.name(of: gateway))", to: &text) }
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    var text = TextBuffer(capacity: 64)
    text.hex(bytes.prefix(64))
    return bytes.count > 64 ? "\(text.string)... (\(bytes.count) bytes)" : text.string
  }

  private func proposal(_ answer: ProposalAnswer, to text: inout TextBuffer) {
    fact("proposal", ProbeWords.question(answer.question), to: &text)
    switch answer.outcome {
    case .accepted(let suite):
      fact("", "accepted: \(ProbeWords.suite(suite))", to: &text)
      fact("", ProbeWords.grade(suite), to: &text)
    case .wantsShare(let method):
      fact("", "accepted with \(method), of which this build can make no share", to: &text)
    case .refused:
      fact("", "refused", to: &text)
      if let nearest = answer.nearest {
        fact("", "the nearest that it takes: \(ProbeWords.suite(nearest))", to: &text)
      }
    case .unanswered: fact("", "no answer: nothing can be said", to: &text)
    case .other(let words): fact("", words, to: &text)
    }
  }

  private func findings(to text: inout TextBuffer) {
    guard !result.findings.isEmpty else { return }
    let writer = FindingText(page, naming, start: result.started, isVerbose: options.isVerbose)
    for finding in result.findings {
      text.put("\n")
      writer.write(finding, to: &text)
    }
  }
}

extension Page {
  /// `  announces   IKE fragments`: a label, and words on as many lines as they take.
  func fact(_ label: String, _ words: String, to text: inout TextBuffer) {
    text.spaces(2)
    text.put(label)
    text.spaces(max(1, ProbeText.column - 2 - label.unicodeScalars.count))
    let column = max(ProbeText.column, label.unicodeScalars.count + 3)
    paragraph(words, from: column, indent: ProbeText.column, to: &text)
  }
}
