/// A bounds-checked, big-endian cursor over bytes that it does not own.
///
/// A read that succeeds moves ``offset``; one that throws moves nothing, and its error carries the
/// offset at which it began. Offsets count from the first byte of the frame.
package struct ByteReader: ~Escapable {
  private let bytes: RawSpan
  package private(set) var offset: Int
  package private(set) var end: Int
  /// What decided ``end``: the capture, or a length field of an outer header.
  package private(set) var limit: LengthSource
  /// What is being read, for the errors. Each header's initialiser sets it first.
  package var layer: Layer

  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan, limit: LengthSource = .capture, layer: Layer = .frame) {
    self.bytes = bytes
    self.offset = 0
    self.end = bytes.byteCount
    self.limit = limit
    self.layer = layer
  }

  /// A reader over part of `bytes`, whose offsets still count from the first of all of them.
  ///
  /// `range` is clamped to the bytes there are.
  @_lifetime(copy bytes)
  package init(
    _ bytes: RawSpan, in range: Range<Int>, limit: LengthSource = .capture, layer: Layer = .frame
  ) {
    self.bytes = bytes
    let clamped = range.clamped(to: 0..<bytes.byteCount)
    self.offset = clamped.lowerBound
    self.end = clamped.upperBound
    self.limit = limit
    self.layer = layer
  }

  package var remaining: Int { end &- offset }
  package var isAtEnd: Bool { offset == end }

  @_lifetime(self: copy self)
  package mutating func u8() throws(DissectionError) -> UInt8 {
    let at = try advance(by: 1)
    return unsafe bytes.unsafeLoad(fromUncheckedByteOffset: at, as: UInt8.self)
  }

  @_lifetime(self: copy self)
  package mutating func u16() throws(DissectionError) -> UInt16 {
    let at = try advance(by: 2)
    return unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt16.self).bigEndian
  }

  @_lifetime(self: copy self)
  package mutating func u32() throws(DissectionError) -> UInt32 {
    let at = try advance(by: 4)
    return unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt32.self).bigEndian
  }

  @_lifetime(self: copy self)
  package mutating func u64() throws(DissectionError) -> UInt64 {
    let at = try advance(by: 8)
    return unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt64.self).bigEndian
  }

  /// The next `count` bytes, copied.
  @_lifetime(self: copy self)
  package mutating func bytes(_ count: Int) throws(DissectionError) -> [UInt8] {
    let at = try advance(by: count)
    return unsafe bytes.extracting(unchecked: at..<at &+ count).withUnsafeBytes { unsafe Array($0) }
  }

  /// All that is left, copied.
  @_lifetime(self: copy self)
  package mutating func rest() -> [UInt8] {
    defer { offset = end }
    return unsafe bytes.extracting(unchecked: offset..<end).withUnsafeBytes { unsafe Array($0) }
  }

  @_lifetime(self: copy self)
  package mutating func skip(_ count: Int) throws(DissectionError) {
    _ = try advance(by: count)
  }

  /// A reader over the next `count` bytes, which `source` claims; this one moves past them.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  package mutating func slice(
    _ count: Int, by source: LengthSource
  ) throws(DissectionError) -> ByteReader {
    var inner = copy self
    _ = try advance(by: count)
    inner.end = offset
    inner.limit = source
    return inner
  }

  /// Lowers the end to `count` bytes from here, as an outer length field demands.
  ///
  /// A `count` beyond the end leaves it as it is: what is missing shows when it is read.
  @_lifetime(self: copy self)
  package mutating func shorten(to count: Int, by source: LengthSource) {
    guard count >= 0, count < remaining else { return }
    end = offset &+ count
    limit = source
  }

  /// The byte `distance` ahead, without moving; nil past the end.
  package func peek(_ distance: Int = 0) -> UInt8? {
    guard distance >= 0, distance < remaining else { return nil }
    // The guard proves offset + distance < end, and end never exceeds the span's count.
    return unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset &+ distance, as: UInt8.self)
  }

  /// The 32-bit word `distance` bytes ahead, without moving; nil past the end.
  package func peekWord(_ distance: Int = 0) -> UInt32? {
    guard distance >= 0, remaining >= 4, distance <= remaining &- 4 else { return nil }
    // The guard proves offset + distance + 4 <= end, and end never exceeds the span's count.
    return unsafe bytes.unsafeLoadUnaligned(
      fromUncheckedByteOffset: offset &+ distance, as: UInt32.self
    ).bigEndian
  }

  /// The eight bytes `distance` into `range` and its last eight, each zero where there are none; one call
  /// for what is asked of every packet.
  package static func edges(
    of bytes: RawSpan, in range: Range<Int>, behind distance: Int
  ) -> (start: UInt64, end: UInt64) {
    let reader = ByteReader(bytes, in: range)
    return (reader.peekLong(distance) ?? 0, reader.peekLong(reader.remaining &- 8) ?? 0)
  }

  /// The 64-bit word `distance` bytes ahead, without moving; nil past the end.
  private func peekLong(_ distance: Int) -> UInt64? {
    guard distance >= 0, remaining >= 8, distance <= remaining &- 8 else { return nil }
    // The guard proves offset + distance + 8 <= end, and end never exceeds the span's count.
    return unsafe bytes.unsafeLoadUnaligned(
      fromUncheckedByteOffset: offset &+ distance, as: UInt64.self
    ).bigEndian
  }

  /// The bytes of `range`, which counts from the first byte of the frame; clamped to what is there.
  package func copy(_ range: Range<Int>) -> [UInt8] {
    let clamped = range.clamped(to: 0..<bytes.byteCount)
    return unsafe bytes.extracting(unchecked: clamped).withUnsafeBytes { unsafe Array($0) }
  }

  package func error(
    _ reason: DissectionError.Reason, at offset: Int
  ) -> DissectionError {
    DissectionError(layer: layer, offset: offset, reason: reason)
  }

  /// Every load above begins here: on success `count` bytes from the returned offset lie below
  /// `end`, which never exceeds the span's count, so that the unchecked loads are in bounds.
  @_lifetime(self: copy self)
  private mutating func advance(by count: Int) throws(DissectionError) -> Int {
    let available = end &- offset
    guard count >= 0, available >= count else {
      throw error(.truncated(needed: count, available: available, limit: limit), at: offset)
    }
    defer { offset &+= count }
    return offset
  }
}
