package import Measurement
package import PacketDissector

/// What `ipsecdiag config show` prints: the settings of a peer as they hold, each with where it was said.
/// Secrets are never shown.
package struct SettingsReport: Sendable {
  private let settings: Settings

  package init(_ settings: Settings) {
    self.settings = settings
  }

  package func writeText(_ page: Page, to text: inout TextBuffer) {
    let rows = settings.all.map { key, setting in
      (words: "\(key.rawValue) = \(Self.words(setting))", origin: "\(setting.origin)")
    }
    for (words, origin) in rows {
      var escaped = TextBuffer()
      escaped.escaped("# \(origin)")
      page.paragraph(escaped.string, from: 0, indent: 2, to: &text)
      var value = TextBuffer()
      value.escaped(words)
      text.put("\(value.string)\n")
    }
    if rows.isEmpty { text.put("# nothing is set\n") }
  }

  private static func words(_ setting: Setting) -> String {
    switch setting.value {
    case .text(let text): text
    case .secret(let secret): "\(secret)"
    }
  }
}
