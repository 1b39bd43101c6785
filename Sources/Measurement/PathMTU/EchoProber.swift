internal import Host
internal import IKE
internal import PacketDissector

/// ICMP echoes: their answers are as large as they are.
final class EchoProber: SizeProber {
  private var socket: RawSocket
  private let peer: ResolvedAddress
  private let source: IPAddress?
  private let identifier: UInt16
  /// Stands in every echo of this prober: sequence numbers are easily guessed.
  private let token: [UInt8]

  init(_ route: PathRoute, _ fragmentation: FragmentationPolicy) throws(SocketError) {
    peer = route.peer
    source = route.source
    socket = try RawSocket(
      .echo, isIPv6: peer.address.isIPv6, source: source, interface: route.interface,
      fragmentation: fragmentation)
    if fragmentation == .allowed, peer.address.isIPv6 {
      try socket.setFragmentBytes(PathPlan.ipv6FragmentBytes)
    }
    var random = RandomSource.system
    identifier = socket.echoIdentifier ?? UInt16(truncatingIfNeeded: random.ikeSPI())
    token = random.bytes(8)
  }

  /// IP header, ICMP header and token.
  static func smallest(isIPv6: Bool) -> Int { InternetPacket.headerBytes(isIPv6: isIPv6) + 8 + 8 }

  var descriptor: Int32 { socket.descriptor }

  func send(_ probe: SizeSearch.Probe) throws(SocketError) {
    let isIPv6 = peer.address.isIPv6
    var writer = ByteWriter()
    ICMPHeader(
      isICMPv6: isIPv6, type: isIPv6 ? 128 : 8, code: 0,
      rest: UInt32(identifier) << 16 | UInt32(UInt16(truncatingIfNeeded: probe.id))
    ).write(to: &writer)
    writer.append(token)
    writer.zeros(max(0, probe.size - Self.smallest(isIPv6: isIPv6)))
    try socket.send(writer.bytes, to: peer.address, interface: peer.interface)
  }

  func receive() throws(SocketError) -> SizeEvent? {
    if let datagram = try socket.receive() {
      guard datagram.source.address == peer.address, let (id, rest) = echo(datagram.bytes),
        rest.starts(with: token)
      else { return .stray }
      return .answered(id)
    }
    guard let report = socket.receiveError() else { return nil }
    guard report.destination.address == peer.address else { return .stray }
    // Raw sockets hear of the errors of all others; the header that tells them apart is always quoted.
    return echo(report.quoted) == nil ? .stray : SizeEvent(report) { echo($0)?.id }
  }

  /// The packet that an echo message with this prober's identifier belongs to, and what stands behind its
  /// header.
  private func echo(_ bytes: [UInt8]) -> (id: Int, rest: [UInt8])? {
    var reader = ByteReader(bytes.rawBytes, layer: peer.address.isIPv6 ? .icmpv6 : .icmp)
    guard let header = try? ICMPHeader(from: &reader), let echo = header.echo,
      echo.identifier == identifier
    else { return nil }
    return (Int(echo.sequenceNumber), reader.rest())
  }
}
