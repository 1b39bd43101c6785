/// The record stream of IKE and ESP in TCP (RFC 9329, section 3 and 4).
///
///     "IKETCP" once, then records:
///     +- length 16, itself included -+- 0 32 -+- IKE message -+
///     +- length 16, itself included -+- ESP packet -+
package enum TCPEncapsulation {
  package static let port: UInt16 = 4500
  /// "IKETCP", which the connection's originator sends first.
  package static let prefix: [UInt8] = [0x49, 0x4B, 0x45, 0x54, 0x43, 0x50]

  /// Whether a segment's payload begins with the prefix: its first and its last four bytes.
  static func opens(_ payload: borrowing ByteReader) -> Bool {
    payload.peekWord() == 0x494B_4554 && payload.peekWord(2) == 0x4554_4350
  }

  /// What the next bytes of a stream are.
  enum Element: Equatable {
    case prefix
    /// A record's content of `count` bytes behind its length.
    case record(count: Int)
    /// A length of 0 or 1: the peers must close the connection.
    case broken
    /// Not all of it is there yet.
    case incomplete
  }

  static func next(in bytes: ArraySlice<UInt8>, atStart: Bool) -> Element {
    if atStart, !bytes.isEmpty, prefix.starts(with: bytes.prefix(prefix.count)) {
      return bytes.count >= prefix.count ? .prefix : .incomplete
    }
    guard bytes.count >= 2 else { return .incomplete }
    let length = Int(bytes[bytes.startIndex]) << 8 | Int(bytes[bytes.startIndex + 1])
    guard length >= 2 else { return .broken }
    return bytes.count >= length ? .record(count: length - 2) : .incomplete
  }

  /// Whether `bytes` can be taken for a place where a record begins: for a stream whose start the
  /// capture missed. Whole records must fill it exactly.
  static func isAligned(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard case .record(let count) = next(in: rest, atStart: false), count >= 1 else {
        return false
      }
      rest = rest.dropFirst(count + 2)
    }
    return true
  }

  /// A record as it goes on the wire; an IKE message gets its marker.
  package static func write(_ content: [UInt8], isIKE: Bool, to writer: inout ByteWriter) {
    writer.u16(UInt16(truncatingIfNeeded: content.count + (isIKE ? 6 : 2)))
    if isIKE { writer.u32(0) }
    writer.append(content)
  }
}
