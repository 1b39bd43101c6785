internal import CLinux
internal import Glibc
package import PacketDissector

/// A socket for a whole IP protocol: ICMP echoes, or ESP. It takes the capability CAP_NET_RAW; echoes may do
/// with a ping socket, where this machine lets the user's group have them (net.ipv4.ping_group_range).
///
/// What is sent and received begins behind the IP header. Ports of endpoints are 0.
package struct RawSocket: ~Copyable {
  package enum Content: Equatable, Sendable {
    /// ICMP or ICMPv6: of what comes, only echo replies. Errors come through the error queue.
    case echo
    /// ESP: IP protocol 50. What comes is a copy; the kernel's own SAs get it as well.
    case esp
  }

  private var socket: DatagramSocket
  package let isIPv6: Bool
  package let content: Content
  /// The identifier that a ping socket gives to all echoes it sends, whatever they say; nil for raw sockets.
  package let echoIdentifier: UInt16?

  package init(
    _ content: Content, isIPv6: Bool, source: IPAddress? = nil, interface: String? = nil,
    fragmentation: FragmentationPolicy = .allowed
  ) throws(SocketError) {
    let kind: SocketKind =
      switch content {
      case .echo: isIPv6 ? .icmpv6 : .icmp
      case .esp: .esp
      }
    let socket = try Self.open(kind, isIPv6: isIPv6)
    let isPing = socket.kind == .ping || socket.kind == .pingv6
    try socket.setFragmentation(fragmentation)
    if content == .echo, !isPing { try socket.descriptor.takeEchoRepliesOnly(isIPv6: isIPv6) }
    if let interface { try socket.descriptor.bindToInterface(interface) }
    // A ping socket gets its identifier by that.
    if let source = source ?? (isPing ? .any(isIPv6: isIPv6) : nil) {
      try socket.descriptor.bind(socket.kind, to: Endpoint(source, 0))
    }
    echoIdentifier = isPing ? socket.descriptor.localEndpoint?.port : nil
    self.socket = socket
    self.isIPv6 = isIPv6
    self.content = content
  }

  /// A raw socket, or a ping socket where that is refused.
  private static func open(
    _ kind: SocketKind, isIPv6: Bool
  ) throws(SocketError) -> DatagramSocket {
    do throws(SocketError) {
      return try DatagramSocket(kind, isIPv6: isIPv6)
    } catch {
      guard error.meaning == .notPermitted, kind != .esp else { throw error }
      do throws(SocketError) {
        return try DatagramSocket(isIPv6 ? .pingv6 : .ping, isIPv6: isIPv6)
      } catch _ {
        // What is lacking for the raw socket is what a user can mend.
        throw error
      }
    }
  }

  /// For ``SocketPoll``.
  package var descriptor: Int32 { socket.descriptor.number }

  /// Packets that came and found no room in the socket's buffer.
  package var dropped: UInt32 { socket.dropped }

  package func setFragmentation(_ policy: FragmentationPolicy) throws(SocketError) {
    try socket.setFragmentation(policy)
  }

  /// Of IPv6 only: this host cuts what is larger into fragments of up to so many bytes, 1,280 at least, where
  /// its policy lets it.
  package func setFragmentBytes(_ bytes: Int32) throws(SocketError) {
    try socket.setFragmentBytes(bytes)
  }

  /// Sends what stands behind the IP header. The checksum of an echo is filled in.
  package func send(
    _ bytes: [UInt8], to destination: IPAddress, from source: IPAddress? = nil,
    interface: UInt32 = 0
  ) throws(SocketError) {
    var bytes = bytes
    // The kernel does so for ICMPv6, whose checksum covers addresses.
    if content == .echo, !isIPv6, bytes.count >= 4 {
      bytes[2] = 0
      bytes[3] = 0
      let sum = InternetPacket.checksum(bytes)
      bytes[2] = UInt8(truncatingIfNeeded: sum >> 8)
      bytes[3] = UInt8(truncatingIfNeeded: sum)
    }
    try socket.send(bytes, to: Endpoint(destination, 0), from: source, interface: interface)
  }

  /// The next packet; nil when none waits. One whose IPv4 header lies is passed over.
  package mutating func receive() throws(SocketError) -> ReceivedDatagram? {
    while try socket.receiveOne() {
      let control = socket.control(0)
      let bytes = socket.slab.bytes(0)
      var start = 0
      if !isIPv6, echoIdentifier == nil {
        // Only IPv4 by a raw socket comes with its header.
        guard let length = Self.headerLength(bytes) else { continue }
        start = length
      }
      let source = socket.slab.endpoint(0)?.address ?? .any(isIPv6: isIPv6)
      return ReceivedDatagram(
        source: Endpoint(source, 0), destination: control.destination,
        interface: control.interface, time: control.time ?? .now, hopLimit: control.hopLimit,
        trafficClass: control.trafficClass,
        bytes: ByteReader(bytes).copy(start..<bytes.byteCount))
    }
    return nil
  }

  private static func headerLength(_ bytes: RawSpan) -> Int? {
    var reader = ByteReader(bytes)
    return (try? IPv4Header(from: &reader)) == nil ? nil : reader.offset
  }

  /// What became of a packet sent before: the next entry of the error queue; nil when it is empty.
  ///
  /// To be read through: what is left there takes room from what is still to come.
  package mutating func receiveError() -> SocketErrorReport? {
    socket.receiveError()
  }
}

extension SocketDescriptor {
  /// A set bit keeps a type out, for both.
  fileprivate func takeEchoRepliesOnly(isIPv6: Bool) throws(SocketError) {
    if isIPv6 {
      // A bit for each of 256 types, in words of 32.
      var words = [UInt32](repeating: .max, count: 8)
      words[129 / 32] &= ~(1 << (129 % 32))
      // ICMP6_FILTER; the size given is the array's.
      let result = unsafe setsockopt(
        number, Int32(IPPROTO_ICMPV6), 1, words, socklen_t(words.count * 4))
      guard result == 0 else { throw SocketError(.set(option: "ICMP6_FILTER"), code: errno) }
    } else {
      // ICMP_FILTER at SOL_RAW (linux/icmp.h): a bit for each of the first 32 types, of which an echo reply
      // is 0.
      try set(Int32(IPPROTO_RAW), 1, to: ~1, "ICMP_FILTER")
    }
  }
}
