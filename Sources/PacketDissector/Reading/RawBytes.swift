extension [UInt8] {
  /// The bytes as a raw span. The standard library calls this unsafe because a type may have
  /// padding; a byte has none.
  package var rawBytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      let bytes = unsafe span.bytes
      return unsafe _overrideLifetime(bytes, borrowing: self)
    }
  }
}
