import Glibc

/// A growing run of bytes that is filled at the back and used up at the front.
///
///     0          start            end            storage.count
///     | used up  | unread (count) | free          |
///
/// `0 <= start <= end <= storage.count` holds after every method. Each access to `storage` is to a
/// range that its method has checked against these, which keeps it in bounds. Bytes that were used
/// up stay where they are until the next ``makeRoom()``, ``reset(headroom:)`` or exchange.
@safe
struct ReadBuffer: ~Copyable {
  private var storage: UnsafeMutableRawBufferPointer
  private(set) var start: Int
  private(set) var end: Int

  /// An empty buffer whose first byte will stand at `headroom`.
  init(capacity: Int, headroom: Int = 0) {
    start = max(0, headroom)
    end = start
    unsafe storage = .allocate(byteCount: start + max(64, capacity), alignment: 16)
  }

  deinit {
    unsafe storage.deallocate()
  }

  var count: Int { end &- start }
  var free: Int { unsafe storage.count &- end }

  /// The 32-bit word `offset` bytes from the first unread one, in the machine's order.
  ///
  /// A caller knows that it is there; 0 if it is not.
  func u32(at offset: Int) -> UInt32 {
    guard offset >= 0, count >= 4, offset <= count &- 4 else { return 0 }
    // start + offset + 4 <= end
    return unsafe storage.loadUnaligned(fromByteOffset: start &+ offset, as: UInt32.self)
  }

  /// The bytes at `range` of the storage, used up or not, as far as they were ever filled.
  @_lifetime(borrow self)
  func span(_ range: Range<Int>) -> RawSpan {
    // Clamped to what was filled.
    let filled = range.clamped(to: 0..<end)
    let bytes = unsafe RawSpan(
      _unsafeBytes: UnsafeRawBufferPointer(rebasing: storage[filled]))
    return unsafe _overrideLifetime(bytes, borrowing: self)
  }

  /// A copy of the bytes at `range` of the storage.
  func copy(_ range: Range<Int>) -> [UInt8] {
    unsafe Array(storage[range.clamped(to: 0..<end)])
  }

  mutating func consume(_ number: Int) {
    start &+= min(max(0, number), count)
  }

  /// Empties the buffer; its next byte will stand at `headroom`.
  mutating func reset(headroom: Int) {
    start = unsafe min(max(0, headroom), storage.count)
    end = start
  }

  /// Makes free space at the back: by moving what is unread to the front, or by growing.
  mutating func makeRoom() {
    if start > 0 {
      let unread = count
      // Both ranges lie in the storage; they may overlap, as `memmove` allows.
      if unread > 0, let base = unsafe storage.baseAddress {
        unsafe _ = memmove(base, base + start, unread)
      }
      start = 0
      end = unread
    }
    if free == 0 { grow(by: 1) }
  }

  @inline(never)
  private mutating func grow(by extra: Int) {
    let larger = unsafe UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(storage.count * 2, end + extra), alignment: 16)
    unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[..<end]))
    unsafe storage.deallocate()
    unsafe storage = larger
  }

  /// One `read(2)` into the free space: the bytes it gave, 0 at the end, or minus `errno`.
  mutating func read(from descriptor: Int32) -> Int {
    while true {
      let (room, got) = unsafe withFree(upTo: .max) { space in
        (space.count, unsafe Glibc.read(descriptor, space.baseAddress, space.count))
      }
      if got >= 0 {
        end &+= min(got, room)
        return got
      }
      if errno != EINTR { return -Int(errno) }
    }
  }

  /// Lends at most `limit` bytes of the free space. What is written there counts once it is
  /// announced to ``filled(_:)``.
  func withFree<Result>(
    upTo limit: Int, _ body: (UnsafeMutableRawBufferPointer) -> Result
  ) -> Result {
    let last = end &+ min(max(0, limit), free)
    return unsafe body(UnsafeMutableRawBufferPointer(rebasing: storage[end..<last]))
  }

  /// Lends the unread bytes.
  func withUnread<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe body(UnsafeRawBufferPointer(rebasing: storage[start..<end]))
  }

  /// Adds `number` bytes that were written to the free space.
  mutating func filled(_ number: Int) {
    end &+= min(max(0, number), free)
  }

  /// Puts the unread bytes of `other` before the own ones, if there is space before them.
  mutating func prepend(_ other: borrowing ReadBuffer) -> Bool {
    let extra = other.count
    guard extra <= start else { return false }
    if extra > 0 {
      // start - extra >= 0, and the other's range is checked by its own slice.
      unsafe storage[(start &- extra)..<start].copyBytes(
        from: other.storage[other.start..<other.end])
    }
    start &-= extra
    return true
  }

  /// Adds the unread bytes of `other` behind the own ones, growing if need be.
  mutating func append(_ other: borrowing ReadBuffer) {
    let extra = other.count
    if free < extra { makeRoom() }
    if free < extra { grow(by: extra) }
    guard extra > 0 else { return }
    unsafe storage[end..<(end &+ extra)].copyBytes(from: other.storage[other.start..<other.end])
    end &+= extra
  }
}
