import CLinux
import Host
import PacketDissector

/// Netlink messages as the kernel would write them.
enum Message {
  static let state = UInt16(XFRM_MSG_NEWSA)

  /// A message with its filler.
  static func netlink(
    _ type: UInt16, _ payload: [UInt8], flags: UInt16 = 2, sequence: UInt32 = 1
  ) -> [UInt8] {
    var writer = ByteWriter()
    NetlinkHeader(
      type: type, flags: flags, sequence: sequence, payloadBytes: UInt32(payload.count)
    ).write(to: &writer)
    writer.append(payload)
    writer.zeros((4 - payload.count % 4) % 4)
    return writer.bytes
  }

  static func done(_ code: Int32? = 0, flags: UInt16 = 2) -> [UInt8] {
    netlink(3, code.map { host($0) } ?? [], flags: flags)
  }

  static func error(_ code: Int32) -> [UInt8] {
    // The request follows the number.
    netlink(2, host(code) + [UInt8](repeating: 0, count: 16))
  }

  /// Seconds since 1970.
  static let added: UInt64 = 1_795_000_000

  /// `struct xfrm_usersa_info`.
  static func fixed(
    source: [UInt8] = [10, 0, 0, 1], destination: [UInt8] = [10, 0, 0, 2],
    spi: UInt32 = 0xC000_0001, ipProtocol: UInt8 = 50, family: UInt16 = 2, mode: UInt8 = 1,
    window: UInt8 = 32, flags: UInt8 = 0x20,
    selector: [UInt8] = [UInt8](repeating: 0, count: 56), limits: [UInt64] = []
  ) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(selector)
    writer.append(destination + [UInt8](repeating: 0, count: 16 - destination.count))
    writer.u32(spi)
    writer.append([ipProtocol, 0xEE, 0xEE, 0xEE])
    writer.append(source + [UInt8](repeating: 0, count: 16 - source.count))
    writer.append(limits.flatMap { host($0) })
    writer.append([UInt8](repeating: 0xFF, count: 64 - 8 * limits.count))
    writer.append(host(UInt64(8400)) + host(UInt64(100)) + host(added) + host(added + 6))
    writer.append(host(UInt32(7)) + host(UInt32(8)) + host(UInt32(9)))
    writer.append(host(UInt32(0xEEEE_EEEE)) + host(UInt32(42)) + host(family))
    writer.append([mode, window, flags])
    writer.zeros(7)
    return writer.bytes
  }

  /// An attribute with its filler.
  static func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
    host(UInt16(4 + value.count)) + host(type) + value
      + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
  }

  /// `struct xfrm_algo`, or with `icvBits` one of the larger two.
  static func algorithm(_ name: String, key: [UInt8], icvBits: UInt32? = nil) -> [UInt8] {
    var value = Array(name.utf8)
    value += [UInt8](repeating: 0, count: 64 - value.count)
    value += host(UInt32(key.count * 8))
    if let icvBits { value += host(icvBits) }
    return value + key
  }

  /// `struct xfrm_selector`.
  static func selector(
    source: [UInt8], _ sourceLength: UInt8, destination: [UInt8], _ destinationLength: UInt8,
    family: UInt16 = 2, ipProtocol: UInt8 = 0, destinationPort: UInt16 = 0, interface: UInt32 = 0
  ) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(destination + [UInt8](repeating: 0, count: 16 - destination.count))
    writer.append(source + [UInt8](repeating: 0, count: 16 - source.count))
    writer.u16(destinationPort)
    writer.u16(destinationPort == 0 ? 0 : 0xFFFF)
    writer.zeros(4)
    writer.append(host(family) + [destinationLength, sourceLength, ipProtocol, 0xEE, 0xEE, 0xEE])
    writer.append(host(interface) + host(UInt32(0)))
    return writer.bytes
  }

  static let key = [UInt8](1...16)
  static let longKey = [UInt8](0x40...0x5F)

  /// One with most attributes that there are.
  static let everything: [UInt8] =
    fixed(flags: 0x80)
    + attribute(1, algorithm("hmac(sha256)", key: longKey))
    + attribute(20, algorithm("hmac(sha256)", key: longKey, icvBits: 128))
    + attribute(2, algorithm("cbc(aes)", key: key))
    + attribute(
      4, host(UInt16(2)) + [0x11, 0x94, 0x11, 0x95] + [UInt8](repeating: 0, count: 18))
    + attribute(21, host(UInt32(7)) + host(UInt32(0xFF)))
    + attribute(23, host(UInt32(1)) + esn + host(UInt32(0xFFFF_FFFF)))
    + attribute(15, host(UInt64(1_795_439_130)))
    + attribute(31, host(UInt32(9)))
    + attribute(33, [2])

  private static let esn: [UInt8] =
    host(UInt32(10)) + host(UInt32(20)) + host(UInt32(1)) + host(UInt32(2)) + host(UInt32(64))

  /// A number's bytes in the machine's order.
  static func host(_ value: some FixedWidthInteger) -> [UInt8] {
    let value = value.bigEndian
    let shifts = stride(from: value.bitWidth - 8, through: 0, by: -8)
    return shifts.map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}

/// Reads one SA out of a payload.
func parse(
  _ payload: [UInt8], withKeys: Bool = true
) throws(DissectionError) -> KernelSA {
  var reader = ByteReader(payload.rawBytes)
  return try KernelSA(from: &reader, withKeys: withKeys)
}
