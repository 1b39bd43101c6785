package import IPsecCrypto

/// A value of a key, and who said it.
package struct Setting: Sendable {
  package enum Value: Sendable {
    case text(String)
    /// A daemon's file holds the secret itself, where ours would name a file.
    case secret(Secret)
  }

  /// Where something was said.
  package enum Origin: Hashable, Sendable {
    case option(String)
    case environment(String)
    case file(String, line: Int)
    case builtIn
  }

  package let value: Value
  package let origin: Origin

  package init(_ value: Value, _ origin: Origin) {
    self.value = value
    self.origin = origin
  }

  /// Nil for a secret.
  package var text: String? {
    if case .text(let text) = value { text } else { nil }
  }
}

extension Setting.Origin: CustomStringConvertible {
  package var description: String {
    switch self {
    case .option(let name): name
    case .environment(let name): name
    case .file(let path, let line): "\(path):\(line)"
    case .builtIn: "built in"
    }
  }
}

/// What is said about one peer, a value a key.
package struct Settings: Sendable {
  private var values: [SettingKey: Setting] = [:]

  package init() {}

  package subscript(key: SettingKey) -> Setting? {
    get { values[key] }
    set { values[key] = newValue }
  }

  package var isEmpty: Bool { values.isEmpty }

  /// Every key that has a value, in the table's order.
  package var all: [(key: SettingKey, setting: Setting)] {
    SettingKey.allCases.compactMap { key in values[key].map { (key, $0) } }
  }

  /// By what this side proves itself; more than one is one too many.
  package var credentials: [CredentialKind] {
    CredentialKind.allCases.filter { $0.keys.contains { values[$0] != nil } }
  }

  /// What `other` says goes first. Credentials are taken whole: where `other` has a certificate, a
  /// pre-shared key of this one does not count.
  package func overridden(by other: Settings) -> Settings {
    var result = self
    let theirs = other.credentials
    if !theirs.isEmpty {
      for kind in CredentialKind.allCases where !theirs.contains(kind) {
        for key in kind.keys { result.values[key] = nil }
      }
    }
    result.values.merge(other.values) { $1 }
    return result
  }

  /// What the environment says: IPSECDIAG_REMOTE, IPSECDIAG_PSK_FILE and so on. An empty value is none.
  package init(environment: (String) -> String?) {
    for key in SettingKey.allCases {
      guard let text = environment(key.variable), !text.isEmpty else { continue }
      values[key] = Setting(.text(text), .environment(key.variable))
    }
  }
}
