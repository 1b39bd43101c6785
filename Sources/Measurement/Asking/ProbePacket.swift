internal import Host
package import PacketDissector

/// A datagram that a probe sent or received, as a capture could show it.
package struct ProbePacket: Equatable, Sendable {
  package var time: Timestamp
  package var source: Endpoint
  package var destination: Endpoint
  /// Of UDP, with the non-ESP marker where there is one.
  package var payload: [UInt8]

  package init(time: Timestamp, source: Endpoint, destination: Endpoint, payload: [UInt8]) {
    self.time = time
    self.source = source
    self.destination = destination
    self.payload = payload
  }

  /// The packet from its IP header on, for a capture with link type RAW (101). Hop limit and identification
  /// are made up: sockets do not tell those.
  package var bytes: [UInt8] {
    let udpBytes = UInt16(clamping: 8 + payload.count)
    var udp = ByteWriter()
    UDPHeader(sourcePort: source.port, destinationPort: destination.port, length: udpBytes)
      .write(to: &udp)
    udp.append(payload)
    var pseudo = ByteWriter()
    pseudo.append(source.address.octets)
    pseudo.append(destination.address.octets)
    pseudo.u16(17)
    pseudo.u16(udpBytes)
    let sum = Self.checksum(pseudo.bytes + udp.bytes)
    // Zero would say that there is none.
    udp.patch(sum == 0 ? 0xFFFF : sum, at: 6)
    var writer = ByteWriter()
    if source.address.isIPv6 {
      IPv6Header(
        payloadLength: udpBytes, nextHeader: 17, source: source.address,
        destination: destination.address
      ).write(to: &writer)
    } else {
      IPv4Header(
        totalLength: udpBytes &+ 20, protocol: 17, source: source.address,
        destination: destination.address
      ).write(to: &writer)
      writer.patch(Self.checksum(writer.bytes), at: 10)
    }
    writer.append(udp.bytes)
    return writer.bytes
  }

  /// RFC 1071.
  private static func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt64 = 0
    for (index, byte) in bytes.enumerated() {
      sum &+= index.isMultiple(of: 2) ? UInt64(byte) << 8 : UInt64(byte)
    }
    while sum > 0xFFFF { sum = (sum & 0xFFFF) &+ (sum >> 16) }
    return ~UInt16(truncatingIfNeeded: sum)
  }
}
