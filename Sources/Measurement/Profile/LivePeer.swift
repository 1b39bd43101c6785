package import Host
package import IKE

/// Whom to set an SA up with, and how.
package struct LivePeer: Sendable {
  /// As the operator calls it.
  package var name: String
  package var address: ResolvedAddress
  package var configuration: PeerConfiguration
  package var options: Tunnel.Options
  package var numbers = ProtocolNumbers()

  package init(
    name: String, address: ResolvedAddress, configuration: PeerConfiguration,
    options: Tunnel.Options = Tunnel.Options()
  ) {
    self.name = name
    self.address = address
    self.configuration = configuration
    self.options = options
  }
}
