/// A header of fixed meaning: its decoder, its encoder and its tree stand in one file.
package protocol Header: Equatable, Sendable {
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(DissectionError)

  func write(to writer: inout ByteWriter)

  /// The header as a tree node. `range` is where it stood in the frame.
  func field(at range: Range<Int>) -> Field
}

/// Who is told of each header that a walk passes.
///
/// The walk is generic over it, so that a walk that nobody watches pays nothing.
protocol HeaderObserver {
  mutating func passed(_ header: some Header, at range: Range<Int>)
}

struct NoObserver: HeaderObserver {
  mutating func passed(_ header: some Header, at range: Range<Int>) {}
}

/// Collects the tree that `decode -v` shows.
struct FieldObserver: HeaderObserver {
  var fields: [Field] = []

  mutating func passed(_ header: some Header, at range: Range<Int>) {
    fields.append(header.field(at: range))
  }
}
