internal import CLinux
internal import Glibc
package import PacketDissector

/// A UDP socket that never blocks and tells what became of what it sent. It takes no capability.
///
/// Every datagram comes with the kernel's time, the address it was sent to and the interface; every
/// ICMP error with its sender and the bytes it quotes.
package struct UDPSocket: ~Copyable {
  private var socket: DatagramSocket
  package let isIPv6: Bool

  /// The most datagrams that one call to ``receiveBatch(_:)`` hands over.
  package static let batchSize = 64

  /// `source` is the address and port to send from; nil, or port 0, leaves the port to the kernel.
  /// `interface` is the name of the one to send and receive by, if there is to be no other.
  package init(
    isIPv6: Bool, source: Endpoint? = nil, interface: String? = nil,
    fragmentation: FragmentationPolicy = .allowed
  ) throws(SocketError) {
    let socket = try DatagramSocket(.udp, isIPv6: isIPv6)
    try socket.setFragmentation(fragmentation)
    // First, as a link-local source belongs to an interface.
    if let interface { try socket.descriptor.bindToInterface(interface) }
    try socket.descriptor.bind(.udp, to: source ?? Endpoint(.any(isIPv6: isIPv6), 0))
    self.socket = socket
    self.isIPv6 = isIPv6
  }

  /// For ``SocketPoll``.
  package var descriptor: Int32 { socket.descriptor.number }

  /// What the socket is bound to: any address, unless it was given one or is connected.
  package var localEndpoint: Endpoint {
    socket.descriptor.localEndpoint ?? Endpoint(.any(isIPv6: isIPv6), 0)
  }

  package var localPort: UInt16 { localEndpoint.port }

  /// Datagrams that came and found no room in the socket's buffer: a loss of this machine's own.
  package var dropped: UInt32 { socket.dropped }

  package func setFragmentation(_ policy: FragmentationPolicy) throws(SocketError) {
    try socket.setFragmentation(policy)
  }

  /// Of IPv6 only: this host cuts what is larger into fragments of up to so many bytes, 1,280 at least, where
  /// its policy lets it.
  package func setFragmentBytes(_ bytes: Int32) throws(SocketError) {
    try socket.setFragmentBytes(bytes)
  }

  /// Asks for `bytes` of room for datagrams that wait; what the kernel gave, which may be less.
  package func raiseReceiveBuffer(to bytes: Int32) -> Int32 {
    socket.raiseReceiveBuffer(to: bytes)
  }

  /// Takes datagrams from `peer` only, from now on, and fixes the local address.
  package func connect(to peer: Endpoint) throws(SocketError) {
    let code = socket.descriptor.connect(to: peer)
    guard code == 0 else { throw SocketError(.connect(peer), code: code) }
  }

  /// The MTU of the path to the peer that it is connected to, as far as the kernel knows it, in bytes of IP
  /// packet; nil where it is not connected.
  package var pathMTU: UInt32? {
    let value =
      isIPv6
      ? socket.descriptor.value(SOL_IPV6, IPV6_MTU) : socket.descriptor.value(SOL_IP, IP_MTU)
    return value.flatMap { UInt32(exactly: $0) }
  }

  /// Sends one datagram. `source` and `interface` choose by which address and interface it goes; the
  /// kernel does where there are none.
  ///
  /// Where it throws ``SocketError/Meaning/tooLarge``, the error queue has the MTU, perhaps twice.
  package func send(
    _ bytes: [UInt8], to destination: Endpoint, from source: IPAddress? = nil,
    interface: UInt32 = 0
  ) throws(SocketError) {
    try socket.send(bytes, to: destination, from: source, interface: interface)
  }

  /// Sends all of `batch` and empties it; how many went out. The others are handed to `failed`.
  package func sendBatch(
    _ batch: inout OutgoingBatch, failed: (Endpoint, SocketError) -> Void
  ) -> Int {
    socket.send(&batch, failed: failed)
  }

  /// The next datagram; nil when none waits.
  package mutating func receive() throws(SocketError) -> ReceivedDatagram? {
    guard try socket.receiveOne() else { return nil }
    let control = socket.control(0)
    return ReceivedDatagram(
      source: socket.slab.endpoint(0) ?? Endpoint(.any(isIPv6: isIPv6), 0),
      destination: control.destination, interface: control.interface,
      time: control.time ?? .now, hopLimit: control.hopLimit, trafficClass: control.trafficClass,
      bytes: unsafe socket.slab.bytes(0).withUnsafeBytes { unsafe Array($0) })
  }

  /// Lends up to ``batchSize`` datagrams that wait; how many there were. Nothing is allocated for any.
  package mutating func receiveBatch(
    _ body: (borrowing LentDatagram) -> Void
  ) throws(SocketError) -> Int {
    let count = try socket.receiveMany(Self.batchSize)
    for index in 0..<count {
      let control = socket.control(index)
      guard let source = socket.slab.endpoint(index) else { continue }
      body(
        LentDatagram(
          source: source, control: control, time: control.time ?? .now,
          bytes: socket.slab.bytes(index)))
    }
    return count
  }

  /// What became of a datagram sent before: the next entry of the error queue; nil when it is empty.
  ///
  /// To be read through: what is left there takes room from what is still to come.
  package mutating func receiveError() -> SocketErrorReport? {
    socket.receiveError()
  }
}

extension IPAddress {
  /// 0.0.0.0 or ::.
  package static func any(isIPv6: Bool) -> IPAddress {
    isIPv6 ? IPAddress(v6High: 0, low: 0) : IPAddress(v4: 0)
  }
}
