/// The first eight bytes of an ICMP (RFC 792) or ICMPv6 (RFC 4443) message.
///
///     +- type 8 -+- code 8 -+- checksum 16 -+- depends on the type 32 -+
///
/// Errors quote the packet that they are about behind it.
package struct ICMPHeader: Header {
  package var isICMPv6: Bool
  package var type: UInt8
  package var code: UInt8
  package var checksum: UInt16
  package var rest: UInt32

  package init(isICMPv6: Bool, type: UInt8, code: UInt8, rest: UInt32) {
    self.isICMPv6 = isICMPv6
    self.type = type
    self.code = code
    self.checksum = 0
    self.rest = rest
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    isICMPv6 = reader.layer == .icmpv6
    type = try reader.u8()
    code = try reader.u8()
    checksum = try reader.u16()
    rest = try reader.u32()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(type)
    writer.u8(code)
    writer.u16(checksum)
    writer.u32(rest)
  }

  /// Whether this message quotes the packet that caused it.
  package var isError: Bool {
    isICMPv6 ? type < 128 : [3, 4, 5, 11, 12].contains(type)
  }

  /// The MTU of the next hop: RFC 1191, section 4, or RFC 4443, section 3.2. Nil in other messages
  /// and from routers that leave it zero.
  package var nextHopMTU: UInt32? {
    let value: UInt32
    switch (isICMPv6, type, code) {
    case (false, 3, 4): value = rest & 0xFFFF
    case (true, 2, _): value = rest
    default: return nil
    }
    return value == 0 ? nil : value
  }

  /// An echo message: its name, identifier and sequence number.
  package var echo: (name: String, identifier: UInt16, sequenceNumber: UInt16)? {
    let name: String
    switch (isICMPv6, type) {
    case (false, 8), (true, 128): name = "echo request"
    case (false, 0), (true, 129): name = "echo reply"
    default: return nil
    }
    return (name, UInt16(truncatingIfNeeded: rest >> 16), UInt16(truncatingIfNeeded: rest))
  }

  /// What the error says, in the words of the RFCs; nil for messages that are no errors.
  package var meaning: String? {
    guard isError else { return nil }
    if isICMPv6 {
      return switch type {
      case 1: Self.unreachableV6[Int(code)] ?? "destination unreachable, code \(code)"
      case 2: "packet too big"
      case 3: code == 0 ? "hop limit exceeded" : "fragment reassembly time exceeded"
      case 4: "parameter problem, code \(code)"
      default: "error type \(type), code \(code)"
      }
    }
    return switch type {
    case 3: Self.unreachableV4[Int(code)] ?? "destination unreachable, code \(code)"
    case 4: "source quench"
    case 5: "redirect"
    case 11: code == 0 ? "time to live exceeded" : "fragment reassembly time exceeded"
    default: "parameter problem, code \(code)"
    }
  }

  private static let unreachableV4: [Int: String] = [
    0: "network unreachable", 1: "host unreachable", 2: "protocol unreachable",
    3: "port unreachable", 4: "fragmentation needed", 5: "source route failed",
    9: "network administratively prohibited", 10: "host administratively prohibited",
    13: "administratively prohibited",
  ]

  private static let unreachableV6: [Int: String] = [
    0: "no route to destination", 1: "administratively prohibited",
    2: "beyond the scope of the source address", 3: "address unreachable", 4: "port unreachable",
    5: "source address failed policy", 6: "route to destination rejected",
  ]

  package func field(at range: Range<Int>) -> Field {
    var children = [
      Field("type", .number(UInt64(type)), at: range.part(0, 1)),
      Field("code", .number(UInt64(code)), at: range.part(1, 1)),
    ]
    if let echo {
      children += [
        Field("message", .text(echo.name), at: range.part(0, 2)),
        Field("identifier", .number(UInt64(echo.identifier)), at: range.part(4, 2)),
        Field("sequence number", .number(UInt64(echo.sequenceNumber)), at: range.part(6, 2)),
      ]
    }
    if let meaning { children.append(Field("meaning", .text(meaning), at: range.part(0, 2))) }
    if let nextHopMTU {
      children.append(Field("next-hop MTU", .number(UInt64(nextHopMTU)), at: range.part(4, 4)))
    }
    return Field(isICMPv6 ? "ICMPv6" : "ICMP", at: range, children)
  }
}
