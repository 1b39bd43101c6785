package import PacketDissector

/// What this machine's network makes of packet sizes: interfaces, routes, settings and clamps.
package struct HostNetwork: Sendable {
  /// A route with what it says of sizes.
  package struct Route: Hashable, Sendable {
    package var destination: TrafficMatch.Prefix
    package var gateway: IPAddress?
    /// The interface's index; 0 where there is none.
    package var interface: UInt32 = 0
    /// In bytes; nil where the route does not say.
    package var mtu: UInt32?
    /// The MTU is not changed by what ICMP says ("mtu lock").
    package var isMTULocked = false
    /// The MSS that is announced; nil where the route does not say.
    package var advertisedMSS: UInt32?

    package init(destination: TrafficMatch.Prefix) { self.destination = destination }
  }

  /// A path MTU that the kernel has learned for one destination.
  package struct LearnedPathMTU: Hashable, Sendable {
    package var destination: IPAddress
    package var mtu: UInt32
    /// Seconds; nil where it does not expire.
    package var expiresIn: UInt32?

    package init(destination: IPAddress, mtu: UInt32, expiresIn: UInt32? = nil) {
      self.destination = destination
      self.mtu = mtu
      self.expiresIn = expiresIn
    }
  }

  /// A rule that changes the MSS of TCP connections which pass.
  package struct SegmentClamp: Hashable, Sendable {
    /// "inet filter forward"
    package var place: String
    /// Nil follows the route's MTU.
    package var size: UInt32?

    package init(place: String, size: UInt32?) {
      self.place = place
      self.size = size
    }
  }

  /// A file below /proc/sys/net and what stands in it.
  package struct Setting: Hashable, Sendable {
    /// "net.ipv4.ip_no_pmtu_disc"
    package var name: String
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package var interfaces: [NetworkInterface] = []
  package var routes: [Route] = []
  package var learned: [LearnedPathMTU] = []
  package var clamps: [SegmentClamp] = []
  package var settings: [Setting] = []

  package init() {}
}
