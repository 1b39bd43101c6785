/// A growing run of bytes in network order: what ``ByteReader`` reads, this writes.
package struct ByteWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package var count: Int { bytes.count }

  package mutating func u8(_ value: UInt8) {
    bytes.append(value)
  }

  package mutating func u16(_ value: UInt16) {
    bytes.append(UInt8(truncatingIfNeeded: value >> 8))
    bytes.append(UInt8(truncatingIfNeeded: value))
  }

  package mutating func u32(_ value: UInt32) {
    u16(UInt16(truncatingIfNeeded: value >> 16))
    u16(UInt16(truncatingIfNeeded: value))
  }

  package mutating func u64(_ value: UInt64) {
    u32(UInt32(truncatingIfNeeded: value >> 32))
    u32(UInt32(truncatingIfNeeded: value))
  }

  package mutating func append(_ more: [UInt8]) {
    bytes.append(contentsOf: more)
  }

  package mutating func zeros(_ count: Int) {
    bytes.append(contentsOf: repeatElement(0, count: max(0, count)))
  }

  /// Overwrites two bytes that were written before. `offset` counts from the first byte written.
  package mutating func patch(_ value: UInt16, at offset: Int) {
    bytes[offset] = UInt8(truncatingIfNeeded: value >> 8)
    bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
  }

  /// Overwrites four bytes that were written before.
  package mutating func patch(_ value: UInt32, at offset: Int) {
    patch(UInt16(truncatingIfNeeded: value >> 16), at: offset)
    patch(UInt16(truncatingIfNeeded: value), at: offset + 2)
  }

  /// Writes `body` behind a 16-bit length that stands `position` bytes into it.
  ///
  /// The length counts all that `body` writes. A body over 65,535 bytes keeps the low 16 bits, as
  /// no encoder here can be asked for a length that its field cannot say.
  package mutating func lengthPrefixed(at position: Int, _ body: (inout ByteWriter) -> Void) {
    let start = count
    body(&self)
    patch(UInt16(truncatingIfNeeded: count - start), at: start + position)
  }
}
