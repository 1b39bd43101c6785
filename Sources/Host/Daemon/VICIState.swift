/// strongSwan's state, from what charon answered.
extension DaemonState {
  package init(_ answers: VICIAnswers) {
    self.init(.strongSwan)
    version = answers.version["version"]
    ikeSAs = answers.sas.flatMap(\.sections).map { IKESA(vici: $0.section, name: $0.name) }
    connections = answers.connections.flatMap(\.sections).map {
      Connection(vici: $0.section, name: $0.name)
    }
    // Without an answer they are none, and nothing is said of what is trapped.
    for (key, policy) in answers.policies.flatMap(\.sections) { markTrapped(key, policy) }
    markSoughtAfter()
    for (name, section) in answers.counters.sections {
      let entries = section.entries.compactMap { entry in
        section.number(entry.name).map { DropCounters.Entry(entry.name, $0) }
      }
      if name.isEmpty {
        counters = entries
      } else if let index = connections.firstIndex(where: { $0.name == name }) {
        connections[index].counters = entries
      }
    }
  }

  /// Since 5.7 a policy tells its connection and child, before that its key is the child's name.
  private mutating func markTrapped(_ key: String, _ policy: VICIMessage) {
    let child = policy["child"] ?? key
    let ike = policy["ike"]
    for index in connections.indices where ike == nil || connections[index].name == ike {
      for place in connections[index].children.indices
      where connections[index].children[place].name == child {
        connections[index].children[place].isTrapped = true
        connections[index].children[place].isWanted = true
      }
    }
  }

  /// VICI does not tell `start_action`. But what charon tries to set up, it was told to.
  private mutating func markSoughtAfter() {
    for index in connections.indices where connections[index].children.count == 1 {
      let name = connections[index].name
      let isSought = ikeSAs.contains {
        $0.name == name && $0.isInitiator == true && $0.isBeingSetUp
      }
      if isSought { connections[index].children[0].isWanted = true }
    }
  }
}

extension DaemonState.Connection {
  fileprivate init(vici section: VICIMessage, name: String) {
    self.init(name: name)
    ikeVersion =
      switch section["version"] {
      case "IKEv1": 1
      case "IKEv2": 2
      default: nil
      }
    localAddresses = section.list("local_addrs")
    remoteAddresses = section.list("remote_addrs")
    dpdDelay = section.number("dpd_delay").map { Double($0) }
    children = (section.section("children")?.sections ?? []).map { name, section in
      var child = DaemonState.ConfiguredChild(name: name)
      child.localSelectors = section.list("local-ts")
      child.remoteSelectors = section.list("remote-ts")
      let actions = ["dpd_action", "close_action"].compactMap { section[$0] }
      // Nobody can begin a connection to any address.
      if !remoteAddresses.contains(where: Self.isOpen),
        actions.contains(where: Self.restarts.contains)
      {
        child.isWanted = true
      }
      return child
    }
  }

  /// What charon does by itself when an SA goes, as it names it; 5.9.2 renamed "restart" to "start", and
  /// "hold" is another word for "trap".
  private static let restarts: Set<String> = ["start", "restart", "trap", "hold", "route"]

  private static func isOpen(_ address: String) -> Bool {
    address.hasPrefix("%any") || address.contains("/") || address.contains("-")
  }
}

extension DaemonState.IKESA {
  init(vici section: VICIMessage, name: String) {
    self.init(name: name, state: section["state"] ?? "")
    isBeingSetUp = state == "CREATED" || state == "CONNECTING"
    uniqueID = section["uniqueid"] ?? ""
    localAddress = section["local-host"] ?? ""
    remoteAddress = section["remote-host"] ?? ""
    localIdentity = section["local-id"] ?? ""
    remoteIdentity = section["remote-id"] ?? ""
    ikeVersion = section.number("version").flatMap { Int(exactly: $0) }
    initiatorSPI = section["initiator-spi"].flatMap { UInt64($0, radix: 16) }
    // Zero until the peer has answered.
    responderSPI = section["responder-spi"].flatMap { UInt64($0, radix: 16) }
      .flatMap { $0 == 0 ? nil : $0 }
    isInitiator = section["initiator"] == "yes"
    age = section.seconds("established")
    rekeyIn = section.seconds("rekey-time")
    children = (section.section("child-sas")?.sections ?? []).map { key, section in
      DaemonState.ChildSA(vici: section, key: key)
    }
  }
}

extension DaemonState.ChildSA {
  /// Since 5.3 the key is made unique by a number, and the name is told beside it.
  init(vici section: VICIMessage, key: String) {
    self.init(name: section["name"] ?? key, state: section["state"] ?? "")
    carriesTraffic = Self.installed.contains(state)
    inboundSPI = section["spi-in"].flatMap { UInt32($0, radix: 16) }
    outboundSPI = section["spi-out"].flatMap { UInt32($0, radix: 16) }
    reqID = section["reqid"].flatMap { UInt32($0) }
    localSelectors = section.list("local-ts")
    remoteSelectors = section.list("remote-ts")
    isEncapsulated = section["encap"] == "yes"
    usesESN = section["esn"] == "1"
    bytesIn = section.number("bytes-in")
    bytesOut = section.number("bytes-out")
    packetsIn = section.number("packets-in")
    packetsOut = section.number("packets-out")
    age = section.seconds("install-time")
    idleIn = section.seconds("use-in")
    idleOut = section.seconds("use-out")
    rekeyIn = section.seconds("rekey-time")
    endsIn = section.seconds("life-time")
  }

  private static let installed: Set<String> = ["INSTALLED", "UPDATING", "REKEYING", "REKEYED"]
}

extension VICIMessage {
  /// Negative where the time has passed.
  fileprivate func seconds(_ name: String) -> Int64? { self[name].flatMap { Int64($0) } }
}
