internal import CLinux
internal import Glibc
internal import PacketDissector

/// The control message that chooses a datagram's source: a `struct cmsghdr` on a 64-bit machine, then an
/// `in_pktinfo` (three words) or an `in6_pktinfo` (five).
struct SourceControl {
  /// Header and content, without the filler behind it.
  private var length = 0
  private var level: Int32 = 0
  private var type: Int32 = 0
  private var content: InlineArray<6, UInt32> = .init(repeating: 0)

  /// A multiple of eight, as control messages want; 0 for none.
  let byteCount: Int

  private static let headerBytes = 16

  /// Without an address and with interface 0 the kernel chooses, and there is no message.
  init(source: IPAddress?, interface: UInt32, isIPv6: Bool) {
    guard source != nil || interface != 0 else {
      byteCount = 0
      return
    }
    if isIPv6 {
      let address = source ?? IPAddress(v6High: 0, low: 0)
      level = SOL_IPV6
      type = IPV6_PKTINFO
      content[0] = UInt32(truncatingIfNeeded: address.high >> 32).bigEndian
      content[1] = UInt32(truncatingIfNeeded: address.high).bigEndian
      content[2] = UInt32(truncatingIfNeeded: address.low >> 32).bigEndian
      content[3] = UInt32(truncatingIfNeeded: address.low).bigEndian
      content[4] = interface
      length = Self.headerBytes + 20
      byteCount = Self.headerBytes + 24
    } else {
      level = SOL_IP
      type = IP_PKTINFO
      content[0] = interface
      content[1] = UInt32(truncatingIfNeeded: source?.low ?? 0).bigEndian
      length = Self.headerBytes + 12
      byteCount = Self.headerBytes + 16
    }
  }
}
