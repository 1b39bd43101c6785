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

  private let withKeys: Bool
  private var names = AlgorithmNames()

  /// A gateway has some ten thousands.
  package static let limit = 1 << 20

  /// - Parameter withKeys: Whether keys are copied from the messages to come.
  package init(withKeys: Bool = false) { self.withKeys = withKeys }

  /// Asks the kernel, which takes the capability CAP_NET_ADMIN.
  package static func read(withKeys: Bool = false) throws(KernelError) -> KernelSADatabase {
    var empty = KernelSADatabase(withKeys: withKeys)
    // Where the kernel does not tell, the array grows as it must.
    empty.sas.reserveCapacity(min(limit, (try? KernelSACount.read()) ?? 0))
    var (database, isInterrupted) = try NetlinkDump.read(
      protocol: NETLINK_XFRM, UInt16(XFRM_MSG_GETSA), doing: "read the kernel's SAs", into: empty
    ) { database, type, payload in
      database.add(type, payload)
      return database.sas.count <= limit
    }
    database.isInterrupted = isInterrupted
    return database
  }

  /// Takes a message of the kernel's answer.
  package mutating func add(_ type: UInt16, _ payload: RawSpan) {
    guard type == UInt16(XFRM_MSG_NEWSA) else { return }
    var reader = ByteReader(payload)
    do throws(DissectionError) {
      sas.append(try KernelSA(from: &reader, &names, withKeys: withKeys))
    } catch {
      unreadable += 1
    }
  }
}
