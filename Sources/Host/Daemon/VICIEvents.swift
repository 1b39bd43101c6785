package import PacketDissector

/// What charon tells as it happens.
package struct VICIEvent: Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case ikeUpDown = "ike-updown"
    case childUpDown = "child-updown"
    case ikeRekey = "ike-rekey"
    case childRekey = "child-rekey"
    case log
  }

  /// When it came here.
  package var time: Timestamp
  package var kind: Kind
  /// Of an SA that came up, true; of one that went, false; else nil.
  package var isUp: Bool?
  /// As it stands now: of a rekeying the new one. Nil for a line of the log.
  package var ikeSA: DaemonState.IKESA?
  /// What a rekeying replaced.
  package var oldIKESA: DaemonState.IKESA?
  package var oldChildren: [DaemonState.ChildSA] = []
  /// As charon said it.
  package var message: VICIMessage

  /// Nil for an event that is not among ``Kind``.
  package init?(_ packet: VICIPacket, at time: Timestamp) {
    guard packet.kind == .event, let kind = Kind(rawValue: packet.name) else { return nil }
    self.time = time
    self.kind = kind
    message = packet.message
    switch kind {
    case .log: return
    case .ikeUpDown, .childUpDown:
      // strongSwan leaves the key out where an SA went.
      isUp = message["up"] == "yes"
      ikeSA = message.sections.first.map { .init(vici: $0.section, name: $0.name) }
    case .ikeRekey:
      guard let (name, section) = message.sections.first else { return }
      ikeSA = section.section("new").map { .init(vici: $0, name: name) }
      oldIKESA = section.section("old").map { .init(vici: $0, name: name) }
    case .childRekey: setChildren()
    }
  }

  /// Each child has a section for the old SA, and one for the new.
  private mutating func setChildren() {
    guard let (name, section) = message.sections.first else { return }
    var sa = DaemonState.IKESA(vici: section, name: name)
    let pairs = section.section("child-sas")?.sections ?? []
    sa.children = pairs.compactMap { key, pair in
      pair.section("new").map { .init(vici: $0, key: key) }
    }
    oldChildren = pairs.compactMap { key, pair in
      pair.section("old").map { .init(vici: $0, key: key) }
    }
    ikeSA = sa
  }
}

/// Live events of charon. What nobody takes in time is kept up to a limit, and then counted.
package struct VICIEvents: ~Copyable {
  private var connection: VICIConnection

  /// `address` nil is where charon usually listens.
  package init(
    _ address: VICIAddress?, withLog: Bool = false, until deadline: Int64
  ) throws(VICIError) {
    var connection = try VICIConnection.open(address, until: deadline)
    for kind in VICIEvent.Kind.allCases where kind != .log || withLog {
      try connection.register(kind.rawValue, until: deadline)
    }
    self.connection = connection
  }

  package var lost: UInt64 { connection.lostEvents }

  /// The next event; nil at the deadline, and without one never.
  package mutating func next(until deadline: Int64?) throws(VICIError) -> VICIEvent? {
    while let packet = try connection.event(until: deadline) {
      if let event = VICIEvent(packet, at: .now) { return event }
    }
    return nil
  }
}
