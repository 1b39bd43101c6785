/// A growing run of text as bytes: every line of output is built in one of these.
///
/// A million `print` calls cost five times what this does (style measurements in ARCHITECTURE.md),
/// so all text and JSON goes through it. It owns its memory and frees it. What is called for every
/// few bytes is inlinable: the lines are built in another module.
@safe
package struct TextBuffer: ~Copyable {
  @usableFromInline var storage: UnsafeMutableRawBufferPointer
  /// Bytes written so far; always at most `storage.count`.
  @usableFromInline package private(set) var count = 0

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

  @inline(never)
  @usableFromInline
  mutating func grow(by extra: Int) {
    let larger = unsafe UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(storage.count * 2, count + extra), alignment: 16)
    unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[..<count]))
    unsafe storage.deallocate()
    unsafe storage = larger
  }

  /// Room for `extra` more bytes, and where they begin. The caller writes just those, then adds
  /// what it wrote to `count`.
  @inlinable
  @inline(__always)
  mutating func reserve(_ extra: Int) -> UnsafeMutablePointer<UInt8> {
    if unsafe storage.count &- count < extra { grow(by: extra) }
    // An allocation of at least 64 bytes has an address, and `grow` left room behind `count`.
    return unsafe (storage.baseAddress.unsafelyUnwrapped + count).assumingMemoryBound(
      to: UInt8.self)
  }

  @inlinable
  @inline(__always)
  package mutating func put(_ byte: UInt8) {
    unsafe reserve(1).pointee = byte
    count &+= 1
  }

  @inlinable
  @inline(__always)
  package mutating func put(_ text: StaticString) {
    let length = text.utf8CodeUnitCount
    unsafe reserve(length).update(from: text.utf8Start, count: length)
    count &+= length
  }

  /// Disfavoured, so that a literal is copied as the static string that it is.
  @_disfavoredOverload
  package mutating func put(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      guard let start = bytes.baseAddress else { return }
      unsafe reserve(bytes.count).update(from: start, count: bytes.count)
      count &+= bytes.count
    }
  }

  package mutating func put(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return }
      unsafe reserve(bytes.count).update(from: start, count: bytes.count)
      count &+= bytes.count
    }
  }

  package mutating func spaces(_ number: Int) {
    for _ in 0..<max(0, number) { put(UInt8(ascii: " ")) }
  }

  /// Spaces up to column `column`, counted from byte `start`; none if it is already past.
  package mutating func pad(to column: Int, from start: Int) {
    spaces(column &- (count &- start))
  }

  package mutating func decimal(_ value: UInt64) {
    if value < 1000 { return decimal(small: UInt32(truncatingIfNeeded: value)) }
    let digits = Self.digits(of: value)
    var at = unsafe reserve(digits) + digits
    // One digit a step from the last to the first: the loop writes just the `digits` reserved.
    var rest = value
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      unsafe at -= 1
      unsafe at.pointee = 0x30 &+ UInt8(truncatingIfNeeded: digit)
      rest = quotient
    } while rest > 0
    count &+= digits
  }

  /// A value below 1000: most numbers in a line are bytes of addresses and small counts.
  @inlinable
  @inline(__always)
  mutating func decimal(small value: UInt32) {
    // At most three bytes are written of the three reserved.
    let start = unsafe reserve(3)
    if value < 10 {
      unsafe start[0] = 0x30 &+ UInt8(truncatingIfNeeded: value)
      count &+= 1
    } else if value < 100 {
      unsafe start[0] = 0x30 &+ UInt8(truncatingIfNeeded: value / 10)
      unsafe start[1] = 0x30 &+ UInt8(truncatingIfNeeded: value % 10)
      count &+= 2
    } else {
      unsafe start[0] = 0x30 &+ UInt8(truncatingIfNeeded: value / 100)
      unsafe start[1] = 0x30 &+ UInt8(truncatingIfNeeded: value / 10 % 10)
      unsafe start[2] = 0x30 &+ UInt8(truncatingIfNeeded: value % 10)
      count &+= 3
    }
  }

  @inlinable
  package mutating func decimal(_ value: UInt8) {
    decimal(small: UInt32(value))
  }

  @inlinable
  package mutating func decimal(_ value: UInt16) {
    decimal(UInt64(value))
  }

  @inlinable
  package mutating func decimal(_ value: UInt32) {
    decimal(UInt64(value))
  }

  @inlinable
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
    guard Self.digits(of: value) <= width else { return decimal(value) }
    let start = unsafe reserve(width)
    var rest = value
    // Writes just the `width` bytes reserved, last first.
    for index in stride(from: width &- 1, through: 0, by: -1) {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      unsafe start[index] = 0x30 &+ UInt8(truncatingIfNeeded: digit)
      rest = quotient
    }
    count &+= width
  }

  /// `value` in lower-case hexadecimal, `digits` digits wide.
  package mutating func hex(_ value: UInt64, digits: Int) {
    let start = unsafe reserve(digits)
    var rest = value
    // Writes just the `digits` reserved, last first.
    for index in stride(from: digits &- 1, through: 0, by: -1) {
      unsafe start[index] = Self.hexDigit(UInt8(truncatingIfNeeded: rest))
      rest >>= 4
    }
    count &+= digits
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
    var rest = value
    while rest >= 10_000 {
      rest /= 10_000
      digits &+= 4
    }
    return digits &+ (rest >= 1000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
  }

  private static func hexDigit(_ nibble: UInt8) -> UInt8 {
    let low = nibble & 0xF
    return low < 10 ? 0x30 &+ low : 0x57 &+ low
  }
}
