/// What libreswan's pluto says in its status, which is text for people (`ipsec status`, `ipsec
/// trafficstatus`). Lines that are not understood are passed over.
///
/// Forms: libreswan 4.10 in the lab, 3.x and 5.x as its sources write them.
struct LibreswanStatus {
  private(set) var version: String?
  private var connections: [DaemonState.Connection] = []
  private var places: [String: Int] = [:]
  fileprivate var states: [Substring: State] = [:]
  /// Serial numbers in the order of the text.
  private var order: [Substring] = []

  /// An SA of either kind; pluto numbers both alike.
  fileprivate struct State {
    var name: String
    var state = ""
    var explanation = ""
    /// The IKE SA that it belongs to; nil is an IKE SA.
    var parent: Substring?
    var isChild = false
    var outbound: (spi: UInt32, address: String)?
    var inbound: (spi: UInt32, address: String)?
    var bytesIn: UInt64?
    var bytesOut: UInt64?
    var added: Int64?
    var rekeyIn: Int64?
    var endsIn: Int64?
  }

  /// More lines than this are not read.
  private static let lineLimit = 1_000_000

  init(_ text: some Collection<UInt8>) {
    for line in text.split(separator: UInt8(ascii: "\n")).prefix(Self.lineLimit) {
      read(Self.withoutCode(Substring(decoding: line, as: UTF8.self)))
    }
  }

  /// Lines of whack begin with a number of three digits, which newer versions leave out.
  private static func withoutCode(_ line: Substring) -> Substring {
    let code = line.prefix(3)
    guard code.count == 3, code.allSatisfy(\.isNumber), line.dropFirst(3).hasPrefix(" ") else {
      return line
    }
    return line.dropFirst(4)
  }

  private mutating func read(_ line: Substring) {
    if line.hasPrefix("#") { return readState(line) }
    if line.hasPrefix("\""), let (name, rest) = Self.quoted(line) {
      return readConnection(String(name), rest)
    }
    if let value = Self.value(after: "pluto_version=", in: line, endingAt: ",") {
      version = String(value)
    }
  }

  /// The words in quotes at the start, and what stands behind them.
  private static func quoted(_ line: Substring) -> (words: Substring, rest: Substring)? {
    let inner = line.dropFirst()
    guard let end = inner.firstIndex(of: "\"") else { return nil }
    return (inner[..<end], inner[inner.index(after: end)...])
  }

  /// What stands behind `key` up to a character or the line's end.
  private static func value(
    after key: String, in line: Substring, endingAt end: Character
  ) -> Substring? {
    guard let range = line.range(of: key) else { return nil }
    return line[range.upperBound...].prefix { $0 != end && $0 != ";" && $0 != " " }
  }
}

// MARK: - Connections

extension LibreswanStatus {
  private mutating func readConnection(_ name: String, _ rest: Substring) {
    // An instance of a connection for many peers has a number: "net"[1].
    guard let colon = rest.range(of: ":")?.upperBound else { return }
    let line = rest[colon...].drop { $0 == " " }
    guard let index = places[name] else {
      if let connection = Self.connection(name, line) {
        places[name] = connections.count
        connections.append(connection)
      }
      return
    }
    guard !connections[index].children.isEmpty else { return }
    if let window = Self.value(after: "replay_window: ", in: line, endingAt: ";") {
      connections[index].children[0].replayWindow = UInt32(window)
    }
    if line.hasPrefix("policy: ") {
      let policy = line.dropFirst(8).prefix { $0 != ";" }.split(separator: "+")
      connections[index].ikeVersion = Self.version(of: policy)
      // UP is set by auto=start and `ipsec auto --up`, and cleared by `ipsec auto --down`.
      let isTrapped = connections[index].children[0].isTrapped || policy.contains("ROUTE")
      connections[index].children[0].isTrapped = isTrapped
      connections[index].children[0].isWanted = isTrapped || policy.contains("UP")
    }
    if line.range(of: "dpd") != nil {
      for key in ["dpddelay:", " delay:"] {
        let text = Self.value(after: key, in: line, endingAt: ";")
        guard let seconds = text.flatMap({ Double($0.prefix { $0.isNumber || $0 == "." }) }),
          seconds.isFinite, seconds > 0
        else { continue }
        connections[index].dpdDelay = seconds
      }
    }
  }

  private static func version(of policy: [Substring]) -> Int? {
    if policy.contains(where: { $0.hasPrefix("IKEv2") || $0.hasPrefix("IKEV2") }) { return 2 }
    return policy.contains { $0.hasPrefix("IKEv1") || $0.hasPrefix("IKEV1") } ? 1 : nil
  }

  /// "10.98.0.0/24===10.1.0.2[@west]---10.1.0.1...10.2.0.2===10.99.0.0/24; erouted; eroute owner: #3"
  private static func connection(_ name: String, _ line: Substring) -> DaemonState.Connection? {
    let parts = line.split(separator: ";")
    guard parts.count > 1 else { return nil }
    let ends = withoutIdentities(parts[0])
    guard let dots = ends.range(of: "...") else { return nil }
    let local = end(ends[..<dots.lowerBound], isLocal: true)
    let remote = end(ends[dots.upperBound...], isLocal: false)
    var connection = DaemonState.Connection(name: name)
    connection.localAddresses = [local.address]
    connection.remoteAddresses = [remote.address]
    var child = DaemonState.ConfiguredChild(name: name)
    child.localSelectors = [local.selector]
    child.remoteSelectors = [remote.selector]
    let routing = parts[1].drop { $0 == " " }
    child.isTrapped = routing.hasPrefix("prospective erouted") || routing.contains("ondemand")
    connection.children = [child]
    return connection
  }

  /// Identities stand in brackets, and may have anything in them.
  private static func withoutIdentities(_ ends: Substring) -> Substring {
    var text = ""
    var depth = 0
    for character in ends {
      if character == "[" { depth += 1 }
      if depth == 0 { text.append(character) }
      if character == "]", depth > 0 { depth -= 1 }
    }
    return text[...]
  }

  private static func end(
    _ text: Substring, isLocal: Bool
  ) -> (address: String, selector: String) {
    var host = text
    var selector: Substring?
    if let range = text.range(of: "===") {
      host = isLocal ? text[range.upperBound...] : text[..<range.lowerBound]
      selector = isLocal ? text[..<range.lowerBound] : text[range.upperBound...]
    }
    // The next hop stands on the inner side.
    if let range = host.range(of: "---") {
      host = isLocal ? host[..<range.lowerBound] : host[range.upperBound...]
    }
    // A name behind the address: "192.0.2.1<gateway.example>".
    let address = String(host.prefix { $0 != "<" })
    let whole = address.contains(":") ? "/128" : "/32"
    return (address, selector.map(String.init) ?? address + whole)
  }
}

// MARK: - SAs

extension LibreswanStatus {
  /// `#3: "net":500 STATE_V2_ESTABLISHED_CHILD_SA (established Child SA); REKEY in 27852s; … IKE SA #1; idle;`
  /// `#3: "net" esp.c49dfee0@10.2.0.2 esp.4df7ba19@10.1.0.2 … Traffic: ESPin=252B ESPout=252B`
  /// `#3: "net", type=ESP, add_time=1795496008, inBytes=252, outBytes=252, …`
  private mutating func readState(_ line: Substring) {
    guard let colon = line.firstIndex(of: ":") else { return }
    let serial = line[..<colon].dropFirst()
    let behind = line[line.index(after: colon)...].drop { $0 == " " }
    guard behind.hasPrefix("\""), let (name, rest) = Self.quoted(behind) else { return }
    if states[serial] == nil {
      order.append(serial)
      states[serial] = State(name: String(name))
    }
    let words = rest.split(whereSeparator: { $0 == " " || $0 == "," })
    if rest.range(of: "add_time=") != nil {
      states[serial]?.readTraffic(words)
    } else if words.contains(where: { $0.hasPrefix("esp.") || $0.hasPrefix("ah.") }) {
      states[serial]?.readSPIs(words)
    } else {
      states[serial]?.readLife(rest, words)
    }
  }
}

extension LibreswanStatus.State {
  fileprivate mutating func readTraffic(_ words: [Substring]) {
    isChild = true
    for word in words {
      guard let equals = word.firstIndex(of: "=") else { continue }
      let value = word[word.index(after: equals)...]
      switch word[..<equals] {
      case "inBytes": bytesIn = UInt64(value)
      case "outBytes": bytesOut = UInt64(value)
      case "add_time": added = Int64(value).flatMap { $0 > 0 ? $0 : nil }
      default: continue
      }
    }
  }

  /// The SA to the peer stands first, at the peer's address.
  fileprivate mutating func readSPIs(_ words: [Substring]) {
    isChild = true
    for word in words where word.hasPrefix("esp.") || word.hasPrefix("ah.") {
      guard let point = word.firstIndex(of: "."), let at = word.firstIndex(of: "@"), point < at,
        let spi = UInt32(word[word.index(after: point)..<at], radix: 16)
      else { continue }
      let address = String(word[word.index(after: at)...])
      if outbound == nil {
        outbound = (spi, address)
      } else if inbound == nil {
        inbound = (spi, address)
      }
    }
    // Larger amounts are rounded to KB and MB.
    for word in words where word.hasSuffix("B") || word.hasSuffix("B!") {
      let digits = word.drop { $0 != "=" }.dropFirst().prefix { $0.isNumber }
      guard word.hasSuffix("\(digits)B") || word.hasSuffix("\(digits)B!") else { continue }
      if word.hasPrefix("ESPin=") { bytesIn = bytesIn ?? UInt64(digits) }
      if word.hasPrefix("ESPout=") { bytesOut = bytesOut ?? UInt64(digits) }
    }
  }

  fileprivate mutating func readLife(_ rest: Substring, _ words: [Substring]) {
    state =
      words.first { word in
        word.count > 3 && word.contains("_")
          && word.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" }
      }.map(String.init) ?? ""
    explanation = String(rest.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" })
    for part in rest.split(separator: ";") {
      let part = part.drop { $0 == " " }
      if part.hasPrefix("IKE SA #") { parent = part.dropFirst(8) }
      if part.hasPrefix("isakmp#") { parent = part.dropFirst(7) }
      rekeyIn = Self.seconds(part, "REKEY in ") ?? rekeyIn
      endsIn = Self.seconds(part, "REPLACE in ") ?? Self.seconds(part, "EXPIRE in ") ?? endsIn
    }
    if parent != nil || explanation.contains("IPsec SA") || explanation.contains("Child SA") {
      isChild = true
    }
  }

  private static func seconds(_ part: Substring, _ key: String) -> Int64? {
    guard part.hasPrefix(key) else { return nil }
    return Int64(part.dropFirst(key.count).prefix { $0.isNumber })
  }
}

// MARK: - The state

extension DaemonState {
  /// libreswan's state from `ipsec status`, and with exact counters where `ipsec trafficstatus` follows in
  /// the same text. `now` is in seconds since 1970, when the text was made; without it no age is told.
  package init(libreswanStatus text: some Collection<UInt8>, now: Int64? = nil) {
    self = LibreswanStatus(text).state(now)
  }
}

extension LibreswanStatus {
  fileprivate func state(_ now: Int64?) -> DaemonState {
    var state = DaemonState(.libreswan)
    state.version = version
    state.connections = connections
    var places: [Substring: Int] = [:]
    for serial in order {
      guard let entry = states[serial], !entry.isChild else { continue }
      places[serial] = state.ikeSAs.count
      state.ikeSAs.append(ikeSA(entry, serial))
    }
    for serial in order {
      guard let entry = states[serial], entry.isChild else { continue }
      let parent = entry.parent ?? ""
      // In IKEv1 a Child SA outlives its IKE SA.
      let index = places[parent] ?? state.ikeSAs.count
      if index == state.ikeSAs.count {
        places[parent] = parent.isEmpty ? nil : index
        state.ikeSAs.append(DaemonState.IKESA(name: entry.name, state: ""))
      }
      state.ikeSAs[index].children.append(child(entry, now))
    }
    return state
  }

  private func ikeSA(_ entry: State, _ serial: Substring) -> DaemonState.IKESA {
    var sa = DaemonState.IKESA(name: entry.name, state: entry.state)
    sa.uniqueID = String(serial)
    sa.isBeingSetUp = !entry.explanation.contains("established")
    sa.rekeyIn = entry.rekeyIn
    if let connection = self.places[entry.name].map({ connections[$0] }) {
      sa.localAddress = connection.localAddresses.first ?? ""
      sa.remoteAddress = connection.remoteAddresses.first ?? ""
    }
    sa.ikeVersion = entry.state.contains("_V2_") ? 2 : Self.ikeV1.contains(entry.state) ? 1 : nil
    return sa
  }

  private static let ikeV1: Set<String> = ["STATE_MAIN_I4", "STATE_MAIN_R3", "STATE_AGGR_I2"]

  private func child(_ entry: State, _ now: Int64?) -> DaemonState.ChildSA {
    var child = DaemonState.ChildSA(name: entry.name, state: entry.state)
    child.carriesTraffic =
      entry.explanation.contains("established") || entry.explanation.isEmpty && entry.inbound != nil
    child.outboundSPI = entry.outbound?.spi
    child.inboundSPI = entry.inbound?.spi
    child.bytesIn = entry.bytesIn
    child.bytesOut = entry.bytesOut
    child.rekeyIn = entry.rekeyIn
    child.endsIn = entry.endsIn
    if let now, let added = entry.added, now >= added { child.age = now - added }
    if let connection = self.places[entry.name].map({ connections[$0] })?.children.first {
      child.localSelectors = connection.localSelectors
      child.remoteSelectors = connection.remoteSelectors
    }
    return child
  }
}

extension Substring {
  /// The first place where `text` stands.
  fileprivate func range(of text: String) -> Range<Index>? {
    guard let first = text.utf8.first else { return nil }
    var start = utf8.startIndex
    while let at = utf8[start...].firstIndex(of: first) {
      if utf8[at...].starts(with: text.utf8) {
        return at..<(utf8.index(at, offsetBy: text.utf8.count))
      }
      start = utf8.index(after: at)
    }
    return nil
  }
}
