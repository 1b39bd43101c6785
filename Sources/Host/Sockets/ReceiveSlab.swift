internal import CLinux
internal import Glibc
internal import PacketDissector

/// Memory for datagrams that the kernel writes many at a time, each with its sender and its control
/// messages. Memory that is never written takes none.
@safe
struct ReceiveSlab: ~Copyable {
  let capacity: Int
  private let headers: UnsafeMutablePointer<message_of_many>
  private let parts: UnsafeMutablePointer<iovec>
  private let senders: UnsafeMutablePointer<SocketAddress>
  private let memory: UnsafeMutableRawPointer

  /// No datagram is larger: both IPv4's length field and UDP's end here.
  private static let payloadRoom = 65_536
  /// Twice what all control messages that are asked for take together.
  private static let controlRoom = 512
  private static let slotRoom = payloadRoom + controlRoom

  init(capacity: Int) {
    self.capacity = capacity
    // All four have `capacity` places, are filled here, and live until `deinit`.
    unsafe headers = .allocate(capacity: capacity)
    unsafe parts = .allocate(capacity: capacity)
    unsafe senders = .allocate(capacity: capacity)
    unsafe memory = .allocate(byteCount: capacity * Self.slotRoom, alignment: 16)
    for index in 0..<capacity {
      unsafe senders.advanced(by: index).initialize(to: SocketAddress())
      unsafe parts.advanced(by: index).initialize(
        to: iovec(iov_base: payload(index), iov_len: Self.payloadRoom))
      var header = unsafe msghdr()
      unsafe header.msg_iov = parts.advanced(by: index)
      unsafe header.msg_iovlen = 1
      unsafe header.msg_name = UnsafeMutableRawPointer(senders.advanced(by: index))
      unsafe header.msg_control = control(index)
      unsafe headers.advanced(by: index).initialize(
        to: message_of_many(header: header, byte_count: 0))
    }
  }

  deinit {
    unsafe headers.deallocate()
    unsafe parts.deallocate()
    unsafe senders.deallocate()
    unsafe memory.deallocate()
  }

  /// Takes what waits, up to `capacity`; how many, or -1 with `errno`.
  mutating func receive(from socket: Int32, flags: Int32 = 0) -> Int {
    for index in 0..<capacity { reset(index) }
    // There are `capacity` headers, whose pointers are those of `init`.
    return unsafe Int(
      receive_many(socket, headers, UInt32(capacity), Int32(MSG_DONTWAIT) | flags, nil))
  }

  /// Takes the first that waits into place 0; whether there was one. If not, `errno` says why.
  mutating func receiveOne(from socket: Int32, flags: Int32 = 0) -> Bool {
    reset(0)
    // The header's pointers are those of `init`.
    let count = unsafe recvmsg(
      socket, &headers.pointee.header, Int32(MSG_DONTWAIT) | flags)
    guard count >= 0 else { return false }
    unsafe headers.pointee.byte_count = UInt32(clamping: count)
    return true
  }

  private mutating func reset(_ index: Int) {
    unsafe headers[index].header.msg_namelen = SocketAddress().byteCount
    unsafe headers[index].header.msg_controllen = Self.controlRoom
    unsafe headers[index].header.msg_flags = 0
  }

  /// The sender, or of an error the destination; nil where the kernel wrote none. `index` is below
  /// what `receive` returned.
  func endpoint(_ index: Int) -> Endpoint? {
    var address = unsafe senders[index]
    address.byteCount = unsafe min(headers[index].header.msg_namelen, address.byteCount)
    return address.endpoint
  }

  func controlMessages(_ index: Int) -> ControlMessages {
    let count = unsafe min(headers[index].header.msg_controllen, Self.controlRoom)
    // The kernel wrote that many, and the place is as large.
    return unsafe ControlMessages(
      RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: control(index), count: count)))
  }

  @_lifetime(borrow self)
  func bytes(_ index: Int) -> RawSpan {
    let count = unsafe min(Int(headers[index].byte_count), Self.payloadRoom)
    // The kernel wrote that many, and the place is as large; it stays until `deinit`.
    let bytes = unsafe RawSpan(
      _unsafeBytes: UnsafeRawBufferPointer(start: payload(index), count: count))
    return unsafe _overrideLifetime(bytes, borrowing: self)
  }

  /// Places lie one behind the other, `slotRoom` bytes each; `index` is below `capacity`.
  private func payload(_ index: Int) -> UnsafeMutableRawPointer {
    unsafe memory + index * Self.slotRoom
  }

  private func control(_ index: Int) -> UnsafeMutableRawPointer {
    unsafe payload(index) + Self.payloadRoom
  }
}
