// Reading that keeps what there is, and notes in a `stop` why it is not all.

extension ByteReader {
  /// A reader over the next `count` bytes, or over what there is of them: then `stop`, unless it
  /// already holds an earlier error, says that they are too few.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  mutating func slice(
    upTo count: Int, by source: LengthSource, stop: inout DissectionError?
  ) -> ByteReader {
    do throws(DissectionError) {
      return try slice(count, by: source)
    } catch {
      stop = stop ?? error
      let inner = copy self
      skipAll()
      return inner
    }
  }

  @_lifetime(self: copy self)
  mutating func skipAll() {
    // What remains is always there to be skipped.
    try? skip(remaining)
  }

  /// Throws where a structure that began at `start` and must fill this reader has ended before.
  func requireEnd(since start: Int) throws(DissectionError) {
    guard !isAtEnd else { return }
    throw error(
      .lengthTooLarge(claimed: end &- start, maximum: offset &- start), at: offset)
  }

  /// Puts it into `stop` where other than `count` bytes are left.
  func expect(_ count: Int, stop: inout DissectionError?) {
    guard stop == nil, remaining != count else { return }
    stop = error(
      remaining < count
        ? .truncated(needed: count, available: remaining, limit: limit)
        : .lengthTooLarge(claimed: remaining, maximum: count),
      at: offset)
  }
}
