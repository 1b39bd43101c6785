internal import PacketDissector

/// IKE in a TCP connection (RFC 9329): records out of bytes, as they arrive, and bytes of messages.
///
/// ESP in the same connection is counted and passed over.
package struct TCPStream: Sendable {
  /// Why the connection must be closed.
  package enum Fault: Error, Equatable, Sendable {
    /// The originator did not begin with "IKETCP".
    case noPrefix
    /// A record that says it is shorter than its own length field.
    case shortRecord
  }

  private let isOriginator: Bool
  private var isStarted = false
  private var buffer: [UInt8] = []
  package private(set) var otherRecords = 0

  package init(isOriginator: Bool) {
    self.isOriginator = isOriginator
  }

  /// What the originator sends before all else.
  package var opening: [UInt8] { isOriginator ? TCPEncapsulation.prefix : [] }

  /// The record that holds a message; nil for one that is too long for a record.
  package func record(_ message: [UInt8]) -> [UInt8]? {
    guard message.count + Self.overhead <= Int(UInt16.max) else { return nil }
    var writer = ByteWriter()
    TCPEncapsulation.write(message, isIKE: true, to: &writer)
    return writer.bytes
  }

  /// Length and marker.
  private static let overhead = 6

  /// The IKE messages that are whole with the next bytes of the connection.
  ///
  /// What is kept is at most one record that is not: 64 KiB.
  package mutating func receive(_ bytes: [UInt8]) throws(Fault) -> [[UInt8]] {
    buffer += bytes
    var offset = 0
    if !isStarted {
      guard let start = try prefixEnd() else { return [] }
      offset = start
      isStarted = true
    }
    var messages: [[UInt8]] = []
    while let length = length(at: offset) {
      guard length >= 2 else { throw .shortRecord }
      guard buffer.count - offset >= length else { break }
      take(buffer[(offset + 2)..<(offset + length)], into: &messages)
      offset += length
    }
    buffer.removeFirst(offset)
    return messages
  }

  /// Where records begin; nil while that cannot be told.
  private func prefixEnd() throws(Fault) -> Int? {
    guard !isOriginator else { return 0 }
    let prefix = TCPEncapsulation.prefix
    guard prefix.starts(with: buffer.prefix(prefix.count)) else { throw .noPrefix }
    return buffer.count >= prefix.count ? prefix.count : nil
  }

  private func length(at offset: Int) -> Int? {
    guard buffer.count - offset >= 2 else { return nil }
    return Int(buffer[offset]) << 8 | Int(buffer[offset + 1])
  }

  private mutating func take(_ record: ArraySlice<UInt8>, into messages: inout [[UInt8]]) {
    if let message = NonESPMarker.removed(from: Array(record)) {
      messages.append(message)
    } else {
      otherRecords += 1
    }
  }
}
