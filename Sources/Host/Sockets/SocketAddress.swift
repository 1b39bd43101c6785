internal import CLinux
internal import Glibc
internal import PacketDissector

/// A `sockaddr_in` or `sockaddr_in6`, in the memory of the larger one.
///
/// Both begin with the family and the port. Where IPv6 has its flow label, IPv4 has the address.
struct SocketAddress {
  var storage = sockaddr_in6()
  var byteCount: socklen_t

  /// Room for the kernel to write one.
  init() {
    byteCount = socklen_t(MemoryLayout<sockaddr_in6>.size)
  }

  init(_ endpoint: Endpoint) {
    storage.sin6_port = endpoint.port.bigEndian
    if endpoint.address.isIPv6 {
      storage.sin6_family = sa_family_t(AF_INET6)
      storage.sin6_addr = in6_addr(endpoint.address)
      byteCount = socklen_t(MemoryLayout<sockaddr_in6>.size)
    } else {
      storage.sin6_family = sa_family_t(AF_INET)
      storage.sin6_flowinfo = UInt32(truncatingIfNeeded: endpoint.address.low).bigEndian
      byteCount = socklen_t(MemoryLayout<sockaddr_in>.size)
    }
  }

  /// Nil where the kernel wrote none, or one of another family.
  var endpoint: Endpoint? {
    unsafe withUnsafeBytes(of: storage) { memory in
      // The memory outlives the span, and all of it was initialised.
      var reader = unsafe ByteReader(
        RawSpan(_unsafeBytes: memory), in: 0..<Int(clamping: byteCount))
      return Endpoint(socketAddress: &reader)
    }
  }

  /// Lends the address as the system calls want it.
  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    unsafe withUnsafePointer(to: storage) { storage in
      // A sockaddr_in6 is a sockaddr of its family, and of the size given.
      unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe body(address, byteCount)
      }
    }
  }

  /// Lends the address to be written; the count says how much was.
  mutating func withMutablePointer<Result>(
    _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
  ) -> Result {
    var count = byteCount
    let result = unsafe withUnsafeMutablePointer(to: &storage) { storage in
      // A sockaddr_in6 is a sockaddr of its family, and of the size given.
      unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe body(address, &count)
      }
    }
    byteCount = count
    return result
  }
}

extension in6_addr {
  init(_ address: IPAddress) {
    self.init()
    let words = (address.high.bigEndian, address.low.bigEndian)
    // Both are 16 bytes.
    unsafe withUnsafeMutableBytes(of: &self) { own in
      unsafe withUnsafeBytes(of: words) { unsafe own.copyMemory(from: $0) }
    }
  }
}

extension Endpoint {
  /// Reads a `sockaddr_in` or `sockaddr_in6`; nil for any other, and for one that is cut.
  init?(socketAddress reader: inout ByteReader) {
    guard let family = try? reader.host16(), let port = try? reader.u16() else { return nil }
    switch Int32(family) {
    case AF_INET:
      guard let address = try? reader.u32() else { return nil }
      self.init(IPAddress(v4: address), port)
    case AF_INET6:
      guard (try? reader.skip(4)) != nil, let high = try? reader.u64(),
        let low = try? reader.u64()
      else { return nil }
      self.init(IPAddress(v6High: high, low: low), port)
    default: return nil
    }
  }
}
