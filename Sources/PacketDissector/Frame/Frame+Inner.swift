extension Frame {
  /// Dissects what an ESP packet carried: `nextHeader` says what `bytes` begin with (RFC 4303,
  /// section 2.6): an IP packet in tunnel mode, an upper protocol in transport mode.
  ///
  /// Offsets in it count from the first byte of `bytes`. Fragments and TCP streams inside are not
  /// put together.
  package init(inner bytes: RawSpan, nextHeader: UInt8) {
    var walk = FrameWalk(observer: NoObserver())
    self = Self.pass(&walk, bytes, nextHeader)
  }

  /// The tree of the same.
  package static func fields(ofInner bytes: RawSpan, nextHeader: UInt8) -> [Field] {
    var walk = FrameWalk(observer: FieldObserver())
    _ = pass(&walk, bytes, nextHeader)
    return walk.observer.fields
  }

  private static func pass<Observer: HeaderObserver>(
    _ walk: inout FrameWalk<Observer>, _ bytes: RawSpan, _ nextHeader: UInt8
  ) -> Frame {
    var reader = ByteReader(bytes)
    walk.frame.payloadLength = bytes.byteCount
    do {
      try walk.transport(nextHeader, &reader)
    } catch {
      walk.frame.stop = error
    }
    return walk.frame
  }
}
