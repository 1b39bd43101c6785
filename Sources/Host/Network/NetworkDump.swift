internal import Glibc
internal import PacketDissector

/// Asks the kernel for all that it has of one kind: links, routes, packet filter rules.
struct NetworkDump: ~Copyable {
  private var socket: NetlinkSocket
  private var sequence: UInt32 = 0
  /// More than any machine has, full Internet routes included.
  private static let limit = 4 << 20

  init(protocol part: Int32) throws(KernelError) {
    socket = try NetlinkSocket(protocol: part)
  }

  /// Hands over the payload of every message of `answer`'s type.
  ///
  /// - Parameters:
  ///   - type: The request's.
  ///   - body: What follows the request's header.
  mutating func read(
    _ type: UInt16, answer: UInt16, _ body: [UInt8], message: (RawSpan) -> Void
  ) throws(KernelError) {
    sequence &+= 1
    var request = ByteWriter()
    NetlinkHeader(
      type: type, flags: NetlinkHeader.Flags.request | NetlinkHeader.Flags.dump,
      sequence: sequence, payloadBytes: UInt32(truncatingIfNeeded: body.count)
    ).write(to: &request)
    request.append(body)
    try socket.send(request.bytes)
    var dump = NetlinkDump(sequence: sequence)
    var count = 0
    var isDone = false
    while !isDone {
      isDone = try socket.receive { datagram throws(KernelError) in
        try dump.read(datagram) { type, payload in
          count += 1
          if type == answer { message(payload) }
        }
      }
      guard count <= Self.limit else { throw .tooMuch }
    }
  }
}
