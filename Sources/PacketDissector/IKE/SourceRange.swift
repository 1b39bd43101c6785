/// Where a value stood in the frame: bytes from the frame's first, empty for a value made here.
///
/// All are equal, so that what was encoded and read back equals what it was made of.
@propertyWrapper
package struct SourceRange: Hashable, Sendable {
  package var wrappedValue: Range<Int>

  package init(wrappedValue: Range<Int>) {
    self.wrappedValue = wrappedValue
  }

  package static func == (left: SourceRange, right: SourceRange) -> Bool { true }

  package func hash(into hasher: inout Hasher) {}
}

extension Range<Int> {
  /// The `count` bytes from `offset` into this range; clamped to it.
  func part(_ offset: Int, _ count: Int) -> Range<Int> {
    let lower = Swift.min(lowerBound + offset, upperBound)
    return lower..<Swift.min(lower + count, upperBound)
  }

  /// All from `offset` into this range on.
  func from(_ offset: Int) -> Range<Int> {
    Swift.min(lowerBound + offset, upperBound)..<upperBound
  }
}
