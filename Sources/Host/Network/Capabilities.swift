/// What this process may do beyond an ordinary one (capabilities(7)).
package struct Capabilities: OptionSet, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// CAP_NET_ADMIN: ask for and change the kernel's SAs, and other settings of the network.
  package static let netAdmin = Capabilities(rawValue: 1 << 12)
  /// CAP_NET_RAW: send and receive any IP protocol.
  package static let netRaw = Capabilities(rawValue: 1 << 13)

  /// What is lacking where raw sockets are refused, and how to get it.
  package static let missingNetRaw =
    "ESP and ICMP need the capability CAP_NET_RAW: "
    + "setcap cap_net_raw,cap_net_admin+ep $(command -v ipsecdiag), or root"

  /// The same where the kernel's SAs and policies are refused.
  package static let missingNetAdmin =
    "the kernel's SAs and policies need the capability CAP_NET_ADMIN: "
    + "setcap cap_net_raw,cap_net_admin+ep $(command -v ipsecdiag), or root"

  /// Of this process, in effect now; none where /proc does not tell.
  package static var effective: Capabilities {
    SystemFile.read("/proc/self/status").flatMap(Capabilities.init(status:)) ?? []
  }

  /// Reads the line "CapEff:" of a status file of proc(5); nil without one.
  package init?(status text: [UInt8]) {
    let name = Array("CapEff:".utf8)
    guard
      let line = text.split(separator: UInt8(ascii: "\n")).first(where: { $0.starts(with: name) })
    else { return nil }
    let digits = line.dropFirst(name.count).filter {
      $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: " ")
    }
    guard let value = UInt64(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
    self.init(rawValue: value)
  }
}
