package import Host

/// Who of this machine's connections checks whether its peer lives, by what the IKE daemon says.
package struct LocalLiveness: Sendable {
  /// A connection that has an IKE SA.
  package struct Connection: Sendable {
    package var name: String
    package var daemon: DaemonState.Kind
    /// The other ends of its IKE SAs.
    package var peers: [String]
    /// Seconds without traffic after which the daemon asks; nil where it does not, or does not tell.
    package var delay: Double?
    /// Seconds since ESP last came and went; nil where that is not told.
    package var heardAgo: Int64?
    package var sentAgo: Int64?
  }

  package let snapshot: HostSnapshot
  package let connections: [Connection]
  package let findings: [Finding]

  package init(_ snapshot: HostSnapshot) {
    self.snapshot = snapshot
    connections = snapshot.daemons.flatMap { daemon in
      daemon.connections.compactMap { Self.connection($0, of: daemon) }
    }
    findings = connections.filter { $0.delay == nil }.map(Self.unchecked)
  }

  private static func connection(
    _ configured: DaemonState.Connection, of daemon: DaemonState
  ) -> Connection? {
    let sas = daemon.ikeSAs.filter { $0.name == configured.name && !$0.isBeingSetUp }
    guard !sas.isEmpty else { return nil }
    var peers: [String] = []
    for sa in sas where !peers.contains(sa.remoteAddress) { peers.append(sa.remoteAddress) }
    let children = sas.flatMap(\.children)
    return Connection(
      name: configured.name, daemon: daemon.kind, peers: peers,
      delay: configured.dpdDelay.flatMap { $0 > 0 ? $0 : nil },
      heardAgo: children.compactMap(\.idleIn).min(), sentAgo: children.compactMap(\.idleOut).min())
  }

  private static func unchecked(_ connection: Connection) -> Finding {
    Finding(
      .dpdOff, .likely, about: .connection(connection.name),
      "\(identity: connection.name) does not check whether its peer lives",
      meaning:
        "a peer that dies without a word stays unnoticed until IKE has something to send it, at the latest a new key",
      evidence: [
        .init("\(connection.daemon.rawValue) tells of no delay after which it asks the peer")
      ],
      remedies: [
        .init(
          "Have it ask, and see how long that then takes.",
          [
            connection.daemon == .strongSwan
              ? .init(.swanctl, "connections.\(identity: connection.name).dpd_delay = 30s")
              : .init(.libreswan, "dpddelay=30s"),
            .init(
              .shell,
              "ipsecdiag dpd --calculate --daemon \(connection.daemon == .strongSwan ? "strongswan" : "libreswan") --dpd-delay 30"
            ),
          ])
      ])
  }
}
