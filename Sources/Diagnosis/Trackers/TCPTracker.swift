package import PacketDissector

/// TCP connections on which one side began to speak IKE (RFC 9329), and whether the other side did.
package struct TCPTracker: Sendable {
  package struct Connection: Sendable {
    package let client: Endpoint
    package let server: Endpoint
    package let prefix: FrameReference
    /// Payload that the server sent, in bytes, and its first frame.
    package var answeredBytes: UInt64 = 0
    package var firstAnswer: FrameReference?
    /// IKE or ESP records that came from the server.
    package var records: UInt64 = 0
    /// The frame with which the server ended the connection.
    package var closed: FrameReference?
    /// The first bytes that the server sent, where they are text.
    package var greeting: String?
  }

  package private(set) var connections: [Connection] = []
  private var index: [Key: Int] = [:]
  private static let limit = 1024

  private struct Key: Hashable {
    let client: Endpoint
    let server: Endpoint
  }

  /// Whether there is anything to follow.
  var isEmpty: Bool { connections.isEmpty }

  mutating func begin(_ sighting: Sighting) {
    let key = Key(client: sighting.sourceEnd, server: sighting.destinationEnd)
    // The server sends the prefix of its own, in some implementations.
    guard index[key] == nil, connections.count < Self.limit,
      index[Key(client: sighting.destinationEnd, server: sighting.sourceEnd)] == nil
    else { return }
    index[key] = connections.count
    connections.append(
      Connection(
        client: sighting.sourceEnd, server: sighting.destinationEnd, prefix: sighting.frame))
  }

  /// Notes a segment from the server.
  mutating func add(
    _ frame: Frame, records: Int, _ bytes: RawSpan, _ sighting: Sighting
  ) {
    guard let place = index[Key(client: sighting.destinationEnd, server: sighting.sourceEnd)] else {
      return
    }
    connections[place].records &+= UInt64(records)
    if frame.payloadLength > 0 {
      connections[place].answeredBytes &+= UInt64(frame.payloadLength)
      if connections[place].firstAnswer == nil {
        connections[place].firstAnswer = sighting.frame
        connections[place].greeting = Self.text(bytes, last: frame.payloadLength)
      }
    }
    // FIN or RST.
    if frame.tcpFlags & 0x05 != 0, connections[place].closed == nil {
      connections[place].closed = sighting.frame
    }
  }

  /// The first of the frame's last `count` bytes, where they are printable.
  private static func text(_ bytes: RawSpan, last count: Int) -> String? {
    let start = max(0, bytes.byteCount - count)
    let reader = ByteReader(bytes, in: start..<min(bytes.byteCount, start + 12))
    let octets = reader.copy(reader.offset..<reader.end)
    let line = octets.prefix { (0x20...0x7E).contains($0) }
    return line.count >= 4 ? String(decoding: line, as: UTF8.self) : nil
  }
}
