package import PacketDissector

/// An ICMP echo (RFC 792) or ICMPv6 echo (RFC 4443, section 4.1) as a whole IP packet: what goes through a
/// Child SA in tunnel mode to any host behind the peer.
package struct InnerEcho: Equatable, Sendable {
  package var source: IPAddress
  package var destination: IPAddress
  package var isReply: Bool
  package var identifier: UInt16
  package var sequence: UInt16
  /// Octets of the packet, IP header and all.
  package var bytes: Int
  /// IPv4's DF flag.
  package var doNotFragment: Bool

  /// `bytes` below the two headers is raised to them. Source and destination are of one family.
  package init(
    source: IPAddress, destination: IPAddress, isReply: Bool = false, identifier: UInt16,
    sequence: UInt16, bytes: Int = 84, doNotFragment: Bool = true
  ) {
    self.source = source
    self.destination = destination
    self.isReply = isReply
    self.identifier = identifier
    self.sequence = sequence
    self.bytes = max(bytes, Self.headerBytes(isIPv6: destination.isIPv6))
    self.doNotFragment = doNotFragment
  }

  /// Octets of the IP header and that of the echo.
  package static func headerBytes(isIPv6: Bool) -> Int {
    InternetPacket.headerBytes(isIPv6: isIPv6) + 8
  }

  /// What an ESP packet around it says in Next Header (RFC 4303, section 2.6).
  package var nextHeader: UInt8 { destination.isIPv6 ? 41 : 4 }

  /// The packet, with its checksums. Its data counts up from the sequence number.
  package func packet() -> [UInt8] {
    let room = bytes - Self.headerBytes(isIPv6: destination.isIPv6)
    return packet(EchoData.pattern(room, sequence: sequence))
  }

  private func packet(_ data: [UInt8]) -> [UInt8] {
    var message = ByteWriter()
    message.u8(type)
    message.u8(0)
    message.u16(0)
    message.u16(identifier)
    message.u16(sequence)
    message.append(data)
    message.patch(checksum(of: message.bytes), at: 2)
    var packet = ByteWriter()
    writeHeader(payloadBytes: message.count, to: &packet)
    packet.append(message.bytes)
    return packet.bytes
  }

  private var type: UInt8 {
    switch (destination.isIPv6, isReply) {
    case (false, false): 8
    case (false, true): 0
    case (true, false): 128
    case (true, true): 129
    }
  }

  private func writeHeader(payloadBytes: Int, to packet: inout ByteWriter) {
    guard !destination.isIPv6 else {
      return IPv6Header(
        payloadLength: UInt16(truncatingIfNeeded: payloadBytes), nextHeader: 58, source: source,
        destination: destination
      ).write(to: &packet)
    }
    var bare = ByteWriter()
    var header = IPv4Header(
      totalLength: UInt16(truncatingIfNeeded: IPv4Header.byteCount + payloadBytes),
      identification: sequence, flagsAndOffset: doNotFragment ? 0x4000 : 0, protocol: 1,
      source: source, destination: destination)
    header.write(to: &bare)
    header.checksum = InternetPacket.checksum(bare.bytes)
    header.write(to: &packet)
  }

  /// ICMPv6's covers addresses as well (RFC 8200, section 8.1).
  private func checksum(of message: [UInt8]) -> UInt16 {
    guard destination.isIPv6 else { return InternetPacket.checksum(message) }
    var pseudo = ByteWriter()
    pseudo.append(source.octets)
    pseudo.append(destination.octets)
    pseudo.u32(UInt32(truncatingIfNeeded: message.count))
    pseudo.u32(58)
    return InternetPacket.checksum(pseudo.bytes + message)
  }

  /// The echo in `packet`, which may be followed by TFC padding; nil for anything else, a fragment, and a
  /// wrong checksum.
  package init?(packet: [UInt8]) {
    guard let read = Self.read(packet) else { return nil }
    self = read.echo
  }

  /// The reply to a request: addresses exchanged, and data as it came.
  package static func reply(to packet: [UInt8]) -> [UInt8]? {
    guard let (request, data) = read(packet), !request.isReply else { return nil }
    return InnerEcho(
      source: request.destination, destination: request.source, isReply: true,
      identifier: request.identifier, sequence: request.sequence,
      doNotFragment: request.doNotFragment
    ).packet(data)
  }

  private static func read(_ packet: [UInt8]) -> (echo: InnerEcho, data: [UInt8])? {
    let isIPv6 = packet.first.map { $0 >> 4 } == 6
    let frame = Frame(inner: packet.rawBytes, nextHeader: isIPv6 ? 41 : 4)
    guard frame.stop == nil, frame.outerHeaders == 0, let internet = frame.internet,
      internet.fragment == nil, let icmp = frame.icmp?.header, let echo = icmp.echo,
      icmp.code == 0, internet.totalLength <= packet.count,
      frame.payloadLength >= 8, frame.payloadLength < internet.totalLength
    else { return nil }
    let read = InnerEcho(
      source: internet.source, destination: internet.destination,
      isReply: icmp.type == 0 || icmp.type == 129, identifier: echo.identifier,
      sequence: echo.sequenceNumber, bytes: internet.totalLength,
      doNotFragment: internet.doNotFragment)
    let end = internet.totalLength
    let message = Array(packet[end - frame.payloadLength..<end])
    guard read.checksum(of: message) == 0 else { return nil }
    return (read, Array(message.dropFirst(8)))
  }
}
