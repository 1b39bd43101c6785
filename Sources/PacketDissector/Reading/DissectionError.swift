/// Why dissection stopped: in which layer, and at which byte of the frame.
///
/// A malformed packet is a value like any other: whoever meets one of these keeps what came before
/// it and goes on with the next packet.
package struct DissectionError: Error, Equatable, Sendable {
  package enum Reason: Equatable, Sendable {
    /// A read of `needed` bytes found `available`; `limit` says what set that end.
    case truncated(needed: Int, available: Int, limit: LengthSource)
    /// A length field claims `claimed` bytes where at least `minimum` are due.
    case badLength(claimed: Int, minimum: Int)
    /// A length field claims `claimed` bytes where only `maximum` fit.
    case lengthTooLarge(claimed: Int, maximum: Int)
    /// A field holds a value that the standard rules out here.
    case badValue(field: StaticFieldName, value: UInt64)
    /// `count` bytes follow the last structure that there should be.
    case trailing(count: Int)
    /// Headers nest deeper than this dissector follows.
    case nestedTooDeep(limit: Int)
  }

  package let layer: Layer
  /// Bytes from the first byte of the frame, or of the reassembled datagram where there is one.
  package let offset: Int
  package let reason: Reason

  package init(layer: Layer, offset: Int, reason: Reason) {
    self.layer = layer
    self.offset = offset
    self.reason = reason
  }
}

/// A field's name that costs nothing to carry in an error, so that an error, and a frame with it,
/// is copied as plain memory.
package struct StaticFieldName: Equatable, Sendable, ExpressibleByStringLiteral {
  private let literal: StaticString

  package init(stringLiteral literal: StaticString) {
    self.literal = literal
  }

  package var text: String { "\(literal)" }

  package static func == (left: StaticFieldName, right: StaticFieldName) -> Bool {
    left.text == right.text
  }
}

/// What decided how many bytes a reader may see.
package enum LengthSource: UInt8, Sendable {
  case capture
  case ipTotalLength
  case ipv6PayloadLength
  case udpLength
  case extensionHeaderLength
  case headerLength
  case tcpRecordLength
  case ikeLength
  case payloadLength
  case proposalLength
  case transformLength
  case attributeLength
  case selectorLength
  case recordLength
  case linkLength
}

extension LengthSource: CustomStringConvertible {
  package var description: String {
    switch self {
    case .capture: "the capture"
    case .ipTotalLength: "the IPv4 total length"
    case .ipv6PayloadLength: "the IPv6 payload length"
    case .udpLength: "the UDP length"
    case .extensionHeaderLength: "the extension header's length"
    case .headerLength: "the header's length"
    case .tcpRecordLength: "the TCP record's length"
    case .ikeLength: "the IKE length"
    case .payloadLength: "the payload length"
    case .proposalLength: "the proposal length"
    case .transformLength: "the transform length"
    case .attributeLength: "the attribute length"
    case .selectorLength: "the traffic selector length"
    case .recordLength: "the record's length"
    case .linkLength: "the link layer's length"
    }
  }
}

/// The header that was being read.
package enum Layer: UInt8, Sendable {
  case frame, ethernet, vlan, mpls, pppoe, ppp, sll, sll2, null, radiotap, ieee80211, llc
  case ipv4, ipv6, ipv6Extension, gre, gtp, udp, tcp, icmp, icmpv6
  case tcpEncapsulation, esp, ah, wesp, ipcomp
  case ike, ikev1Payload, ikev2Payload
}

extension Layer: CustomStringConvertible {
  package var description: String {
    switch self {
    case .frame: "frame"
    case .ethernet: "Ethernet"
    case .vlan: "VLAN"
    case .mpls: "MPLS"
    case .pppoe: "PPPoE"
    case .ppp: "PPP"
    case .sll: "Linux SLL"
    case .sll2: "Linux SLL2"
    case .null: "NULL/loopback"
    case .radiotap: "radiotap"
    case .ieee80211: "802.11"
    case .llc: "LLC"
    case .ipv4: "IPv4"
    case .ipv6: "IPv6"
    case .ipv6Extension: "IPv6 extension header"
    case .gre: "GRE"
    case .gtp: "GTP-U"
    case .udp: "UDP"
    case .tcp: "TCP"
    case .icmp: "ICMP"
    case .icmpv6: "ICMPv6"
    case .tcpEncapsulation: "TCP encapsulation"
    case .esp: "ESP"
    case .ah: "AH"
    case .wesp: "WESP"
    case .ipcomp: "IPComp"
    case .ike: "IKE"
    case .ikev1Payload: "IKEv1 payload"
    case .ikev2Payload: "IKEv2 payload"
    }
  }
}

extension DissectionError: CustomStringConvertible {
  /// One clause for a person: "ESP, byte 42: needs 4 bytes, the UDP length leaves 2".
  package var description: String {
    "\(layer), byte \(offset): \(reason)"
  }
}

extension DissectionError.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .truncated(let needed, let available, let limit):
      "needs \(needed) \(needed == 1 ? "byte" : "bytes"), \(limit) leaves \(available)"
    case .badLength(let claimed, let minimum):
      "length \(claimed) is below the minimum of \(minimum)"
    case .lengthTooLarge(let claimed, let maximum):
      "length \(claimed) exceeds the \(maximum) there are"
    case .badValue(let field, let value):
      "\(field.text) is \(value)"
    case .trailing(let count):
      "\(count) \(count == 1 ? "byte follows" : "bytes follow") the last structure"
    case .nestedTooDeep(let limit):
      "more than \(limit) nested headers"
    }
  }
}
