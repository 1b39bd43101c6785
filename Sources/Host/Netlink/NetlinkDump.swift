internal import PacketDissector

/// The answer to a request for everything there is: messages in as many datagrams as it takes, up to
/// one that says it is done.
package struct NetlinkDump {
  /// The request's; messages of any other number are left from before.
  package let sequence: UInt32
  /// What was told changed meanwhile: some may be missing, or told twice.
  package private(set) var isInterrupted = false

  package init(sequence: UInt32) {
    self.sequence = sequence
  }

  /// Reads a datagram and hands over the payload of each message in it.
  ///
  /// - Returns: Whether it was the last.
  /// - Throws: What the kernel answered instead, or where the datagram is malformed.
  package mutating func read(
    _ datagram: RawSpan, message: (_ type: UInt16, _ payload: RawSpan) -> Void
  ) throws(KernelError) -> Bool {
    var reader = ByteReader(datagram)
    while !reader.isAtEnd {
      let start = reader.offset
      guard let header = try? NetlinkHeader(from: &reader),
        let length = Int(exactly: header.length), length >= NetlinkHeader.byteCount,
        length - NetlinkHeader.byteCount <= reader.remaining
      else { throw .malformed(offset: start) }
      let payload = reader.offset..<(start + length)
      do throws(DissectionError) {
        try reader.skip(payload.count)
        try reader.skipFiller(after: length)
      } catch {
        throw .malformed(offset: error.offset)
      }
      guard header.sequence == sequence else { continue }
      if header.flags & NetlinkHeader.Flags.dumpInterrupted != 0 { isInterrupted = true }
      switch header.type {
      case NetlinkHeader.MessageType.noop: break
      case NetlinkHeader.MessageType.overrun: isInterrupted = true
      case NetlinkHeader.MessageType.error, NetlinkHeader.MessageType.done:
        // Zero, or an `errno` made negative; "done" may come without.
        var number = ByteReader(datagram, in: payload)
        let code = (try? number.host32()).map(Int32.init(bitPattern:)) ?? 0
        if code != 0 { throw KernelError(0 &- code, doing: "read the kernel's SAs") }
        if header.type == NetlinkHeader.MessageType.done { return true }
      default:
        message(header.type, datagram.extracting(payload))
      }
    }
    return false
  }
}
