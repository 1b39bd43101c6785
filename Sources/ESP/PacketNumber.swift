/// A packet's 64-bit sequence number in the forms that ciphers and ICVs take it in.
struct PacketNumber {
  /// Big-endian.
  private let sequence: InlineArray<8, UInt8>
  private let associated: InlineArray<12, UInt8>
  private let associatedBytes: Int

  init(_ number: UInt64, spi: UInt32, usesESN: Bool) {
    sequence = InlineArray { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
    let high = UInt32(truncatingIfNeeded: number >> 32)
    let low = UInt32(truncatingIfNeeded: number)
    let words: (UInt32, UInt32, UInt32) = usesESN ? (spi, high, low) : (spi, low, 0)
    associated = InlineArray {
      let word = $0 < 4 ? words.0 : $0 < 8 ? words.1 : words.2
      return UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * ($0 & 3)))
    }
    associatedBytes = usesESN ? 12 : 8
  }

  /// All 64 bits: the implicit IV (RFC 8750, section 3), and one that never comes twice.
  var whole: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // Bytes have no padding, for which the standard library calls this unsafe.
      let all = unsafe sequence.span.bytes
      return unsafe _overrideLifetime(all, borrowing: self)
    }
  }

  /// The upper half, which an ICV covers behind the packet (RFC 4303, section 2.2.1).
  var high: RawSpan {
    @_lifetime(borrow self)
    borrowing get { whole.extracting(first: 4) }
  }

  /// What AEAD ciphers authenticate before the packet's body: SPI and sequence number, with its upper half
  /// between them where numbers are extended (RFC 4106, section 5).
  var associatedData: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      let all = unsafe associated.span.bytes
      return unsafe _overrideLifetime(all.extracting(first: associatedBytes), borrowing: self)
    }
  }
}
