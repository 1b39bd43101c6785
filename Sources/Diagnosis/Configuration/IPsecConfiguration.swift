/// ipsec.conf, as libreswan reads it and as strongSwan's legacy starter does: "conn NAME" and indented
/// settings below it; also= and %default add what a connection does not say itself.
package struct IPsecConfiguration: Sendable {
  package private(set) var connections: [ConfiguredConnection] = []
  package private(set) var problems = ProblemList()
  private var conns: [Conn] = []
  private var indices: [String: Int] = [:]
  /// Keys that only one of the daemons knows, seen anywhere in the file.
  private var seenKeys: Set<String> = []

  private struct Conn: Sendable {
    let name: String
    let line: Int
    var values: [String: SectionSyntax.Value] = [:]
    var also: [SectionSyntax.Value] = []
  }

  /// As many sections as one lookup visits along also=.
  private static let mostReferences = 64

  /// `daemon` says whose file it is; without it, the keys that it uses tell.
  package init(_ bytes: [UInt8], daemon: Daemon? = nil) {
    read(bytes)
    for conn in conns {
      for also in conn.also where indices[also.text] == nil {
        problems.add(also.line, .unknownReference(also.text))
      }
    }
    let daemon = daemon ?? guessedDaemon
    for conn in conns where conn.name != "%default" {
      let settings = daemon == .strongSwan ? strongSwan(conn) : libreswan(conn)
      connections.append(
        ConfiguredConnection(name: conn.name, .libreswan, line: conn.line, settings: settings))
    }
  }

  private mutating func read(_ bytes: [UInt8]) {
    var current: Int?
    var isSkipped = false
    for (index, bytes) in bytes.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
    ).enumerated() {
      let line = SectionSyntax.trimmed(Self.withoutComment(bytes))
      if line.isEmpty { continue }
      if let equals = line.firstIndex(of: "=") {
        let key = SectionSyntax.trimmed(Array(line[..<equals].utf8)[...]).lowercased()
        setting(key, String(line[line.index(after: equals)...]), index + 1, current, isSkipped)
        continue
      }
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      switch words.first {
      case "conn" where words.count > 1:
        current = self.index(of: words[1], index + 1)
        isSkipped = false
      case "config", "ca":
        current = nil
        isSkipped = true
      case "version": continue
      case "include":
        problems.add(index + 1, .includeNotFollowed(words.dropFirst().joined(separator: " ")))
      default: problems.add(index + 1, .unexpected(line))
      }
    }
  }

  private mutating func setting(
    _ key: String, _ text: String, _ line: Int, _ conn: Int?, _ isSkipped: Bool
  ) {
    if Self.libreswanKeys.contains(key) || Self.strongSwanKeys.contains(key)
      || key == "keyexchange"
    {
      seenKeys.insert(key)
    }
    guard let conn else {
      if !isSkipped { problems.add(line, .outsideSection(key)) }
      return
    }
    var text = SectionSyntax.trimmed(Array(text.utf8)[...])
    if text.utf8.count >= 2, text.first == "\"", text.last == "\"" {
      text = String(text.dropFirst().dropLast())
    }
    let value = SectionSyntax.Value(text: text, line: line)
    if key == "also" { conns[conn].also.append(value) } else { conns[conn].values[key] = value }
  }

  private mutating func index(of name: String, _ line: Int) -> Int {
    if let index = indices[name] { return index }
    indices[name] = conns.count
    conns.append(Conn(name: name, line: line))
    return conns.count - 1
  }

  /// A comment begins at a "#" that stands first or behind a blank, outside of quotes.
  private static func withoutComment(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var isQuoted = false
    var previous = UInt8(ascii: " ")
    for (index, byte) in zip(line.indices, line) {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if byte == UInt8(ascii: "#"), !isQuoted, previous <= 0x20 { return line[..<index] }
      previous = byte
    }
    return line
  }

  private func value(_ key: String, _ conn: Conn) -> SectionSyntax.Value? {
    var waiting = [conn]
    var visited = 0
    while let next = waiting.popLast(), visited < Self.mostReferences {
      if let value = next.values[key] { return value }
      visited += 1
      for also in next.also.prefix(Self.mostReferences).reversed() {
        if let index = indices[also.text] { waiting.append(conns[index]) }
      }
    }
    return indices["%default"].flatMap { conns[$0].values[key] }
  }

  private mutating func time(
    _ key: String, _ conn: Conn, unit: ConfigurationDuration.Unit = .seconds
  ) -> Double? {
    guard let value = value(key, conn) else { return nil }
    guard let seconds = ConfigurationDuration.seconds(value.text, unit: unit) else {
      problems.add(value.line, .badTime(key: key, value: value.text))
      return nil
    }
    return seconds
  }
}

extension IPsecConfiguration {
  private static let libreswanKeys: Set = [
    "ikev2", "retransmit-interval", "retransmit-timeout", "plutodebug", "nssdir", "protostack",
    "virtual-private", "virtual_private", "phase2alg", "phase2", "salifetime", "narrowing",
    "ipsec-interface", "vti-interface", "leftsubnets", "rightsubnets", "enable-tcp", "logfile",
    "leftrsasigkey", "rightrsasigkey",
  ]

  private static let strongSwanKeys: Set = [
    "charondebug", "strictcrlpolicy", "cachecrls", "closeaction", "eap_identity", "aaa_identity",
    "xauth_identity", "leftfirewall", "rightfirewall", "lefthostaccess", "righthostaccess",
    "inactivity", "margintime", "margenbytes", "lifebytes", "lifepackets", "installpolicy",
    "leftgroups", "rightgroups", "leftauth2", "rightauth2", "ikedscp",
  ]

  /// keyexchange= tells only where nothing better does: libreswan knows it since its version 5.
  private var guessedDaemon: Daemon {
    if !seenKeys.isDisjoint(with: Self.libreswanKeys) { return .libreswan }
    return seenKeys.isEmpty ? .libreswan : .strongSwan
  }

  /// dpdaction=none, strongSwan's default, sends no checks, whatever dpddelay says; without them
  /// dpddelay is 30 s and dpdtimeout 150 s.
  private mutating func strongSwan(_ conn: Conn) -> DetectionTime.Settings {
    let action = value("dpdaction", conn)?.text ?? "none"
    let delay = time("dpddelay", conn) ?? 30
    let isV1 = value("keyexchange", conn)?.text == "ikev1"
    var settings = DetectionTime.Settings(
      .strongSwan, version: isV1 ? .v1 : .v2, delay: action == "none" ? 0 : delay)
    settings.timeout = time("dpdtimeout", conn) ?? (isV1 ? 150 : nil)
    return settings
  }

  private mutating func libreswan(_ conn: Conn) -> DetectionTime.Settings {
    let ikev2 = value("ikev2", conn)?.text ?? ""
    let isV1 =
      ["no", "never"].contains(ikev2) || value("keyexchange", conn)?.text == "ikev1"
    var settings = DetectionTime.Settings(
      .libreswan, version: isV1 ? .v1 : .v2, delay: time("dpddelay", conn) ?? 0)
    settings.timeout = time("dpdtimeout", conn)
    if let interval = time("retransmit-interval", conn, unit: .milliseconds) {
      settings.libreswan.interval = interval
    }
    if let timeout = time("retransmit-timeout", conn) { settings.libreswan.timeout = timeout }
    return settings
  }
}
