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
    package var children: [ConfiguredChild] = []

    package init(name: String) { self.name = name }
  }

  package struct ConfiguredChild: Sendable {
    package var name: String
    package var localSelectors: [String] = []
    package var remoteSelectors: [String] = []
    /// Nil where the daemon does not tell.
    package var replayWindow: UInt32?
    /// Whether it ought to stand at all times: started, trapped or restarted by itself; nil where not told.
    package var isWanted: Bool?

    package init(name: String) { self.name = name }
  }

  package struct IKESA: Sendable {
    /// The connection's name.
    package var name: String
    package var uniqueID: String = ""
    /// As the daemon writes it: ESTABLISHED, CONNECTING, REKEYED …
    package var state: String
    package var localAddress: String = ""
    package var remoteAddress: String = ""
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
    package var inboundSPI: UInt32?
    package var outboundSPI: UInt32?
    package var reqID: UInt32?

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
