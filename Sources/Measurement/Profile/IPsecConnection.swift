internal import Diagnosis
internal import IPsecCrypto

/// Reads a connection of ipsec.conf, with ipsec.secrets and ipsec.d beside it, as settings. libreswan's and
/// strongSwan's ipsec.conf(5) and ipsec.secrets(5).
struct IPsecConnection {
  private let syntax: ConnSyntax
  private let path: String
  private let isOwn: (String) -> Bool
  private var connection = DaemonConnection()
  /// The keys' prefixes for this side and for the gateway.
  private var (here, there) = ("left", "right")

  init(_ syntax: ConnSyntax, _ path: String, isOwn: @escaping (String) -> Bool) {
    self.syntax = syntax
    self.path = path
    self.isOwn = isOwn
  }

  private func origin(_ value: SectionSyntax.Value) -> Setting.Origin {
    .file(syntax.fileNames[value.file], line: value.line)
  }

  private var folder: String { ConfigurationFiles.folder(of: path) }

  func read(_ name: String) throws(SettingProblem) -> DaemonConnection {
    guard name != "%default", let conn = syntax.named(name) else {
      throw ConnectionFile.absent(name, syntax.conns.map(\.name).filter { $0 != "%default" })
    }
    var reading = self
    if isOnTheRight(conn) { (reading.here, reading.there) = ("right", "left") }
    reading.readConnection(conn)
    reading.readSelectors(conn)
    reading.readAuthentication(conn)
    return reading.connection
  }

  /// Both daemons take the side for theirs whose address this machine has, and the left one in doubt.
  private func isOnTheRight(_ conn: ConnSyntax.Conn) -> Bool {
    guard let left = syntax.value("left", in: conn)?.text else { return false }
    guard let right = syntax.value("right", in: conn)?.text else { return false }
    if left == "%defaultroute" || isOwn(left) { return false }
    return right == "%defaultroute" || isOwn(right)
  }

  private func place(_ conn: ConnSyntax.Conn) -> Setting.Origin {
    .file(syntax.fileNames[conn.file], line: conn.line)
  }

  private mutating func readConnection(_ conn: ConnSyntax.Conn) {
    func value(_ key: String) -> SectionSyntax.Value? { syntax.value(key, in: conn) }
    let version = value("keyexchange") ?? value("ikev2")
    if let version, ["ikev1", "no", "never"].contains(version.text) {
      connection.add(.notUsable("it is of IKEv1; an SA is made by IKEv2"), at: origin(version))
    }
    if let remote = value(there) {
      connection.set(remotes: remote.text, origin(remote))
    } else {
      connection.set(.remote, "%any", place(conn))
    }
    if let local = value(here), isOwn(local.text) {
      connection.set(.source, local.text, origin(local))
    }
    if let ike = value("ike") { connection.set(.ike, proposals: ike.text, origin(ike)) }
    if let esp = value("esp") ?? value("phase2alg") {
      connection.set(.esp, proposals: esp.text, origin(esp))
    }
    if let fragmentation = value("fragmentation"), fragmentation.text == "no" {
      connection.set(.fragmentation, "no", origin(fragmentation))
    }
    if let type = value("type") {
      if ["tunnel", "transport"].contains(type.text) {
        connection.set(.mode, type.text, origin(type))
      } else {
        connection.add(
          .notUsable("type=\(type.text.prefix(20)) makes no SA of tunnel or transport mode"),
          at: origin(type))
      }
    }
    if let address = value("\(here)sourceip") ?? value("\(here)modecfgclient") {
      if ["%config", "%config4", "yes"].contains(address.text) {
        connection.set(.virtualIP, "ipv4", origin(address))
      } else if address.text == "%config6" {
        connection.set(.virtualIP, "ipv6", origin(address))
      }
    }
  }

  /// Without a network, a side's traffic is its own address.
  private mutating func readSelectors(_ conn: ConnSyntax.Conn) {
    for (key, side) in [(SettingKey.localTS, here), (.remoteTS, there)] {
      if key == .localTS, connection.settings[.virtualIP] != nil { continue }
      let networks =
        syntax.value("\(side)subnet", in: conn) ?? syntax.value("\(side)subnets", in: conn)
      let port = syntax.value("\(side)protoport", in: conn)
      // "{10.1.0.0/16 10.2.0.0/16}", with or without commas.
      let words = networks.map { $0.text.split { ", {}".contains($0) }.map(String.init) }
      let texts = (words ?? ["dynamic"]).map { word in
        guard let port, !word.hasSuffix("]") else { return word }
        return "\(word)[\(port.text)]"
      }
      let origin = (networks ?? port).map(origin) ?? place(conn)
      connection.set(key, texts.joined(separator: ","), origin)
    }
  }

  // MARK: Who both sides are

  private mutating func readAuthentication(_ conn: ConnSyntax.Conn) {
    func value(_ key: String) -> SectionSyntax.Value? { syntax.value(key, in: conn) }
    if let id = value("\(here)id"), id.text != "%fromcert" {
      connection.set(.localID, id.text, origin(id))
    }
    if let id = value("\(there)id"), !["%fromcert", "%any"].contains(id.text) {
      connection.set(.remoteID, id.text, origin(id))
    }
    let auth = value("\(here)auth") ?? value("authby") ?? value("auth")
    let place = auth.map(origin) ?? place(conn)
    switch auth?.text ?? "pubkey" {
    case "psk", "secret": setPreSharedKey(conn, place)
    case let word where word.hasPrefix("eap"):
      setAccount(value("eap_identity"), place)
      setAuthorities(place)
    case let word where ["pubkey", "rsa", "ecdsa"].contains { word.hasPrefix($0) }:
      setCertificate(value("\(here)cert"), place)
      setAuthorities(place)
    case let word:
      connection.add(.notUsable("\(word.prefix(20)) is not spoken here"), at: place)
    }
  }

  private mutating func secrets() -> [IPsecSecret] {
    do throws(ConfigurationFile.Failure) {
      return try IPsecSecret.read(folder + "ipsec.secrets")
    } catch {
      connection.add(.unreadable(error), at: nil)
      return []
    }
  }

  private mutating func setPreSharedKey(_ conn: ConnSyntax.Conn, _ place: Setting.Origin) {
    func words(_ key: SettingKey, _ side: String) -> [String] {
      [connection.settings[key]?.text, syntax.value(side, in: conn)?.text].compactMap(\.self)
    }
    let secret = SharedSecret.best(
      secrets().filter { $0.kind == "PSK" }.map(\.secret), local: words(.localID, here),
      remote: words(.remoteID, there))
    if let secret {
      connection.set(.pskFile, secret)
    } else {
      connection.add(.noSecret(place: "\(folder)ipsec.secrets"), at: place)
    }
  }

  private mutating func setAccount(_ user: SectionSyntax.Value?, _ place: Setting.Origin) {
    let name = user?.text ?? connection.settings[.localID]?.text ?? ""
    connection.set(.eapUser, name, user.map(origin) ?? place)
    let known = secrets().filter { $0.kind == "EAP" || $0.kind == "XAUTH" }.map(\.secret)
    if let secret = SharedSecret.best(known, local: [name], remote: []) {
      connection.set(.eapPasswordFile, secret)
    } else {
      connection.add(.noSecret(place: "\(folder)ipsec.secrets"), at: place)
    }
  }

  private mutating func setCertificate(_ certificate: SectionSyntax.Value?, _ place: Setting.Origin)
  {
    guard syntax.daemon == .strongSwan else {
      connection.add(
        .notUsable(
          "libreswan's certificates are in its NSS database, which is not read: export them, and give --cert, --key and --ca"
        ),
        at: place)
      return
    }
    guard let certificate else {
      connection.add(.notUsable("\(here)cert names no certificate of this side"), at: place)
      return
    }
    var passphrases: [String: Secret] = [:]
    for secret in secrets() {
      if let file = secret.file { passphrases[file] = secret.secret.secret }
    }
    connection.set(
      certificate: certificate.text, .ipsec(folder), passphrases: passphrases, origin(certificate))
  }

  private mutating func setAuthorities(_ place: Setting.Origin) {
    connection.set(authorities: [], .ipsec(folder), place)
  }
}
