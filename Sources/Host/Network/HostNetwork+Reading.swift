internal import CLinux
internal import Glibc
internal import PacketDissector

extension HostNetwork {
  /// What this network namespace has; and what could not be read, in a clause each.
  package static func read() -> (network: HostNetwork, missing: [HostSnapshot.Missing]) {
    var network = HostNetwork()
    var missing: [HostSnapshot.Missing] = []
    do throws(KernelError) {
      try network.readRoutes()
    } catch {
      missing.append(.init(.network, "interfaces and routes: \(error)"))
    }
    do throws(KernelError) {
      try network.readClamps()
    } catch .notPermitted {
      missing.append(
        .init(
          .network, "MSS clamps of nftables: reading them takes the capability CAP_NET_ADMIN",
          isPermission: true))
    } catch .withoutXFRM {
      // A kernel without nftables has no rules of it.
    } catch .failed(_, ENOENT) {
      // The same, said otherwise.
    } catch {
      missing.append(.init(.network, "MSS clamps of nftables: \(error)"))
    }
    network.settings = settingNames.compactMap(Setting.init)
    return (network, missing)
  }

  /// More than any machine has, full Internet routes included.
  private static let limit = 4 << 20

  private mutating func readRoutes() throws(KernelError) {
    let linkRequest = [UInt8](repeating: 0, count: RouteRequest.interfaceBytes)
    interfaces = try NetlinkDump.read(
      protocol: NETLINK_ROUTE, UInt16(RTM_GETLINK), linkRequest, doing: "read the interfaces",
      into: []
    ) { (links: inout [NetworkInterface], type, payload) in
      var reader = ByteReader(payload)
      if type == UInt16(RTM_NEWLINK), let link = try? NetworkInterface(from: &reader) {
        links.append(link)
      }
      return links.count < Self.limit
    }.0
    for family in [AF_INET, AF_INET6] { try readRoutes(UInt8(family)) }
  }

  private mutating func readRoutes(_ family: UInt8) throws(KernelError) {
    var request = [UInt8](repeating: 0, count: RouteRequest.routeBytes)
    request[0] = family
    let entries = try NetlinkDump.read(
      protocol: NETLINK_ROUTE, UInt16(RTM_GETROUTE), request, doing: "read the routes", into: []
    ) { (entries: inout [RouteEntry], type, payload) in
      var reader = ByteReader(payload)
      if type == UInt16(RTM_NEWROUTE), let entry = try? RouteEntry(from: &reader) {
        entries.append(entry)
      }
      return entries.count < Self.limit
    }.0
    for entry in entries {
      switch entry {
      case .route(let route): routes.append(route)
      case .learned(let path): learned.append(path)
      }
    }
  }

  private mutating func readClamps() throws(KernelError) {
    // NFNL_SUBSYS_NFTABLES with NFT_MSG_GETRULE and NFT_MSG_NEWRULE; `struct nfgenmsg` of any family.
    let (subsystem, ask, answer): (UInt16, UInt16, UInt16) = (10 << 8, 7, 6)
    clamps = try NetlinkDump.read(
      protocol: NETLINK_NETFILTER, subsystem | ask, [0, 0, 0, 0], doing: "read nftables' rules",
      into: []
    ) { (clamps: inout [SegmentClamp], type, payload) in
      var reader = ByteReader(payload)
      if type == subsystem | answer, let clamp = try? SegmentClamp(rule: &reader) {
        clamps.append(clamp)
      }
      return clamps.count < Self.limit
    }.0
  }

  /// What decides over packet sizes, and whether IPsec applies at all (Documentation/networking/ip-sysctl.rst).
  private static let settingNames = [
    "net.ipv4.ip_forward", "net.ipv4.ip_no_pmtu_disc", "net.ipv4.ip_forward_use_pmtu",
    "net.ipv4.tcp_mtu_probing", "net.ipv4.tcp_base_mss", "net.ipv4.route.min_pmtu",
    "net.ipv4.route.mtu_expires", "net.ipv4.conf.all.disable_xfrm",
    "net.ipv4.conf.all.disable_policy", "net.ipv4.conf.all.rp_filter",
    "net.ipv6.conf.all.forwarding", "net.ipv6.route.mtu_expires",
    "net.core.xfrm_larval_drop", "net.core.xfrm_acq_expires",
  ]
}

extension HostNetwork.Setting {
  /// What the kernel has; nil where it has no such setting.
  fileprivate init?(_ name: String) {
    let path = "/proc/sys/" + String(name.map { $0 == "." ? "/" : $0 })
    guard let text = SystemFile.read(path) else { return nil }
    self.init(
      name: name, value: String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
  }
}
