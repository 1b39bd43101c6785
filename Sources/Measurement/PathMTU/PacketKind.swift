/// What kind of packet is sized: routers and filters may treat each otherwise.
package struct PacketKind: Hashable, Sendable {
  package enum Content: String, CaseIterable, Sendable {
    case icmpEcho = "ICMP echo"
    case udp500 = "IKE on UDP 500"
    /// With the non-ESP marker: the way of ESP in UDP as well.
    case udp4500 = "IKE on UDP 4500"
  }

  package var content: Content
  /// IPv4 goes without DF, and what is larger than a link may be cut; IPv6 is cut by this host alone.
  package var mayBeFragmented: Bool

  package init(_ content: Content, mayBeFragmented: Bool) {
    self.content = content
    self.mayBeFragmented = mayBeFragmented
  }

  /// An echo's answer is as large as the echo, so that both directions must let it through; IKE's are small.
  package var provesBothDirections: Bool { content == .icmpEcho }
}
