package import PacketDissector

/// ICMP errors that quote IPsec packets, alike ones counted together.
package struct ICMPErrors: Sendable {
  package struct Entry: Sendable {
    package let header: ICMPHeader
    /// Who sent the error.
    package let reporter: IPAddress
    package let quotedSource: Endpoint
    package let quotedDestination: Endpoint
    package let quoted: Quoted
    package let quotedBytes: Int
    package var count: UInt64 = 1
    package var frames: [FrameReference]
    package var last: FrameReference
  }

  package enum Quoted: Hashable, Sendable {
    case ike(initiatorSPI: UInt64)
    case esp(spi: UInt32)
    case other
  }

  package private(set) var entries: [Entry] = []
  private var index: [Key: Int] = [:]
  private static let limit = 4096

  private struct Key: Hashable {
    let isICMPv6: Bool
    let type: UInt8
    let code: UInt8
    let mtu: UInt32?
    let reporter: IPAddress
    let source: Endpoint
    let destination: Endpoint
    let quoted: Quoted
  }

  /// Adds an error that quotes `record`; nil where the quote ends before it, as routers need quote no
  /// more than eight bytes behind the IP header (RFC 792).
  mutating func add(_ error: ICMPSummary, _ record: IPsecRecord?, _ sighting: Sighting) {
    guard let packet = error.quoted else { return }
    let quoted: Quoted =
      switch record?.kind {
      case .ike(let header): .ike(initiatorSPI: header.initiatorSPI)
      case .esp(let header): .esp(spi: header.spi)
      case .ah(let header): .esp(spi: header.spi)
      default: .other
      }
    let source = Endpoint(packet.internet.source, packet.sourcePort)
    let destination = Endpoint(packet.internet.destination, packet.destinationPort)
    let key = Key(
      isICMPv6: error.header.isICMPv6, type: error.header.type, code: error.header.code,
      mtu: error.header.nextHopMTU, reporter: sighting.source, source: source,
      destination: destination, quoted: quoted)
    if let place = index[key] {
      entries[place].count &+= 1
      entries[place].last = sighting.frame
      if entries[place].frames.count < 8 { entries[place].frames.append(sighting.frame) }
      return
    }
    guard entries.count < Self.limit else { return }
    index[key] = entries.count
    entries.append(
      Entry(
        header: error.header, reporter: sighting.source, quotedSource: source,
        quotedDestination: destination, quoted: quoted, quotedBytes: packet.internet.totalLength,
        frames: [sighting.frame], last: sighting.frame))
  }
}

extension ICMPErrors.Entry {
  /// The error is that a packet was too big: RFC 1191, RFC 4443.
  package var isTooBig: Bool {
    header.isICMPv6 ? header.type == 2 : header.type == 3 && header.code == 4
  }

  package var isUnreachable: Bool {
    !isTooBig && (header.isICMPv6 ? header.type == 1 : header.type == 3)
  }
}
