internal import PacketDissector

/// The answer to a request for everything there is: messages in as many datagrams as it takes, up to
/// one that says it is done.
package struct NetlinkDump {
  /// The request's; messages of any other number are left from before.
  package let sequence: UInt32
  /// What is asked for, for the errors.
  private let action: String
  /// What was told changed meanwhile: some may be missing, or told twice.
  package private(set) var isInterrupted = false

  package init(sequence: UInt32, doing action: String = "read the kernel's SAs") {
    self.sequence = sequence
    self.action = action
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
      guard let (header, payload) = try? reader.netlinkMessage() else {
        throw .malformed(offset: start)
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
        if code != 0 { throw KernelError(0 &- code, doing: action) }
        if header.type == NetlinkHeader.MessageType.done { return true }
      default:
        message(header.type, datagram.extracting(payload))
      }
    }
    return false
  }
}

extension NetlinkDump {
  private static let attempts: UInt32 = 5

  /// Asks a part of the kernel (NETLINK_…) for everything there is of a kind, and again where it changed
  /// meanwhile; `body` follows the request's header. Each try begins with `empty`; `message` takes the payload
  /// of each message, and says whether there is room for more.
  ///
  /// It returns what came together, and whether it still changed in the last try.
  static func read<Result>(
    protocol part: Int32, _ type: UInt16, _ body: [UInt8] = [], doing action: String,
    into empty: Result, message: (inout Result, _ type: UInt16, RawSpan) -> Bool
  ) throws(KernelError) -> (Result, isInterrupted: Bool) {
    var socket = try NetlinkSocket(protocol: part)
    var result = empty
    for sequence in 1...attempts {
      result = empty
      var request = ByteWriter()
      NetlinkHeader(
        type: type, flags: NetlinkHeader.Flags.request | NetlinkHeader.Flags.dump,
        sequence: sequence, payloadBytes: UInt32(truncatingIfNeeded: body.count)
      ).write(to: &request)
      request.append(body)
      try socket.send(request.bytes)
      var dump = NetlinkDump(sequence: sequence, doing: action)
      var hasRoom = true
      var isDone = false
      while !isDone {
        isDone = try socket.receive { datagram throws(KernelError) in
          try dump.read(datagram) { type, payload in
            if hasRoom { hasRoom = message(&result, type, payload) }
          }
        }
        guard hasRoom else { throw .tooMuch }
      }
      if !dump.isInterrupted { return (result, false) }
    }
    return (result, true)
  }
}
