internal import CLinux
internal import Glibc
package import PacketDissector

/// What the kernel tells beside a datagram, or of an error: the control messages of recvmsg(2).
package struct ControlMessages: Equatable, Sendable {
  /// `struct sock_extended_err` (linux/errqueue.h), and who sent the ICMP message.
  package struct ExtendedError: Equatable, Sendable {
    /// An `errno`.
    package var code: Int32
    /// SO_EE_ORIGIN_…: 1 is this machine, 2 ICMP, 3 ICMPv6.
    package var origin: UInt8
    package var type: UInt8
    package var icmpCode: UInt8
    /// The MTU, where the error has one.
    package var info: UInt32
    package var offender: IPAddress?
  }

  package private(set) var destination: IPAddress?
  /// Index of the interface the datagram came in by; 0 where the kernel does not tell.
  package private(set) var interface: UInt32 = 0
  /// When the kernel took it from the interface.
  package private(set) var time: Timestamp?
  package private(set) var hopLimit: UInt8?
  /// DSCP and ECN.
  package private(set) var trafficClass: UInt8?
  /// Datagrams that found no room in the socket's buffer, since it was made.
  package private(set) var dropped: UInt32?
  package private(set) var error: ExtendedError?

  /// Reads all there are. A message that lies about its length ends the list; one that is too short for
  /// its type, or of a type that is not asked for, is passed over.
  package init(_ bytes: RawSpan) {
    var reader = ByteReader(bytes)
    while let message = Self.next(&reader) {
      var content = ByteReader(bytes, in: message.content)
      read(message.level, message.type, &content)
    }
  }

  private struct Message {
    var level: Int32
    var type: Int32
    var content: Range<Int>
  }

  /// `struct cmsghdr`: the length with the header, the level and the type; then the content, and filler
  /// up to a multiple of the length's own size.
  private static func next(_ reader: inout ByteReader) -> Message? {
    let start = reader.offset
    guard let length = try? reader.host64(), let level = try? reader.host32(),
      let type = try? reader.host32()
    else { return nil }
    let content = reader.offset
    let headerBytes = UInt64(content - start)
    guard length >= headerBytes, length - headerBytes <= UInt64(reader.remaining) else {
      return nil
    }
    let count = Int(length - headerBytes)
    guard (try? reader.skip(count)) != nil else { return nil }
    try? reader.skip(min(reader.remaining, (8 - count % 8) % 8))
    return Message(
      level: Int32(bitPattern: level), type: Int32(bitPattern: type),
      content: content..<content + count)
  }

  private mutating func read(_ level: Int32, _ type: Int32, _ content: inout ByteReader) {
    switch (level, type) {
    case (SOL_SOCKET, SO_TIMESTAMPNS): time = Timestamp(timespec: &content) ?? time
    case (SOL_SOCKET, SO_RXQ_OVFL): dropped = (try? content.host32()) ?? dropped
    case (SOL_IP, IP_PKTINFO): readPacketInfo(&content)
    case (SOL_IPV6, IPV6_PKTINFO): readPacketInfo6(&content)
    case (SOL_IP, IP_TTL), (SOL_IPV6, IPV6_HOPLIMIT): hopLimit = Self.octet(&content) ?? hopLimit
    case (SOL_IP, IP_TOS): trafficClass = (try? content.u8()) ?? trafficClass
    case (SOL_IPV6, IPV6_TCLASS): trafficClass = Self.octet(&content) ?? trafficClass
    case (SOL_IP, IP_RECVERR), (SOL_IPV6, IPV6_RECVERR):
      error = ExtendedError(&content) ?? error
    default: break
    }
  }

  /// `struct in_pktinfo`: the interface, the local address, and the destination in the header.
  private mutating func readPacketInfo(_ content: inout ByteReader) {
    guard let index = try? content.host32(), (try? content.u32()) != nil,
      let address = try? content.u32()
    else { return }
    interface = index
    destination = IPAddress(v4: address)
  }

  /// `struct in6_pktinfo`: the destination and the interface.
  private mutating func readPacketInfo6(_ content: inout ByteReader) {
    guard let high = try? content.u64(), let low = try? content.u64(),
      let index = try? content.host32()
    else { return }
    interface = index
    destination = IPAddress(v6High: high, low: low)
  }

  /// An `int` that holds one octet.
  private static func octet(_ content: inout ByteReader) -> UInt8? {
    (try? content.host32()).flatMap(UInt8.init(exactly:))
  }
}

extension ControlMessages.ExtendedError {
  fileprivate init?(_ content: inout ByteReader) {
    guard let number = try? content.host32(), let origin = try? content.u8(),
      let type = try? content.u8(), let icmpCode = try? content.u8(),
      (try? content.skip(1)) != nil, let info = try? content.host32(),
      // Where the quote ends (RFC 4884), which is not asked for.
      (try? content.skip(4)) != nil
    else { return nil }
    code = Int32(bitPattern: number)
    self.origin = origin
    self.type = type
    self.icmpCode = icmpCode
    self.info = info
    offender = Endpoint(socketAddress: &content)?.address
  }
}

extension Timestamp {
  /// A `struct timespec` of a 64-bit machine; nil where it is cut, or is no time.
  fileprivate init?(timespec content: inout ByteReader) {
    guard let seconds = try? content.host64(), let fraction = try? content.host64(),
      fraction < 1_000_000_000
    else { return nil }
    let (whole, overflow) = Int64(bitPattern: seconds).multipliedReportingOverflow(
      by: 1_000_000_000)
    let (sum, overflowed) = whole.addingReportingOverflow(Int64(fraction))
    guard !overflow, !overflowed else { return nil }
    self.init(nanoseconds: sum)
  }
}
