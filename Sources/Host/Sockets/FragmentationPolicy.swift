internal import CLinux
internal import Glibc

/// What may happen to datagrams larger than the path's MTU (IP_MTU_DISCOVER in ip(7), and the same for IPv6).
package enum FragmentationPolicy: Equatable, Sendable {
  /// IPv4 goes without DF; what is larger than the MTU known to this machine leaves it in fragments.
  case allowed
  /// DF is set, and this machine refuses what is larger than the MTU that it knows.
  case forbidden
  /// DF is set, and what this machine has learned of the path is ignored: only its interface's MTU counts.
  case probing
}

extension FragmentationPolicy {
  /// The numbers are the same for IPv4 and IPv6.
  var optionValue: Int32 {
    switch self {
    case .allowed: IP_PMTUDISC_DONT
    case .forbidden: IP_PMTUDISC_DO
    case .probing: IP_PMTUDISC_PROBE
    }
  }
}
