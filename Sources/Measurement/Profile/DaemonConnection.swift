package import Diagnosis
internal import IPsecCrypto

/// A connection of a daemon's configuration as settings, while it is read.
struct DaemonConnection {
  var settings = Settings()
  private(set) var problems: [SettingProblem] = []

  mutating func set(_ key: SettingKey, _ text: String, _ origin: Setting.Origin) {
    settings[key] = Setting(.text(text), origin)
  }

  mutating func set(_ key: SettingKey, _ secret: SharedSecret) {
    settings[key] = Setting(.secret(secret.secret), secret.origin)
  }

  mutating func add(_ reason: SettingProblem.Reason, at origin: Setting.Origin?) {
    problems.append(SettingProblem(reason, at: origin))
  }

  /// Proposals, without the word by which a daemon adds its own.
  mutating func set(_ key: SettingKey, proposals text: String, _ origin: Setting.Origin) {
    let own = text.split(separator: ",").map(\.trimmingBlanks).filter { $0 != "default" }
    if !own.isEmpty { set(key, own.joined(separator: ","), origin) }
  }

  /// The first of the gateway's addresses that is one.
  mutating func set(remotes text: String, _ origin: Setting.Origin) {
    let words = text.split { $0 == "," || $0.isWhitespace }.map(String.init)
    let isOne = words.first { word in
      !word.hasPrefix("%") && word != "0.0.0.0" && word != "::"
        && (try? TargetExpression(word)).map(\.isOne) ?? false
    }
    set(.remote, isOne ?? "%any", origin)
  }

  /// This side's certificate with its chain, and its key.
  mutating func set(
    certificate name: String, _ folder: CredentialFolder, passphrases: [String: Secret],
    _ origin: Setting.Origin
  ) {
    let path = folder.certificate(name)
    set(.cert, folder.chain(of: path).joined(separator: ","), origin)
    guard let key = folder.key(of: path, passphrases: passphrases) else {
      let folders = folder.keys.joined(separator: ", ")
      add(.noKey(certificate: path, folders: folders), at: origin)
      return
    }
    set(.key, key.path, origin)
    if let passphrase = key.passphrase {
      settings[.keyPassphraseFile] = Setting(.secret(passphrase), origin)
    }
  }

  /// The files of certificates that a gateway's must come from: those named, or all that there are.
  mutating func set(
    authorities named: [String], _ folder: CredentialFolder, _ origin: Setting.Origin
  ) {
    let paths = named.isEmpty ? folder.allAuthorities : named
    if !paths.isEmpty { set(.ca, paths.joined(separator: ","), origin) }
  }
}

extension TargetExpression {
  fileprivate var isOne: Bool {
    switch self {
    case .name, .address: true
    case .network, .range: false
    }
  }
}

/// A configuration file of strongSwan or libreswan with its connections.
package struct ConnectionFile: Sendable {
  private enum Content: Sendable {
    case swanctl(SectionSyntax)
    case ipsec(ConnSyntax)
  }

  package let path: String
  private let content: Content

  /// Where the daemons have theirs.
  package static let usualPaths = ["/etc/swanctl/swanctl.conf", "/etc/ipsec.conf"]

  package init(_ path: String) throws(ConfigurationFile.Failure) {
    self.path = path
    content =
      ConnSyntax.isIPsecConf(try ConfigurationFile.read(path))
      ? .ipsec(try ConnSyntax(file: path)) : .swanctl(try SectionSyntax(file: path))
  }

  /// The names of its connections.
  package var names: [String] {
    switch content {
    case .swanctl(let syntax): SwanctlConnection.names(syntax)
    case .ipsec(let syntax): syntax.conns.map(\.name).filter { $0 != "%default" }
    }
  }

  /// Whether it has a connection, with or without a child behind its name.
  package func has(_ name: String) -> Bool {
    let parent = name.lastIndex(of: "/").map { String(name[..<$0]) }
    return names.contains { $0 == name || $0 == parent }
  }

  /// What a connection says, and what of it cannot be used; "NAME/CHILD" chooses one of swanctl.conf's
  /// children, else it is the first. `isOwn` says whether an address is one of this machine.
  package func connection(
    _ name: String, isOwn: @escaping (String) -> Bool
  ) throws(SettingProblem) -> (settings: Settings, problems: [SettingProblem]) {
    let connection: DaemonConnection
    switch content {
    case .swanctl(let syntax):
      connection = try SwanctlConnection(syntax, path).read(name)
    case .ipsec(let syntax):
      connection = try IPsecConnection(syntax, path, isOwn: isOwn).read(name)
    }
    return (connection.settings, problemsOfSyntax + connection.problems)
  }

  package var problemsOfSyntax: [SettingProblem] {
    let (problems, names) =
      switch content {
      case .swanctl(let syntax): (syntax.problems.problems, syntax.fileNames)
      case .ipsec(let syntax): (syntax.problems.problems, syntax.fileNames)
      }
    return problems.map {
      SettingProblem(.syntax($0.reason), at: .file(names[$0.file], line: $0.line))
    }
  }

  static func absent(_ name: String, _ known: [String]) -> SettingProblem {
    SettingProblem(
      .noConnection(name, known: known, nearest: NearestWord.to(name, among: known)), at: nil)
  }
}
