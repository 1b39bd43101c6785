/// A growing run of text as bytes: every line of output is built in one of these.
///
/// A million `print` calls cost five times what this does (style measurements in ARCHITECTURE.md),
/// so all text and JSON goes through it. It owns its memory and frees it.
@safe
package struct TextBuffer: ~Copyable {
  private var storage: UnsafeMutableRawBufferPointer
  /// Bytes written so far; always at most `storage.count`.
  package private(set) var count = 0

  package init(capacity: Int = 1024) {
    unsafe storage = .allocate(byteCount: max(64, capacity), alignment: 16)
  }

  deinit {
    unsafe storage.deallocate()
  }

  package mutating func removeAll() {
    count = 0
  }

  /// Drops what was written after the first `newCount` bytes.
  package mutating func truncate(to newCount: Int) {
    count = min(count, max(0, newCount))
  }

  /// Makes room for `extra` more bytes.
  @inline(never)
  private mutating func grow(by extra: Int) {
    let larger = unsafe UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(storage.count * 2, count + extra), alignment: 16)
    unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[..<count]))
    unsafe storage.deallocate()
    unsafe storage = larger
  }

  package mutating func put(_ byte: UInt8) {
    if unsafe count == storage.count { grow(by: 1) }
    // `grow` left room for one more byte at `count`.
    unsafe storage[count] = byte
    count &+= 1
  }

  package mutating func put(_ text: StaticString) {
    let length = text.utf8CodeUnitCount
    if unsafe storage.count &- count < length { grow(by: length) }
    // `grow` left room for `length` bytes at `count`; a static string holds that many.
    unsafe (storage.baseAddress.unsafelyUnwrapped + count).copyMemory(
      from: text.utf8Start, byteCount: length)
    count &+= length
  }

  package mutating func put(_ text: String) {
    for byte in text.utf8 { put(byte) }
  }

  package mutating func put(_ bytes: [UInt8]) {
    for byte in bytes { put(byte) }
  }

  package mutating func spaces(_ number: Int) {
    for _ in 0..<max(0, number) { put(UInt8(ascii: " ")) }
  }

  /// Spaces up to column `column`, counted from byte `start`; none if it is already past.
  package mutating func pad(to column: Int, from start: Int) {
    spaces(column &- (count &- start))
  }

  package mutating func decimal(_ value: UInt64) {
    guard value >= 10 else { return put(0x30 &+ UInt8(truncatingIfNeeded: value)) }
    let digits = Self.digits(of: value)
    if unsafe storage.count &- count < digits { grow(by: digits) }
    var rest = value
    var at = count &+ digits
    // `grow` left room for `digits` bytes at `count`, and the loop writes just those, last first.
    repeat {
      at &-= 1
      unsafe storage[at] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while at > count
    count &+= digits
  }

  package mutating func decimal(_ value: some FixedWidthInteger & UnsignedInteger) {
    decimal(UInt64(value))
  }

  package mutating func decimal(_ value: Int) {
    if value < 0 { put(UInt8(ascii: "-")) }
    decimal(UInt64(value.magnitude))
  }

  /// `value` in decimal, at the right of a column `width` wide.
  package mutating func decimal(_ value: UInt64, rightIn width: Int) {
    spaces(width &- Self.digits(of: value))
    decimal(value)
  }

  /// `value` in decimal with leading zeros up to `width` digits.
  package mutating func decimal(_ value: UInt64, width: Int) {
    for _ in 0..<max(0, width &- Self.digits(of: value)) { put(UInt8(ascii: "0")) }
    decimal(value)
  }

  /// `value` in lower-case hexadecimal, `digits` digits wide.
  package mutating func hex(_ value: UInt64, digits: Int) {
    var shift = digits &* 4
    while shift > 0 {
      shift &-= 4
      put(Self.hexDigit(UInt8(truncatingIfNeeded: value >> UInt64(shift))))
    }
  }

  /// `value` in lower-case hexadecimal without leading zeros.
  package mutating func hex(_ value: UInt64) {
    hex(value, digits: max(1, (67 &- value.leadingZeroBitCount) / 4))
  }

  package mutating func hex(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      put(Self.hexDigit(byte >> 4))
      put(Self.hexDigit(byte))
    }
  }

  /// The text as a string.
  package var string: String {
    unsafe String(decoding: storage[..<count], as: UTF8.self)
  }

  /// Lends the bytes to `body`.
  package borrowing func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(UnsafeRawBufferPointer(rebasing: storage[..<count]))
  }

  private static func digits(of value: UInt64) -> Int {
    var digits = 1
    var bound: UInt64 = 10
    while value >= bound {
      digits &+= 1
      let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
      if overflow { break }
      bound = next
    }
    return digits
  }

  private static func hexDigit(_ nibble: UInt8) -> UInt8 {
    let low = nibble & 0xF
    return low < 10 ? 0x30 &+ low : 0x57 &+ low
  }
}
