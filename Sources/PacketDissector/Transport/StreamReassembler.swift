/// Follows the TCP connections that carry IKE and ESP (RFC 9329) and cuts them into records,
/// whatever order the segments come in and in memory that a capture cannot make grow.
package struct StreamReassembler: Sendable {
  package static let streamLimit = 256
  /// Bytes held over all streams.
  package static let byteLimit = 8 << 20
  /// Bytes that one stream may hold back behind a gap.
  package static let gapLimit = 256 << 10

  package struct Counters: Equatable, Sendable {
    package var records = 0
    /// Streams dropped for want of room.
    package var evicted = 0
    /// Gaps that were never filled: the stream was left and taken up again later.
    package var gaps = 0
    /// Streams whose record length was 0 or 1.
    package var broken = 0
  }

  struct Key: Hashable {
    let source: IPAddress
    let destination: IPAddress
    let sourcePort: UInt16
    let destinationPort: UInt16
  }

  /// One direction of a connection.
  private struct Stream {
    var lastUsed: Int
    /// The sequence number of the next byte in order; nil until a record's start is known.
    var expected: UInt32?
    var isAtStart = true
    /// In order, not yet cut into records.
    var buffer: [UInt8] = []
    /// Behind a gap, by sequence number.
    var waiting: [(sequence: UInt32, bytes: [UInt8])] = []

    var bytesHeld: Int { buffer.count + waiting.reduce(0) { $0 + $1.bytes.count } }
  }

  package private(set) var counters = Counters()
  private var streams: [Key: Stream] = [:]
  private var bytesHeld = 0
  private var clock = 0

  package init() {}

  /// Whether a segment belongs to a stream worth following: on the port, with the prefix, or one that
  /// is followed already.
  func concerns(_ key: Key, _ payload: borrowing ByteReader) -> Bool {
    key.sourcePort == TCPEncapsulation.port || key.destinationPort == TCPEncapsulation.port
      || TCPEncapsulation.opens(payload) || streams[key] != nil
  }

  /// Takes the payload of one segment that ``concerns(_:_:)`` this; gives `deliver` the content of each element that it completes.
  mutating func add(
    _ key: Key, _ header: TCPHeader, _ payload: [UInt8],
    deliver: (_ content: ArraySlice<UInt8>, _ isPrefix: Bool) -> Void
  ) {
    let opens = payload.starts(with: TCPEncapsulation.prefix)
    if header.isReset { return remove(key) }
    clock += 1
    var stream = take(key) ?? Stream(lastUsed: clock)
    stream.lastUsed = clock
    if header.isSynchronize {
      stream = Stream(lastUsed: clock, expected: header.sequenceNumber &+ 1)
    } else if stream.expected == nil, opens || TCPEncapsulation.isAligned(payload) {
      stream.expected = header.sequenceNumber
      stream.isAtStart = opens
    }
    if stream.expected != nil, !payload.isEmpty {
      accept(&stream, header.sequenceNumber, payload)
      cut(&stream, deliver)
    }
    put(stream, for: key)
  }

  /// Puts a segment in its place: next in order, old (dropped), or behind a gap (kept).
  private mutating func accept(_ stream: inout Stream, _ sequence: UInt32, _ payload: [UInt8]) {
    stream.waiting.append((sequence, payload))
    var progress = true
    while progress {
      progress = false
      for (index, segment) in stream.waiting.enumerated() {
        guard let expected = stream.expected else { return }
        let ahead = Int(Int32(bitPattern: segment.sequence &- expected))
        guard ahead <= 0 else { continue }
        let fresh = segment.bytes.dropFirst(-ahead)
        stream.buffer.append(contentsOf: fresh)
        stream.expected = expected &+ UInt32(truncatingIfNeeded: fresh.count)
        stream.waiting.remove(at: index)
        progress = true
        break
      }
    }
    let held = stream.waiting.reduce(0) { $0 + $1.bytes.count }
    if held > Self.gapLimit || stream.waiting.count > 256 {
      counters.gaps += 1
      stream = Stream(lastUsed: stream.lastUsed)
    }
  }

  private mutating func cut(
    _ stream: inout Stream, _ deliver: (ArraySlice<UInt8>, Bool) -> Void
  ) {
    var rest = stream.buffer[...]
    while true {
      switch TCPEncapsulation.next(in: rest, atStart: stream.isAtStart) {
      case .prefix:
        deliver(rest.prefix(TCPEncapsulation.prefix.count), true)
        rest = rest.dropFirst(TCPEncapsulation.prefix.count)
      case .record(let count):
        counters.records += 1
        deliver(rest.dropFirst(2).prefix(count), false)
        rest = rest.dropFirst(count + 2)
      case .broken:
        counters.broken += 1
        stream = Stream(lastUsed: stream.lastUsed)
        return
      case .incomplete:
        stream.buffer = Array(rest)
        return
      }
      stream.isAtStart = false
    }
  }

  private mutating func take(_ key: Key) -> Stream? {
    guard let stream = streams.removeValue(forKey: key) else { return nil }
    bytesHeld -= stream.bytesHeld
    return stream
  }

  private mutating func remove(_ key: Key) {
    _ = take(key)
  }

  private mutating func put(_ stream: Stream, for key: Key) {
    while streams.count >= Self.streamLimit || bytesHeld + stream.bytesHeld > Self.byteLimit,
      let oldest = streams.min(by: { $0.value.lastUsed < $1.value.lastUsed })
    {
      counters.evicted += 1
      remove(oldest.key)
    }
    bytesHeld += stream.bytesHeld
    streams[key] = stream
  }
}
