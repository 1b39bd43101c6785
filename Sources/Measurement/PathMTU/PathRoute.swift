package import Host
package import PacketDissector

/// The way that is measured: from here, by this interface, to that address.
package struct PathRoute: Sendable {
  package var peer: ResolvedAddress
  /// Nil for the address and interface that the kernel chooses.
  package var source: IPAddress?
  package var interface: String?

  package init(to peer: ResolvedAddress, source: IPAddress? = nil, interface: String? = nil) {
    self.peer = peer
    self.source = source
    self.interface = interface
  }
}
