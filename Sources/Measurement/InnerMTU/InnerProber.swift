internal import ESP
package import PacketDissector

/// Makes packets for a Child SA that a peer, or a host behind it, answers, and knows their answers.
package protocol InnerProber {
  /// Octets of the smallest packet that it can make.
  var smallest: Int { get }
  /// What ESP carries for the packet `id`, of `bytes` octets, and what its Next Header says.
  func packet(_ id: Int, bytes: Int) -> (payload: [UInt8], nextHeader: UInt8)
  /// Which packet an arrival answers, and with how many octets; nil for anything else.
  func answer(in arrival: Tunnel.Arrival) -> (id: Int, bytes: Int)?
}

/// ICMP echoes to an inner address: any host answers, or whatever answers for it.
package struct InnerICMPProber: InnerProber {
  private let source: IPAddress
  private let destination: IPAddress
  private let identifier: UInt16

  package init(from source: IPAddress, to destination: IPAddress, identifier: UInt16) {
    self.source = source
    self.destination = destination
    self.identifier = identifier
  }

  package var smallest: Int { InnerEcho.headerBytes(isIPv6: destination.isIPv6) + 8 }

  package func packet(_ id: Int, bytes: Int) -> (payload: [UInt8], nextHeader: UInt8) {
    let echo = InnerEcho(
      source: source, destination: destination, identifier: identifier,
      sequence: UInt16(truncatingIfNeeded: id), bytes: bytes)
    return (echo.packet(), echo.nextHeader)
  }

  package func answer(in arrival: Tunnel.Arrival) -> (id: Int, bytes: Int)? {
    guard arrival.nextHeader == 4 || arrival.nextHeader == 41,
      let echo = InnerEcho(packet: arrival.payload), echo.isReply, echo.identifier == identifier,
      echo.source == destination, echo.destination == source
    else { return nil }
    return (Int(echo.sequence), echo.bytes)
  }
}
