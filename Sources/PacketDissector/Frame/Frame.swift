/// What one captured frame is, as far as IPsec goes: a value of fixed size, made without allocation.
///
/// Everything that follows packets (lines of text, tables, trackers) lives on this. IKE payloads are
/// read on demand from the bytes of ``record``.
package struct Frame: Sendable {
  /// The IP header that carries the first IPsec record, or the innermost one that was reached.
  package var internet: InternetHeader?
  /// IP headers outside ``internet``.
  package var outerHeaders: UInt8 = 0
  /// The innermost VLAN identifier; zero without a tag.
  package var vlan: UInt16 = 0
  /// Ports of UDP or TCP; zero without.
  package var sourcePort: UInt16 = 0
  package var destinationPort: UInt16 = 0
  /// Bytes that UDP or TCP carries, or the upper protocol's bytes without one.
  package var payloadLength = 0
  package var tcpFlags: UInt8 = 0
  /// The MSS option of a TCP SYN; zero without.
  package var maximumSegmentSize: UInt16 = 0
  /// Set where ``internet`` carries an ICMP message.
  package var icmp: ICMPSummary?
  /// The first IPsec record: for most frames the only one.
  package var record: IPsecRecord?
  /// How many records follow it: ESP behind AH, or several in a TCP segment. See
  /// ``Dissector/further``.
  package var furtherRecords = 0
  /// This frame completed a datagram from that many fragments; zero otherwise.
  package var reassembledFragments: UInt16 = 0
  /// Where dissection ended early. All that was set before it stands.
  package var stop: DissectionError?

  package init() {}
}

/// The fields of an IPv4 or IPv6 header that both have.
package struct InternetHeader: Equatable, Sendable {
  package var source: IPAddress
  package var destination: IPAddress
  /// The upper protocol, behind all IPv6 extension headers.
  package var `protocol`: UInt8
  package var hopLimit: UInt8
  /// DSCP in the upper six bits, ECN in the lower two.
  package var trafficClass: UInt8
  /// IPv4's DF flag; true for IPv6, which routers never fragment.
  package var doNotFragment: Bool
  /// Bytes of the whole packet, header included, as the header claims.
  package var totalLength: Int
  package var fragment: FragmentPosition?
}

/// Where a fragment belongs in its datagram (RFC 791, section 2.3; RFC 8200, section 4.5).
package struct FragmentPosition: Equatable, Sendable {
  package var identification: UInt32
  /// Bytes of the datagram's payload before this fragment's.
  package var offset: Int
  package var moreFollow: Bool
}

/// An ICMP message, and what it quotes if it is an error.
package struct ICMPSummary: Equatable, Sendable {
  package var header: ICMPHeader
  package var quoted: QuotedPacket?
}

/// The packet that an ICMP error is about, as far as the quote reaches.
package struct QuotedPacket: Equatable, Sendable {
  package var internet: InternetHeader
  package var sourcePort: UInt16
  package var destinationPort: UInt16
}

/// One unit of IPsec in a frame.
package struct IPsecRecord: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    case ike(IKEHeader)
    case esp(ESPHeader)
    case ah(AHHeader)
    case wesp(WESPHeader)
    case ipcomp(IPCompHeader)
    /// One octet FF on UDP 4500 (RFC 3948, section 2.3) or in a TCP record (RFC 9329, section 4).
    case natKeepalive
    /// The "IKETCP" that opens a TCP connection (RFC 9329, section 4).
    case tcpPrefix
  }

  package enum Encapsulation: UInt8, Sendable {
    /// Directly in IP.
    case ip
    case udp
    /// In UDP behind four zero octets (RFC 3948, section 2.2).
    case udpWithMarker
    case tcp
  }

  /// Which bytes ``range`` counts in.
  package enum Store: UInt8, Sendable {
    case frame
    /// A datagram put together from IP fragments.
    case datagram
    /// A record put together from TCP segments.
    case stream
  }

  package var kind: Kind
  /// The record's bytes, its own header included, without marker or length prefix.
  package var range: Range<Int>
  package var encapsulation: Encapsulation
  package var store: Store = .frame
  /// Inside the packet that an ICMP error quotes.
  package var isQuoted = false
  /// ESP whose payload looks like NULL encryption: a hint.
  package var looksUnencrypted = false
}
