internal import Diagnosis

/// The sign beside a word of judgement, and the word's class in the style sheet: colour is never alone.
struct HTMLMark {
  let symbol: String
  let style: StaticString

  init(_ word: Verdict.Word) {
    switch word {
    case .critical: self.init(Severity.critical)
    case .warning: self.init(Severity.warning)
    case .ok: self.init("\u{2714}", "ok")
    case .unknown: self.init("?", "unknown")
    }
  }

  init(_ severity: Severity) {
    switch severity {
    case .critical: self.init("\u{2716}", "critical")
    case .warning: self.init("\u{25B2}", "warning")
    case .info: self.init("\u{25CF}", "info")
    }
  }

  private init(_ symbol: String, _ style: StaticString) {
    self.symbol = symbol
    self.style = style
  }
}
