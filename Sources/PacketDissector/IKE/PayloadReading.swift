// What several payloads need of a reader and of field trees.

extension ByteReader {
  /// The next 4 or 16 bytes as an address.
  @_lifetime(self: copy self)
  mutating func address(isIPv6: Bool) throws(DissectionError) -> IPAddress {
    guard isIPv6 else { return IPAddress(v4: try u32()) }
    guard remaining >= 16 else {
      throw error(.truncated(needed: 16, available: remaining, limit: limit), at: offset)
    }
    return IPAddress(v6High: try u64(), low: try u64())
  }

  /// What is wrong with data of `count` bytes at `offset` of which there should be `due`.
  func sizeError(of count: Int, at offset: Int, due: ClosedRange<Int>) -> DissectionError? {
    if count < due.lowerBound {
      error(.badLength(claimed: count, minimum: due.lowerBound), at: offset)
    } else if count > due.upperBound {
      error(.lengthTooLarge(claimed: count, maximum: due.upperBound), at: offset)
    } else {
      nil
    }
  }
}

extension Field {
  /// An SPI: a number where it is no longer than an IKE SPI, else bytes.
  init(_ name: String, spi: [UInt8], at range: Range<Int>) {
    let value: Value =
      spi.count <= 8
      ? .hex(spi.reduce(0) { $0 << 8 | UInt64($1) }, digits: spi.count * 2) : .bytes(spi)
    self.init(name, value, at: range)
  }
}

extension [Field] {
  /// Adds the bytes that end `range` and could not be decoded, if there are any.
  mutating func append(undecoded bytes: [UInt8], at range: Range<Int>) {
    guard !bytes.isEmpty else { return }
    append(
      Field("undecoded", .bytes(bytes), at: range.from(Swift.max(0, range.count - bytes.count))))
  }
}
