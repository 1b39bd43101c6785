internal import Host

/// What kernels call by numbers.
enum KernelNames {
  /// XFRM_MODE_…
  static func mode(_ mode: UInt8) -> StaticString? {
    switch mode {
    case 0: "transport"
    case 1: "tunnel"
    case 2: "route optimization"
    case 3: "in trigger"
    case 4: "BEET"
    case 5: "IP-TFS"
    default: nil
    }
  }

  static func protocolName(_ ipProtocol: UInt8) -> StaticString? {
    switch ipProtocol {
    case 50: "ESP"
    case 51: "AH"
    case 108: "IPComp"
    default: nil
    }
  }

  /// As iproute2 calls them.
  static let flags: [(flag: KernelSA.Flags, name: String)] = [
    (.noECN, "noecn"), (.decapDSCP, "decap-dscp"), (.noPMTUDiscovery, "nopmtudisc"),
    (.wildReceive, "wildrecv"), (.icmp, "icmp"), (.anyFamily, "af-unspec"), (.align4, "align4"),
    (.esn, "esn"),
  ]

  static let extraFlags: [(flag: KernelSA.ExtraFlags, name: String)] = [
    (.dontEncapsulateDSCP, "dont-encap-dscp"), (.outgoingMayWrap, "oseq-may-wrap"),
  ]
}
