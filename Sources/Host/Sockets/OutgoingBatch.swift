internal import CLinux
internal import Glibc
package import PacketDissector

/// Datagrams that go to the kernel in one call. Their bytes are copied in; nothing is allocated while it
/// is filled, sent and filled again.
@safe
package struct OutgoingBatch: ~Copyable {
  private let capacity: Int
  private let headers: UnsafeMutablePointer<message_of_many>
  private let parts: UnsafeMutablePointer<iovec>
  private let names: UnsafeMutablePointer<SocketAddress>
  private let controls: UnsafeMutablePointer<SourceControl>
  private let memory: UnsafeMutableRawBufferPointer
  private var used = 0
  private var count = 0
  private var done = 0

  /// On average; one datagram alone may have all of the memory.
  private static let payloadRoom = 2_048
  private static let largestDatagram = 65_536

  package init(capacity: Int = 64) {
    let capacity = max(1, min(capacity, 1_024))
    self.capacity = capacity
    // All have `capacity` places, and live until `deinit`; a place is filled before it counts.
    unsafe headers = .allocate(capacity: capacity)
    unsafe parts = .allocate(capacity: capacity)
    unsafe names = .allocate(capacity: capacity)
    unsafe controls = .allocate(capacity: capacity)
    unsafe memory = .allocate(
      byteCount: max(capacity * Self.payloadRoom, Self.largestDatagram), alignment: 16)
  }

  deinit {
    unsafe headers.deallocate()
    unsafe parts.deallocate()
    unsafe names.deallocate()
    unsafe controls.deallocate()
    unsafe memory.deallocate()
  }

  /// How many are still to be sent.
  package var waiting: Int { count - done }

  /// Adds a datagram; false, and nothing added, when it is full or the datagram larger than any may be.
  /// Without a source and with interface 0 the kernel chooses them.
  package mutating func append(
    _ bytes: RawSpan, to destination: Endpoint, from source: IPAddress? = nil,
    interface: UInt32 = 0
  ) -> Bool {
    let size = bytes.byteCount
    guard count < capacity, unsafe size <= memory.count - used else { return false }
    // The guard leaves `size` bytes behind `used`, and the place `count` in each list.
    let place = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[used..<used + size])
    unsafe bytes.withUnsafeBytes { unsafe place.copyMemory(from: $0) }
    unsafe parts.advanced(by: count).initialize(
      to: iovec(iov_base: place.baseAddress, iov_len: size))
    unsafe names.advanced(by: count).initialize(to: SocketAddress(destination))
    let control = SourceControl(
      source: source, interface: interface, isIPv6: destination.address.isIPv6)
    unsafe controls.advanced(by: count).initialize(to: control)
    var header = unsafe msghdr()
    unsafe header.msg_iov = parts.advanced(by: count)
    unsafe header.msg_iovlen = 1
    unsafe header.msg_name = UnsafeMutableRawPointer(names.advanced(by: count))
    unsafe header.msg_namelen = names[count].byteCount
    if control.byteCount > 0 {
      unsafe header.msg_control = UnsafeMutableRawPointer(controls.advanced(by: count))
      unsafe header.msg_controllen = control.byteCount
    }
    unsafe headers.advanced(by: count).initialize(
      to: message_of_many(header: header, byte_count: 0))
    used += size
    count += 1
    return true
  }

  package mutating func removeAll() {
    used = 0
    count = 0
    done = 0
  }

  /// Hands the rest to the kernel; how many it took, or -1 with `errno`.
  mutating func send(by socket: Int32) -> Int {
    // There are `count` headers, and what they point to lives as long.
    let sent = unsafe Int(
      send_many(socket, headers + done, UInt32(waiting), Int32(MSG_NOSIGNAL)))
    if sent > 0 { done += min(sent, waiting) }
    return sent
  }

  /// Gives up the first that waits; where it was to go.
  mutating func skipOne() -> Endpoint? {
    guard waiting > 0 else { return nil }
    defer { done += 1 }
    // `done` is below `count`.
    return unsafe names[done].endpoint
  }
}
