internal import Diagnosis
internal import IPsecCrypto

/// Reads connections.NAME of swanctl.conf, with its secrets and the folders beside the file, as settings.
/// swanctl.conf(5).
struct SwanctlConnection {
  private let syntax: SectionSyntax
  private let folder: CredentialFolder
  private var connection = DaemonConnection()

  init(_ syntax: SectionSyntax, _ path: String) {
    self.syntax = syntax
    folder = .swanctl(ConfigurationFiles.folder(of: path))
  }

  static func names(_ syntax: SectionSyntax) -> [String] {
    syntax.named(["connections"]).map { syntax.names(of: $0) } ?? []
  }

  private func origin(_ value: SectionSyntax.Value) -> Setting.Origin {
    .file(syntax.fileNames[value.file], line: value.line)
  }

  private func origin(_ section: SectionSyntax.Section) -> Setting.Origin {
    .file(syntax.fileNames[section.file], line: section.line)
  }

  func read(_ name: String) throws(SettingProblem) -> DaemonConnection {
    let known = Self.names(syntax)
    var parts = [name]
    // A name may have a slash itself.
    if !known.contains(name), let slash = name.lastIndex(of: "/") {
      parts = [String(name[..<slash]), String(name[name.index(after: slash)...])]
    }
    guard known.contains(parts[0]), let section = syntax.named(["connections", parts[0]]) else {
      throw ConnectionFile.absent(parts[0], known)
    }
    var reading = self
    reading.readConnection(section)
    reading.readAuthentication(section)
    try reading.readChild(section, parts.count > 1 ? parts[1] : nil)
    return reading.connection
  }

  private mutating func readConnection(_ section: SectionSyntax.Section) {
    func value(_ key: String) -> SectionSyntax.Value? { syntax.value(key, in: section) }
    if let version = value("version"), version.text == "1" {
      connection.add(
        .notUsable("version = 1 is IKEv1; an SA is made by IKEv2"), at: origin(version))
    }
    if let remotes = value("remote_addrs") {
      connection.set(remotes: remotes.text, origin(remotes))
    } else {
      connection.set(.remote, "%any", origin(section))
    }
    let locals = value("local_addrs")
    if let locals, let source = Self.words(locals.text).first(where: Self.isSource) {
      connection.set(.source, source, origin(locals))
    }
    if let port = value("remote_port"), !["500", "4500", "0"].contains(port.text) {
      connection.set(.port, port.text, origin(port))
    }
    if let proposals = value("proposals") {
      connection.set(.ike, proposals: proposals.text, origin(proposals))
    }
    if let fragmentation = value("fragmentation"), fragmentation.text == "no" {
      connection.set(.fragmentation, "no", origin(fragmentation))
    }
    if let virtual = value("vips"), let first = Self.words(virtual.text).first {
      connection.set(.virtualIP, first.contains(":") ? "ipv6" : "ipv4", origin(virtual))
    }
  }

  private static func isSource(_ word: String) -> Bool {
    guard case .address? = try? TargetExpression(word) else { return false }
    return word != "0.0.0.0" && word != "::"
  }

  private static func words(_ text: String) -> [String] {
    text.split(separator: ",").map(\.trimmingBlanks)
  }

  private mutating func readChild(
    _ section: SectionSyntax.Section, _ wanted: String?
  ) throws(SettingProblem) {
    let known = syntax.names(below: ["children"], of: section)
    guard let name = wanted ?? known.first else { return }
    guard known.contains(name) else {
      throw SettingProblem(
        .noChild(name, known: known, nearest: NearestWord.to(name, among: known)), at: nil)
    }
    func value(_ key: String) -> SectionSyntax.Value? {
      syntax.value(key, in: ["children", name], of: section)
    }
    let esp = value("esp_proposals")
    if let esp { connection.set(.esp, proposals: esp.text, origin(esp)) }
    if esp == nil, let ah = value("ah_proposals") {
      connection.add(
        .notUsable("the child '\(name)' is of AH, which is not spoken here"), at: origin(ah))
    }
    let mode = value("mode")
    if let mode { setMode(mode) }
    for (key, words) in [(SettingKey.localTS, "local_ts"), (.remoteTS, "remote_ts")] {
      if let selectors = value(words) {
        connection.set(key, selectors.text, origin(selectors))
      } else if key == .remoteTS || connection.settings[.virtualIP] == nil {
        connection.set(key, "dynamic", origin(section))
      }
    }
  }

  private mutating func setMode(_ mode: SectionSyntax.Value) {
    if ["tunnel", "transport"].contains(mode.text) {
      connection.set(.mode, mode.text, origin(mode))
    } else {
      connection.add(
        .notUsable("mode = \(mode.text.prefix(20)) makes no SA of tunnel or transport mode"),
        at: origin(mode))
    }
  }

  // MARK: Who both sides are

  /// The first section of this side and of the gateway; swanctl may have a round more of each.
  private mutating func readAuthentication(_ section: SectionSyntax.Section) {
    let names = syntax.names(of: section)
    let locals = names.filter { $0.hasPrefix("local") }
    let remotes = names.filter { $0.hasPrefix("remote") }
    if locals.count > 1 || remotes.count > 1 {
      connection.add(
        .notUsable("several rounds of authentication; only the first of each side is made"),
        at: origin(section))
    }
    func local(_ key: String) -> SectionSyntax.Value? {
      locals.first.flatMap { syntax.value(key, in: [$0], of: section) }
    }
    func remote(_ key: String) -> SectionSyntax.Value? {
      remotes.first.flatMap { syntax.value(key, in: [$0], of: section) }
    }
    if let id = local("id") { connection.set(.localID, id.text, origin(id)) }
    if let id = remote("id") { connection.set(.remoteID, id.text, origin(id)) }
    let auth = local("auth")
    let place = auth.map(origin) ?? origin(section)
    switch auth?.text ?? "pubkey" {
    case "psk": setPreSharedKey(section, place)
    case let word where word.hasPrefix("eap"): setAccount(local("eap_id"), place)
    case let word where ["pubkey", "rsa", "ecdsa"].contains { word.hasPrefix($0) }:
      setCertificate(local("certs"), place)
    case let word:
      connection.add(.notUsable("auth = \(word.prefix(20)) is not spoken here"), at: place)
    }
    if connection.settings[.pskFile] == nil {
      // Its own certificate may be named, too.
      let named = remote("cacerts").map { Self.words($0.text).map(folder.authority) } ?? []
      let pinned = remote("certs").map { Self.words($0.text).map(folder.certificate) } ?? []
      connection.set(
        authorities: named + pinned, folder,
        (remote("cacerts") ?? remote("certs")).map(origin) ?? place)
    }
  }

  private mutating func setPreSharedKey(
    _ section: SectionSyntax.Section, _ place: Setting.Origin
  ) {
    func words(_ key: SettingKey, _ addresses: String) -> [String] {
      let id = connection.settings[key]?.text.map { [$0] }
      return id ?? syntax.value(addresses, in: section).map { Self.words($0.text) } ?? []
    }
    let secret = SharedSecret.best(
      secrets(["ike"]), local: words(.localID, "local_addrs"),
      remote: words(.remoteID, "remote_addrs"))
    if let secret {
      connection.set(.pskFile, secret)
    } else {
      connection.add(.noSecret(place: "secrets.ike"), at: place)
    }
  }

  private mutating func setAccount(_ user: SectionSyntax.Value?, _ place: Setting.Origin) {
    let name = user?.text ?? connection.settings[.localID]?.text ?? ""
    let bare = name.hasPrefix("fqdn:") ? String(name.dropFirst(5)) : name
    connection.set(.eapUser, bare, user.map(origin) ?? place)
    if let secret = SharedSecret.best(secrets(["eap", "xauth"]), local: [name, bare], remote: []) {
      connection.set(.eapPasswordFile, secret)
    } else {
      connection.add(.noSecret(place: "secrets.eap"), at: place)
    }
  }

  private mutating func setCertificate(
    _ certificates: SectionSyntax.Value?, _ place: Setting.Origin
  ) {
    guard let certificates, let name = Self.words(certificates.text).first else {
      connection.add(.notUsable("local.certs names no certificate of this side"), at: place)
      return
    }
    var passphrases: [String: Secret] = [:]
    for secret in secrets(["private", "rsa", "ecdsa", "pkcs8"]) {
      if let file = secret.owners.first { passphrases[file] = secret.secret }
    }
    connection.set(
      certificate: name, folder, passphrases: passphrases, origin(certificates))
  }

  /// Those of sections whose names begin with one of these words; owners are "id" and what begins so, or
  /// the file that a passphrase opens.
  private func secrets(_ kinds: [String]) -> [SharedSecret] {
    syntax.sections.compactMap { section in
      guard section.path.count == 2, section.path[0] == "secrets",
        kinds.contains(where: { section.path[1].hasPrefix($0) }),
        let secret = section.values["secret"]
      else { return nil }
      let owners = section.values.filter { $0.key.hasPrefix("id") || $0.key == "file" }
      return SharedSecret(
        secret.text, owners: owners.values.map(\.text).sorted(), origin(secret))
    }
  }
}
