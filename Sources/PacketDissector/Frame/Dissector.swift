/// Turns captured frames into ``Frame`` values, one after the other, and keeps what must outlive a
/// frame for that: fragments and TCP streams, both in bounded memory. A class, as the compiler copies
/// a noncopyable struct of this size wherever it lends a part of it.
package final class Dissector {
  package private(set) var fragments = FragmentReassembler()
  package private(set) var streams = StreamReassembler()
  /// The last frame. It is large: read its parts here rather than copy it.
  package private(set) var frame = Frame()
  /// The walk of all frames that no one observes, kept for the next: making and dropping one a frame
  /// took a sixteenth of dissection's instructions.
  private var walk = FrameWalk(observer: NoObserver())
  /// The second and later records of the last frame.
  package private(set) var further: [IPsecRecord] = []
  /// Where the last frame holds a fragment's payload, if it is one that was kept for reassembly.
  package private(set) var fragmentPayload: Range<Int>?
  /// The identification of that fragment's datagram.
  package private(set) var fragmentIdentification: UInt32 = 0
  /// The datagram that the last frame completed.
  private var datagram: [UInt8] = []
  /// The TCP records that the last frame completed, one behind the other.
  private var records: [UInt8] = []

  package init() {}

  /// Dissects the next frame of a capture: it is then in ``frame``, whose ``Frame/stop`` says what
  /// ended it early.
  ///
  /// - Parameters:
  ///   - bytes: the frame from its first byte, as far as it was captured.
  ///   - linkType: what it begins with.
  ///   - timestamp: when it was captured; old fragments are dropped by it.
  ///   - isCut: whether the frame was longer than what was captured.
  package func dissect(
    _ bytes: RawSpan, linkType: LinkType, timestamp: Timestamp, isCut: Bool = false
  ) {
    walk.begin(isCut: isCut)
    pass(&walk, bytes, linkType, timestamp)
  }

  /// The same, with the tree of all headers and of IKE messages.
  package func describe(
    _ bytes: RawSpan, linkType: LinkType, timestamp: Timestamp, isCut: Bool = false
  ) -> [Field] {
    var observed = FrameWalk(observer: FieldObserver())
    observed.begin(isCut: isCut)
    pass(&observed, bytes, linkType, timestamp)
    var fields = observed.observer.fields
    for record in [frame.record].compactMap({ $0 }) + further where !record.isQuoted {
      let message = withBytes(of: record, in: bytes) { IKEContent($0, record) }
      if let message { fields += message.fields }
      if case .esp = record.kind, record.range.count > ESPHeader.byteCount {
        if let echo = unencryptedEcho(record, in: bytes) {
          fields.append(echo.field(at: record.range))
          continue
        }
        fields.append(
          Field(
            "ESP payload and ICV",
            at: record.range.lowerBound + ESPHeader.byteCount..<record.range.upperBound))
      }
    }
    return fields
  }

  /// The echo in clear that `record` is; nil for all other ESP. `frame` holds the bytes of the last frame.
  package func unencryptedEcho(_ record: IPsecRecord, in frame: RawSpan) -> UnencryptedESPEcho? {
    guard case .esp(let header) = record.kind, UnencryptedESPEcho.concerns(header.spi),
      !record.isQuoted
    else { return nil }
    return withBytes(of: record, in: frame) { bytes in
      UnencryptedESPEcho(packet: bytes.extracting(record.range))
    }
  }

  /// Lends the bytes that `record`'s range counts in. `frame` holds those of the last frame.
  package func withBytes<Result>(
    of record: IPsecRecord, in frame: RawSpan, _ body: (RawSpan) -> Result
  ) -> Result {
    if record.store == .frame { return body(frame) }
    let kept = record.store == .datagram ? datagram : records
    return body(kept.rawBytes)
  }

  private func pass<Observer: HeaderObserver>(
    _ walk: inout FrameWalk<Observer>, _ bytes: RawSpan, _ linkType: LinkType,
    _ timestamp: Timestamp
  ) {
    var reader = ByteReader(bytes)
    do {
      try walk.link(&reader, linkType)
    } catch {
      walk.frame.stop = error
    }
    if fragmentPayload != nil { fragmentPayload = nil }
    if let range = walk.fragmentPayload {
      fragmentPayload = range
      fragmentIdentification = walk.frame.internet?.fragment?.identification ?? 0
      reassemble(&walk, ByteReader(bytes, in: range), at: timestamp)
    }
    if let segment = walk.segment {
      follow(&walk, segment.header, ByteReader(bytes, in: segment.payload))
    }
    if !further.isEmpty || !walk.further.isEmpty { further = walk.further }
    frame = walk.frame
  }

  /// Adds a fragment, and walks on through the datagram if that completed it.
  private func reassemble<Observer: HeaderObserver>(
    _ walk: inout FrameWalk<Observer>, _ payload: borrowing ByteReader, at time: Timestamp
  ) {
    guard let header = walk.frame.internet, let position = header.fragment,
      let whole = fragments.add(header, position, payload: payload, at: time)
    else { return }
    datagram = whole.payload
    walk.frame.internet = whole.header
    walk.frame.reassembledFragments = UInt16(clamping: whole.fragments)
    walk.frame.payloadLength = datagram.count
    walk.frame.stop = nil
    walk.store = .datagram
    walk.segment = nil
    let datagram = datagram
    var reader = ByteReader(datagram.rawBytes)
    do {
      try walk.transport(whole.header.protocol, &reader)
    } catch {
      walk.frame.stop = error
    }
    if let segment = walk.segment {
      follow(&walk, segment.header, ByteReader(datagram.rawBytes, in: segment.payload))
    }
  }

  /// Adds a TCP segment, and walks through each record that it completes.
  private func follow<Observer: HeaderObserver>(
    _ walk: inout FrameWalk<Observer>, _ header: TCPHeader, _ payload: borrowing ByteReader
  ) {
    guard let internet = walk.frame.internet else { return }
    let key = StreamReassembler.Key(
      source: internet.source, destination: internet.destination, sourcePort: header.sourcePort,
      destinationPort: header.destinationPort)
    guard streams.concerns(key, payload) else { return }
    var found: [(range: Range<Int>, isPrefix: Bool)] = []
    var bytes: [UInt8] = []
    streams.add(key, header, payload.copy(payload.offset..<payload.end)) { content, isPrefix in
      found.append((bytes.count..<bytes.count + content.count, isPrefix))
      bytes.append(contentsOf: content)
    }
    records = bytes
    walk.store = .stream
    for (range, isPrefix) in found {
      do {
        var reader = ByteReader(bytes.rawBytes, in: range, limit: .tcpRecordLength)
        try walk.record(&reader, isPrefix: isPrefix)
      } catch {
        walk.frame.stop = error
      }
    }
  }
}

extension FrameWalk {
  /// One record of a TCP stream: "IKETCP", a keepalive, IKE behind a zero word, or ESP.
  mutating func record(_ reader: inout ByteReader, isPrefix: Bool) throws(DissectionError) {
    if isPrefix { return add(.tcpPrefix, reader.offset..<reader.end, .tcp) }
    if reader.remaining == 1, reader.peek() == 0xFF {
      return add(.natKeepalive, reader.offset..<reader.end, .tcp)
    }
    guard !reader.isAtEnd else { return }
    if reader.peekWord() == 0 {
      try reader.skip(4)
      return try ike(&reader, .tcp)
    }
    try esp(&reader, .tcp)
  }
}
