internal import Glibc
package import PacketDissector

extension HostNetwork.SegmentClamp {
  /// Reads a rule of nftables (NFT_MSG_NEWRULE of linux/netfilter/nf_tables.h): `struct nfgenmsg`, then
  /// attributes. Nil for a rule that leaves the MSS alone.
  ///
  /// Two forms change it: nftables' own, which writes the TCP option, and the target TCPMSS of iptables-nft.
  package init?(rule reader: inout ByteReader) throws(DissectionError) {
    let family = try reader.u8()
    try reader.skip(3)
    var names: (table: String, chain: String) = ("", "")
    var expressions: [UInt8] = []
    while let attribute = try RouteAttribute(from: &reader) {
      switch attribute.type {
      case Attribute.table: names.table = attribute.text
      case Attribute.chain: names.chain = attribute.text
      case Attribute.expressions: expressions = attribute.value
      default: break
      }
    }
    guard let size = try Self.size(expressions) else { return nil }
    self.init(
      place: "\(Self.familyName(family)) \(names.table) \(names.chain)", size: size.value)
  }

  private enum Attribute {
    static let table: UInt16 = 1
    static let chain: UInt16 = 2
    static let expressions: UInt16 = 4
    static let expressionName: UInt16 = 1
    static let expressionData: UInt16 = 2
  }

  private static func familyName(_ family: UInt8) -> String {
    switch Int32(family) {
    case 1: "inet"
    case AF_INET: "ip"
    case 5: "netdev"
    case 7: "bridge"
    case AF_INET6: "ip6"
    default: "family \(family)"
    }
  }

  /// What a register holds that may become the MSS.
  private enum Held {
    case number(UInt32)
    /// The MSS by the route's MTU.
    case route
  }

  /// What the MSS becomes; without a value, what the route's MTU allows.
  private struct Clamp {
    var value: UInt32?
  }

  /// Nil where no expression writes the MSS.
  private static func size(_ expressions: [UInt8]) throws(DissectionError) -> Clamp? {
    var registers: [UInt32: Held] = [:]
    var list = ByteReader(expressions.rawBytes)
    while let element = try RouteAttribute(from: &list) {
      let (name, data) = try expression(element.value)
      var reader = ByteReader(data.rawBytes)
      let fields = try Fields(&reader)
      switch name {
      case "immediate":
        if let register = fields[1], let value = fields.number(nestedIn: 2) {
          registers[register] = .number(value)
        }
      case "rt":
        // NFT_RT_TCPMSS.
        if let register = fields[1], fields[2] == 3 { registers[register] = .route }
      case "exthdr":
        // NFT_EXTHDR_OP_TCPOPT, the option of kind 2, from a register.
        guard fields[6] == 1, fields.octet(2) == 2, let register = fields[7] else { continue }
        if case .number(let value) = registers[register] { return Clamp(value: value) }
        return Clamp(value: nil)
      case "target":
        guard fields.text(1) == "TCPMSS", let mss = fields.hostShort(3) else { continue }
        // XT_TCPMSS_CLAMP_PMTU.
        return Clamp(value: mss == 0xFFFF ? nil : UInt32(mss))
      default: break
      }
    }
    return nil
  }

  private static func expression(
    _ element: [UInt8]
  ) throws(DissectionError) -> (name: String, data: [UInt8]) {
    var result: (name: String, data: [UInt8]) = ("", [])
    var reader = ByteReader(element.rawBytes)
    while let attribute = try RouteAttribute(from: &reader) {
      if attribute.type == Attribute.expressionName { result.name = attribute.text }
      if attribute.type == Attribute.expressionData { result.data = attribute.value }
    }
    return result
  }

  /// The attributes of one expression; numbers in network order.
  private struct Fields {
    private var values: [UInt16: [UInt8]] = [:]

    init(_ reader: inout ByteReader) throws(DissectionError) {
      while let attribute = try RouteAttribute(from: &reader) {
        values[attribute.type] = attribute.value
      }
    }

    subscript(type: UInt16) -> UInt32? {
      guard let value = values[type], value.count == 4 else { return nil }
      return value.reduce(0) { $0 << 8 | UInt32($1) }
    }

    func octet(_ type: UInt16) -> UInt8? { values[type]?.first }

    func text(_ type: UInt16) -> String? {
      values[type].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// The data of NFTA_DATA_VALUE: an MSS stands in two octets, as on the wire.
    func number(nestedIn type: UInt16) -> UInt32? {
      guard let nested = values[type] else { return nil }
      var reader = ByteReader(nested.rawBytes)
      guard let value = try? RouteAttribute(from: &reader), value.type == 1 else { return nil }
      return value.value.count == 2 ? value.value.reduce(0) { $0 << 8 | UInt32($1) } : nil
    }

    /// Two octets in the machine's order: `struct xt_tcpmss_info`.
    func hostShort(_ type: UInt16) -> UInt16? {
      guard let value = values[type] else { return nil }
      var reader = ByteReader(value.rawBytes)
      return try? reader.host16()
    }
  }
}

extension RouteAttribute {
  fileprivate var text: String { String(decoding: value.prefix { $0 != 0 }, as: UTF8.self) }
}
