internal import PacketDissector

/// Whether a plaintext looks like what ESP carries, where no ICV speaks for the cipher's key.
///
/// A wrong key yields noise. Noise passes as an IPv4 packet about once in 2^40 packets, as anything
/// else about once in 2^13 without an ICV, and in 2^9 beside one: that one has then proved the MAC's
/// key of the same line.
struct PlausibleContent {
  let bytes: [UInt8]
  let payloadBytes: Int
  let padLength: Int
  let nextHeader: UInt8

  /// - Parameter isAuthentic: A MAC beside the cipher has verified.
  func isLikely(isAuthentic: Bool) -> Bool {
    switch nextHeader {
    case 4: isIPv4 && (isAuthentic || isPaddingCounted)
    case 41: isIPv6 && (isAuthentic || isPaddingCounted)
    case 1, 6, 17, 58, 59, 108, 132: isPaddingCounted
    default: isAuthentic && isPaddingCounted && IPProtocol(rawValue: nextHeader).name != nil
    }
  }

  /// RFC 4303, section 2.4: padding counts 1, 2, 3.
  private var isPaddingCounted: Bool {
    for index in 0..<padLength {
      guard bytes[payloadBytes + index] == UInt8(truncatingIfNeeded: index + 1) else {
        return false
      }
    }
    return true
  }

  private var isIPv4: Bool {
    guard payloadBytes >= IPv4Header.byteCount, bytes[0] >> 4 == 4 else { return false }
    let headerBytes = Int(bytes[0] & 15) * 4
    guard headerBytes >= IPv4Header.byteCount, headerBytes <= payloadBytes, word(2) >= headerBytes,
      word(2) <= payloadBytes
    else { return false }
    var sum = 0
    for offset in stride(from: 0, to: headerBytes, by: 2) { sum += word(offset) }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return sum == 0xFFFF
  }

  private var isIPv6: Bool {
    payloadBytes >= IPv6Header.byteCount && bytes[0] >> 4 == 6
      && word(4) + IPv6Header.byteCount <= payloadBytes
  }

  private func word(_ offset: Int) -> Int { Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) }
}
