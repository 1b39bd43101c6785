/// Puts IPv4 and IPv6 fragments together (RFC 791, section 3.2; RFC 8200, section 4.5), in memory
/// that a capture cannot make grow: the oldest datagram goes first, and is counted.
package struct FragmentReassembler: Sendable {
  package static let datagramLimit = 256
  /// Bytes held over all unfinished datagrams.
  package static let byteLimit = 4 << 20
  /// A datagram that is not complete after this long never will be (RFC 8200, section 4.5).
  package static let timeLimit: Int64 = 60_000_000_000

  /// What was given up, for the summary.
  package struct Counters: Equatable, Sendable {
    package var completed = 0
    /// Dropped for want of room.
    package var evicted = 0
    /// Dropped because not all came in time.
    package var timedOut = 0
    /// Fragments beyond 65,535 bytes, or that contradict the datagram's end.
    package var contradictory = 0
  }

  package struct Completed: Sendable {
    package var payload: [UInt8]
    package var fragments: Int
    /// The header of the fragment that completed it, now without a position.
    package var header: InternetHeader
  }

  private struct Key: Hashable {
    let source: IPAddress
    let destination: IPAddress
    let `protocol`: UInt8
    let identification: UInt32
  }

  fileprivate struct Datagram {
    var firstSeen: Timestamp
    var bytes: [UInt8] = []
    /// What has arrived, in order, without neighbours that touch.
    var received: [Range<Int>] = []
    /// Known once the last fragment came.
    var length: Int?
    var fragments = 0

    var isComplete: Bool { length.map { received == [0..<$0] } ?? false }
  }

  package private(set) var counters = Counters()
  private var datagrams: [Key: Datagram] = [:]
  private var bytesHeld = 0

  package init() {}

  /// Adds one fragment: `reader` spans its payload. Returns the datagram if that completed it.
  mutating func add(
    _ header: InternetHeader, _ position: FragmentPosition, payload: borrowing ByteReader,
    at time: Timestamp
  ) -> Completed? {
    let key = Key(
      source: header.source, destination: header.destination,
      protocol: header.source.isIPv6 ? 0 : header.protocol,
      identification: position.identification)
    let end = position.offset + payload.remaining
    guard end <= 65_535, payload.remaining > 0 else {
      counters.contradictory += 1
      return nil
    }
    makeRoom(for: key, at: time)
    var datagram = datagrams.removeValue(forKey: key) ?? Datagram(firstSeen: time)
    bytesHeld -= datagram.bytes.count
    let knownEnd = datagram.length ?? (position.moreFollow ? Int.max : end)
    guard position.moreFollow ? end <= knownEnd : end == knownEnd,
      (datagram.received.last?.upperBound ?? 0) <= knownEnd
    else {
      counters.contradictory += 1
      return nil
    }
    if !position.moreFollow { datagram.length = end }
    datagram.insert(payload.copy(payload.offset..<payload.end), at: position.offset)
    if datagram.isComplete {
      counters.completed += 1
      var whole = header
      whole.fragment = nil
      return Completed(payload: datagram.bytes, fragments: datagram.fragments, header: whole)
    }
    bytesHeld += datagram.bytes.count
    datagrams[key] = datagram
    return nil
  }

  private mutating func makeRoom(for key: Key, at time: Timestamp) {
    while let oldest = datagrams.min(by: { $0.value.firstSeen < $1.value.firstSeen }) {
      let isLate =
        time.nanoseconds.subtractingReportingOverflow(oldest.value.firstSeen.nanoseconds)
        .partialValue > Self.timeLimit
      let isFull =
        datagrams[key] == nil && datagrams.count >= Self.datagramLimit
        || bytesHeld > Self.byteLimit
      guard isLate || isFull else { return }
      if isLate { counters.timedOut += 1 } else { counters.evicted += 1 }
      bytesHeld -= oldest.value.bytes.count
      datagrams.removeValue(forKey: oldest.key)
    }
  }
}

extension FragmentReassembler.Datagram {
  /// Bytes that came before stay as they came: an overlap cannot rewrite them.
  fileprivate mutating func insert(_ piece: [UInt8], at offset: Int) {
    let range = offset..<offset + piece.count
    if bytes.count < range.upperBound {
      bytes.append(contentsOf: repeatElement(0, count: range.upperBound - bytes.count))
    }
    var at = range.lowerBound
    for known in received where known.overlaps(range) {
      if at < known.lowerBound { copy(piece, from: offset, to: at..<known.lowerBound) }
      at = max(at, known.upperBound)
    }
    if at < range.upperBound { copy(piece, from: offset, to: at..<range.upperBound) }
    merge(range)
    fragments += 1
  }

  private mutating func copy(_ piece: [UInt8], from offset: Int, to range: Range<Int>) {
    bytes.replaceSubrange(
      range, with: piece[range.lowerBound - offset..<range.upperBound - offset])
  }

  private mutating func merge(_ range: Range<Int>) {
    var merged = range
    received.removeAll { known in
      guard known.upperBound >= merged.lowerBound, known.lowerBound <= merged.upperBound else {
        return false
      }
      merged =
        min(known.lowerBound, merged.lowerBound)..<max(known.upperBound, merged.upperBound)
      return true
    }
    let index = received.firstIndex { $0.lowerBound > merged.lowerBound } ?? received.endIndex
    received.insert(merged, at: index)
  }
}
