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
    for (key, setting) in settings.all {
      var line = TextBuffer()
      line.escaped("\(key.rawValue) = \(Self.words(setting))")
      var origin = TextBuffer()
      origin.escaped("# \(setting.origin)")
      // Behind the value where there is room, else above it.
      if line.count + 2 + origin.count <= page.width {
        text.put("\(line.string)  \(origin.string)\n")
      } else {
        text.put("\(origin.string)\n\(line.string)\n")
      }
    }
    if settings.isEmpty { text.put("# nothing is set\n") }
  }

  private static func words(_ setting: Setting) -> String {
    switch setting.value {
    case .text(let text): text
    case .secret(let secret): "\(secret)"
    }
  }
}
