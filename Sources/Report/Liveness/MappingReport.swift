internal import Diagnosis
package import Measurement
package import PacketDissector

/// What `ipsecdiag dpd --idle` prints: how long a NAT keeps a silent mapping, and whether keepalives hold it.
/// Schemas/dpd-idle-1.schema.json describes the JSON.
package struct MappingReport {
  private let result: MappingResult
  private let naming: Naming

  package init(_ result: MappingResult, _ naming: Naming) {
    self.result = result
    self.naming = naming
  }

  private var word: Verdict.Word {
    switch result.severity {
    case .critical: .critical
    case .warning: .warning
    case .info: .ok
    case nil: .unknown
    }
  }

  private var name: String {
    let address = naming.name(of: result.remote.address).description
    if result.target == result.remote.address.description { return address }
    return naming.redacts
      ? "\(naming.name(ofIdentity: result.target)) \(address)" : "\(result.target) \(address)"
  }

  private var headline: String {
    switch result.obstacle {
    case .noNAT?: return "no NAT towards \(name): there is no mapping to keep alive"
    case .unknownOutside?:
      return result.outside == nil
        ? "a NAT is on the way to \(name), and its outside address is not known: give --outside"
        : "\(name) sees another address than that of --outside"
    case .untold?: return "\(name) does not say what it sees (no NAT detection in its answers)"
    case .unanswered(let why)?:
      return naming.redacts ? "\(name) could not be asked" : "\(name) could not be asked: \(why)"
    case nil: break
    }
    if let died = result.died {
      return result.held.map {
        "the NAT keeps a silent mapping for \($0.words) to \(died.words)"
      } ?? "the NAT forgets a silent mapping within \(died.words)"
    }
    if let held = result.held { return "the NAT keeps a silent mapping for \(held.words) or more" }
    if result.isPortKept {
      return
        "cannot be told: the NAT gives a new mapping the same port, as it keeps ports where it can"
    }
    return "cannot be told: no port was asked again\(result.isInterrupted ? " (interrupted)" : "")"
  }

  // MARK: Text

  package func writeText(_ options: DiagnosisText.Options, to text: inout TextBuffer) {
    let page = options.page
    text.put(page.coloured(word.rawValue, word.colour))
    text.put("  ")
    let column = word.rawValue.count + 2
    page.paragraph(headline, from: column, indent: column, to: &text)
    if options.isQuiet { return }
    if result.trials.isEmpty { return }
    page.fact(
      "asked",
      "IKE_SA_INIT on UDP \(result.remote.port) before and after a silence, from \(Verdict.counted(result.trials.count, "port")) at the same time, for \(result.duration.words)",
      to: &text)
    for (index, trial) in result.trials.enumerated() {
      let label = trial.hasKeepalives ? "keepalives" : index == 0 ? "silences" : ""
      page.fact(label, words(trial), to: &text)
    }
    let writer = FindingText(page, naming, start: result.started, isVerbose: options.isVerbose)
    for finding in result.findings {
      text.put("\n")
      writer.write(finding, to: &text)
    }
  }

  private func words(_ trial: MappingResult.Trial) -> String {
    let silence =
      trial.hasKeepalives ? "every 20 s for \(trial.idle.words)" : trial.idle.words
    guard let after = trial.after else { return "\(silence): not asked again, or no answer" }
    switch trial.isHeld {
    case true?: return "\(silence): held, port \(after)"
    case false?: return "\(silence): forgotten, port \(trial.before) is now \(after)"
    case nil: return "\(silence): port \(after), as this host's own; held or made anew"
    }
  }

  // MARK: JSON

  package func writeJSON(toolVersion: String, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.dpd-idle/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"ts\":\"")
    var time = TimeText(style: .utc)
    time.write(result.started, to: &text)
    text.put("\",\"target\":")
    text.json(naming.redacts ? naming.name(ofIdentity: result.target) : result.target)
    text.put(",\"address\":")
    text.json(result.remote.address, naming)
    text.put(",\"verdict\":")
    text.json(word.rawValue)
    text.put(",\"obstacle\":")
    if let obstacle = result.obstacle {
      text.json(Self.name(of: obstacle))
    } else {
      text.put("null")
    }
    text.member("limit_s", seconds: Nanoseconds(result.limit))
    text.member("duration_s", seconds: Nanoseconds(result.duration))
    text.member("held_s", seconds: result.held.map { Nanoseconds($0) })
    text.member("forgotten_s", seconds: result.died.map { Nanoseconds($0) })
    text.put(",\"held_by_keepalives\":")
    json(result.isHeldByKeepalives, to: &text)
    text.put(",\"interrupted\":")
    text.json(result.isInterrupted)
    text.put(",\"trials\":")
    text.list(result.trials) { text, trial in
      text.put("{\"keepalives\":")
      text.json(trial.hasKeepalives)
      text.member("silence_s", seconds: Nanoseconds(trial.idle))
      text.put(",\"local_port\":")
      text.decimal(trial.localPort)
      text.put(",\"port_before\":")
      text.decimal(trial.before)
      text.put(",\"port_after\":")
      if let after = trial.after { text.decimal(after) } else { text.put("null") }
      text.put(",\"held\":")
      json(trial.isHeld, to: &text)
      text.put("}")
    }
    text.put(",\"findings\":")
    text.list(result.findings) { $0.json($1, naming) }
    text.put("}\n")
  }

  private func json(_ value: Bool?, to text: inout TextBuffer) {
    if let value { text.json(value) } else { text.put("null") }
  }

  private static func name(of obstacle: MappingResult.Obstacle) -> String {
    switch obstacle {
    case .noNAT: "no_nat"
    case .unknownOutside: "unknown_outside"
    case .untold: "untold"
    case .unanswered: "unanswered"
    }
  }
}
