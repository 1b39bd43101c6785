internal import CLinux
internal import Glibc
internal import PacketDissector

/// The kernel's policies, those of sockets among them, as they stood at one moment in this network namespace.
package struct KernelPolicyDatabase: Sendable {
  package private(set) var policies: [KernelPolicy] = []
  /// Policies that were told, but not in a form that is known.
  package private(set) var unreadable = 0
  /// They kept changing while they were told: some may be missing, or here twice.
  package private(set) var isInterrupted = false

  /// A gateway has some three for each SA.
  package static let limit = 1 << 20

  package init() {}

  /// Asks the kernel, which takes the capability CAP_NET_ADMIN.
  package static func read() throws(KernelError) -> KernelPolicyDatabase {
    var (database, isInterrupted) = try NetlinkDump.read(
      protocol: NETLINK_XFRM, UInt16(XFRM_MSG_GETPOLICY), doing: "read the kernel's policies",
      into: KernelPolicyDatabase()
    ) { database, type, payload in
      database.add(type, payload)
      return database.policies.count <= limit
    }
    database.isInterrupted = isInterrupted
    return database
  }

  /// Takes a message of the kernel's answer.
  package mutating func add(_ type: UInt16, _ payload: RawSpan) {
    guard type == UInt16(XFRM_MSG_NEWPOLICY) else { return }
    var reader = ByteReader(payload)
    do throws(DissectionError) {
      policies.append(try KernelPolicy(from: &reader))
    } catch {
      unreadable += 1
    }
  }
}
