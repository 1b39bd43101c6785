internal import CLinux
internal import Glibc
internal import PacketDissector

/// The kernel's SAs, as they stood at one moment in this network namespace.
package struct KernelSADatabase: Sendable {
  package private(set) var sas: [KernelSA] = []
  /// SAs that were told, but not in a form that is known.
  package private(set) var unreadable = 0
  /// They kept changing while they were told: some may be missing, or here twice.
  package private(set) var isInterrupted = false

  private static let attempts = 5
  /// A gateway has some ten thousands.
  package static let limit = 1 << 20

  package init() {}

  /// Asks the kernel, which takes the capability CAP_NET_ADMIN.
  package static func read() throws(KernelError) -> KernelSADatabase {
    var socket = try NetlinkSocket(protocol: NETLINK_XFRM)
    var database = KernelSADatabase()
    for attempt in 1...attempts {
      database = KernelSADatabase()
      try database.read(&socket, sequence: UInt32(attempt))
      if !database.isInterrupted { break }
    }
    return database
  }

  private mutating func read(
    _ socket: inout NetlinkSocket, sequence: UInt32
  ) throws(KernelError) {
    var request = ByteWriter()
    NetlinkHeader(
      type: UInt16(XFRM_MSG_GETSA), flags: NetlinkHeader.Flags.request | NetlinkHeader.Flags.dump,
      sequence: sequence
    ).write(to: &request)
    try socket.send(request.bytes)
    var dump = NetlinkDump(sequence: sequence)
    var isDone = false
    while !isDone {
      isDone = try socket.receive { datagram throws(KernelError) in
        try dump.read(datagram) { type, payload in add(type, payload) }
      }
      guard sas.count <= Self.limit else { throw .tooMuch }
    }
    isInterrupted = dump.isInterrupted
  }

  /// Takes a message of the kernel's answer.
  package mutating func add(_ type: UInt16, _ payload: RawSpan) {
    guard type == UInt16(XFRM_MSG_NEWSA) else { return }
    var reader = ByteReader(payload)
    do throws(DissectionError) {
      sas.append(try KernelSA(from: &reader))
    } catch {
      unreadable += 1
    }
  }
}
