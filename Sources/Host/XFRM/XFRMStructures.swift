internal import PacketDissector

/// The structures that SAs, policies and events share (linux/xfrm.h). What is also on the wire comes in the
/// network's byte order, the rest in the machine's.
enum XFRMStructure {
  /// `struct xfrm_selector`.
  static let selectorBytes = 56
  /// `struct xfrm_lifetime_cfg`.
  static let limitsBytes = 64
  /// `struct xfrm_id`: an address, an SPI, a protocol and filler.
  static let idBytes = 24
}

/// An `xfrm_address_t`: 16 bytes, of which IPv4 takes the first four. Its family stands elsewhere.
struct XFRMAddress {
  private let high: UInt64
  private let low: UInt64

  init(from reader: inout ByteReader) throws(DissectionError) {
    high = try reader.u64()
    low = try reader.u64()
  }

  var isZero: Bool { high == 0 && low == 0 }

  /// Nil for a family that is neither IPv4's nor IPv6's.
  func address(family: UInt16) -> IPAddress? {
    switch family {
    case 2: IPAddress(v4: UInt32(truncatingIfNeeded: high >> 32))
    case 10: IPAddress(v6High: high, low: low)
    default: nil
    }
  }
}

extension TrafficMatch {
  /// Reads a `struct xfrm_selector`. One without a family is of `fallback`, or nil where it says nothing else
  /// either: the kernel then takes any packet.
  init?(
    selector reader: inout ByteReader, orFamily fallback: UInt16 = 0
  ) throws(DissectionError) {
    var fixed = try reader.slice(XFRMStructure.selectorBytes, by: .headerLength)
    let destination = try XFRMAddress(from: &fixed)
    let source = try XFRMAddress(from: &fixed)
    let destinationPort = Port(value: try fixed.u16(), mask: try fixed.u16())
    let sourcePort = Port(value: try fixed.u16(), mask: try fixed.u16())
    let familyOffset = fixed.offset
    var family = try fixed.host16()
    let destinationLength = try fixed.u8()
    let sourceLength = try fixed.u8()
    let ipProtocol = try fixed.u8()
    try fixed.skip(3)
    let interface = try fixed.host32()
    if family == 0 {
      let saysNothing =
        source.isZero && destination.isZero && destinationPort.mask == 0 && sourcePort.mask == 0
        && ipProtocol == 0 && interface == 0
      guard !saysNothing else { return nil }
      family = fallback
    }
    guard let source = source.address(family: family),
      let destination = destination.address(family: family)
    else {
      throw fixed.error(.badValue(field: "family", value: UInt64(family)), at: familyOffset)
    }
    self.init(
      source: Prefix(source, sourceLength), destination: Prefix(destination, destinationLength))
    self.sourcePort = sourcePort.mask == 0 ? nil : sourcePort
    self.destinationPort = destinationPort.mask == 0 ? nil : destinationPort
    self.ipProtocol = ipProtocol
    self.interface = interface
  }
}

extension KernelSA.Limits {
  /// Reads a `struct xfrm_lifetime_cfg`.
  init(from reader: inout ByteReader) throws(DissectionError) {
    self.init()
    bytes = try Self.pair(&reader)
    packets = try Self.pair(&reader)
    age = try Self.seconds(&reader)
    use = try Self.seconds(&reader)
  }

  private static func pair(_ reader: inout ByteReader) throws(DissectionError) -> Pair {
    Pair(soft: try reader.host64(), hard: try reader.host64())
  }

  /// Of times, zero is no limit either.
  private static func seconds(_ reader: inout ByteReader) throws(DissectionError) -> Pair {
    var pair = try pair(&reader)
    if pair.soft == 0 { pair.soft = nil }
    if pair.hard == 0 { pair.hard = nil }
    return pair
  }
}

extension KernelSA.Mark {
  /// Reads a `struct xfrm_mark`.
  init(from reader: inout ByteReader) throws(DissectionError) {
    self.init(value: try reader.host32(), mask: try reader.host32())
  }
}

extension Timestamp {
  /// Seconds since 1970, as the kernel tells when something was; nil for never, or beyond the year 2262.
  init?(kernelSeconds seconds: UInt64) {
    guard seconds > 0, seconds <= UInt64(Int64.max / 1_000_000_000) else { return nil }
    self.init(nanoseconds: Int64(seconds) * 1_000_000_000)
  }
}

/// Names of algorithms, which nearly all SAs share: each is made once.
struct AlgorithmNames {
  private var known: [SIMD8<UInt64>: String] = [:]
  /// More than a kernel has in use.
  private static let limit = 64

  init() {}

  /// Reads a name in 64 bytes, which ends at the first zero.
  mutating func name(from reader: inout ByteReader) throws(DissectionError) -> String {
    var words = SIMD8<UInt64>()
    for index in words.indices { words[index] = try reader.u64() }
    if let name = known[words] { return name }
    var bytes: [UInt8] = []
    for index in words.indices {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: words[index] >> UInt64(shift)))
      }
    }
    let name = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    if known.count < Self.limit { known[words] = name }
    return name
  }
}
