package import PacketDissector

/// IP fragments of IKE and ESP that never became whole at the capture point: what their first fragment
/// says they were.
package struct FragmentTracker: Sendable {
  package struct Incomplete: Sendable {
    package let source: Endpoint
    package let destination: Endpoint
    package let kind: Kind
    package let first: FrameReference
    package var last: FrameReference
    /// Datagrams of which fragments came, but not all.
    package var count: UInt64 = 1
    /// The most bytes that one was known to have.
    package var bytes: Int
  }

  package enum Kind: Hashable, Sendable {
    case ike(initiatorSPI: UInt64, exchange: UInt8, messageID: UInt32, isResponse: Bool)
    case esp(spi: UInt32)
    /// No first fragment came: only addresses tell.
    case unknown
  }

  private struct Key: Hashable {
    let source: IPAddress
    let destination: IPAddress
    let identification: UInt32
  }

  private struct Open {
    var kind: Kind
    var source: Endpoint
    var destination: Endpoint
    var first: FrameReference
    var last: FrameReference
    var bytes: Int
  }

  private struct Path: Hashable {
    let source: IPAddress
    let destination: IPAddress
  }

  /// Bytes of the largest IP fragment of each path: the MTU that made it, or up to 7 less.
  private var largest: [Path: Int] = [:]
  private var open: [Key: Open] = [:]
  private var order: [Key] = []
  private static let limit = 1024
  /// Those that were given up, by what they were.
  private var lost: [Incomplete] = []

  /// Notes a fragment that completed nothing.
  mutating func add(
    _ header: InternetHeader, _ position: FragmentPosition, payload: Range<Int>?, _ bytes: RawSpan,
    _ frame: FrameReference
  ) {
    let path = Path(source: header.source, destination: header.destination)
    if largest.count < Self.limit || largest[path] != nil {
      largest[path] = max(largest[path] ?? 0, header.totalLength)
    }
    let key = Key(
      source: header.source, destination: header.destination,
      identification: position.identification)
    let end = position.offset &+ header.totalLength
    var entry =
      open[key]
      ?? Open(
        kind: .unknown, source: Endpoint(header.source, 0),
        destination: Endpoint(header.destination, 0), first: frame, last: frame, bytes: 0)
    if open[key] == nil {
      order.append(key)
      if order.count > Self.limit { giveUp(order.removeFirst()) }
    }
    entry.last = frame
    entry.bytes = max(entry.bytes, end)
    if position.offset == 0, let payload {
      let inner = Frame(inner: bytes.extracting(payload), nextHeader: header.protocol)
      entry.source.port = inner.sourcePort
      entry.destination.port = inner.destinationPort
      entry.kind = Self.kind(inner.record)
    }
    open[key] = entry
  }

  /// Forgets a datagram that is whole now.
  mutating func completed(_ header: InternetHeader, _ identification: UInt32) {
    open[
      Key(source: header.source, destination: header.destination, identification: identification)] =
      nil
  }

  private static func kind(_ record: IPsecRecord?) -> Kind {
    switch record?.kind {
    case .ike(let header):
      .ike(
        initiatorSPI: header.initiatorSPI, exchange: header.exchangeType,
        messageID: header.messageID, isResponse: header.isResponse)
    case .esp(let header): .esp(spi: header.spi)
    case .ah(let header): .esp(spi: header.spi)
    default: .unknown
    }
  }

  private mutating func giveUp(_ key: Key) {
    guard let entry = open.removeValue(forKey: key) else { return }
    Self.count(entry, in: &lost)
  }

  private static func count(_ entry: Open, in list: inout [Incomplete]) {
    let place = list.firstIndex {
      $0.kind == entry.kind && $0.source == entry.source && $0.destination == entry.destination
    }
    if let place {
      list[place].count &+= 1
      list[place].last = entry.last
      list[place].bytes = max(list[place].bytes, entry.bytes)
    } else if list.count < limit {
      list.append(
        Incomplete(
          source: entry.source, destination: entry.destination, kind: entry.kind,
          first: entry.first, last: entry.last, bytes: entry.bytes))
    }
  }

  /// Bytes of the largest fragment that one sent to another; nil if none was seen.
  package func largestFragment(_ source: IPAddress, _ destination: IPAddress) -> Int? {
    largest[Path(source: source, destination: destination)]
  }

  /// What never became whole, those still open at the end of the capture with it.
  package var incomplete: [Incomplete] {
    var list = lost
    for key in order {
      if let entry = open[key] { Self.count(entry, in: &list) }
    }
    return list
  }
}
