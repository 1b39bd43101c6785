/// What an IKE daemon of this machine says: its connections as configured, and its SAs as they stand.
package struct DaemonState: Sendable {
  package enum Kind: String, Sendable {
    case strongSwan = "strongSwan"
    case libreswan = "libreswan"
  }

  /// A connection as configured, with what it would make.
  package struct Connection: Sendable {
    package var name: String
    /// 1 or 2; nil is either.
    package var ikeVersion: Int?
    package var localAddresses: [String] = []
    package var remoteAddresses: [String] = []
    /// Seconds between liveness checks; nil is none, or not told.
    package var dpdDelay: Double?
    /// The daemon's own counters, by its own names.
    package var counters: [DropCounters.Entry] = []
    package var children: [ConfiguredChild] = []

    package init(name: String) { self.name = name }
  }

  package struct ConfiguredChild: Sendable {
    package var name: String
    package var localSelectors: [String] = []
    package var remoteSelectors: [String] = []
    /// Nil where the daemon does not tell. strongSwan never does (seen in 5.9.8).
    package var replayWindow: UInt32?
    /// Whether it ought to stand at all times: started, trapped or restarted by itself; nil where not told.
    package var isWanted: Bool?
    /// Whether a policy waits for the first packet to set it up: without traffic it may be down.
    package var isTrapped = false

    package init(name: String) { self.name = name }
  }

  package struct IKESA: Sendable {
    /// The connection's name.
    package var name: String
    package var uniqueID: String = ""
    /// As the daemon writes it: ESTABLISHED, CONNECTING, REKEYED …
    package var state: String
    /// Its first exchanges are not done.
    package var isBeingSetUp = false
    package var localAddress: String = ""
    package var remoteAddress: String = ""
    package var localIdentity: String = ""
    package var remoteIdentity: String = ""
    /// 1 or 2; nil where the daemon does not tell.
    package var ikeVersion: Int?
    package var initiatorSPI: UInt64?
    package var responderSPI: UInt64?
    /// Whether this machine began it; nil where the daemon does not tell.
    package var isInitiator: Bool?
    /// Seconds since it was set up.
    package var age: Int64?
    /// Seconds until it is renewed.
    package var rekeyIn: Int64?
    package var children: [ChildSA] = []

    package init(name: String, state: String) {
      self.name = name
      self.state = state
    }
  }

  package struct ChildSA: Sendable {
    package var name: String
    /// As the daemon writes it: INSTALLED, REKEYED …
    package var state: String
    /// It is installed in both directions.
    package var carriesTraffic = false
    package var inboundSPI: UInt32?
    package var outboundSPI: UInt32?
    package var reqID: UInt32?
    package var localSelectors: [String] = []
    package var remoteSelectors: [String] = []
    /// Nil where the daemon does not tell.
    package var isEncapsulated: Bool?
    package var usesESN: Bool?
    package var bytesIn: UInt64?
    package var bytesOut: UInt64?
    package var packetsIn: UInt64?
    package var packetsOut: UInt64?
    /// Seconds since it was installed, and since packets last passed.
    package var age: Int64?
    package var idleIn: Int64?
    package var idleOut: Int64?
    /// Seconds until it is renewed, and until it ends.
    package var rekeyIn: Int64?
    package var endsIn: Int64?

    package init(name: String, state: String) {
      self.name = name
      self.state = state
    }
  }

  package var kind: Kind
  package var version: String?
  package var connections: [Connection] = []
  package var ikeSAs: [IKESA] = []
  /// The daemon's own counters, by its own names, over all connections.
  package var counters: [DropCounters.Entry] = []

  package init(_ kind: Kind) { self.kind = kind }

  /// How a configured child stands.
  package enum Standing: String, Sendable {
    case up
    /// The daemon is setting it up, or tries to.
    case connecting
    /// It is set up with the first packet for it.
    case waitsForTraffic = "waits for traffic"
    case down
  }

  /// How configured children stand; a gateway has some ten thousands, so SAs are found by name once.
  package struct Standings {
    private let sasByConnection: [String: [IKESA]]

    package init(_ state: DaemonState) {
      sasByConnection = Dictionary(grouping: state.ikeSAs, by: \.name)
    }

    /// A child's SA is known by its name, and its connection's: several may have a child of the same name.
    package func standing(of child: ConfiguredChild, in connection: Connection) -> Standing {
      let own = sasByConnection[connection.name] ?? []
      let sas = own.lazy.flatMap(\.children).filter { $0.name == child.name }
      if sas.contains(where: \.carriesTraffic) { return .up }
      if !sas.isEmpty || own.contains(where: \.isBeingSetUp) { return .connecting }
      return child.isTrapped ? .waitsForTraffic : .down
    }

    /// Whether the connection has an IKE SA, in whatever state.
    package func hasIKESA(_ connection: Connection) -> Bool {
      sasByConnection[connection.name] != nil
    }
  }

  /// The connection's and the child's name of the SA with this SPI in either direction.
  package func owner(ofSPI spi: UInt32) -> (connection: String, child: String)? {
    for ikeSA in ikeSAs {
      for child in ikeSA.children where child.inboundSPI == spi || child.outboundSPI == spi {
        return (ikeSA.name, child.name)
      }
    }
    return nil
  }
}
