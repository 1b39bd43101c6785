package import PacketDissector

/// A policy of the kernel: which packets must come or go through which SAs, or not at all.
package struct KernelPolicy: Hashable, Sendable {
  /// XFRM_POLICY_…: the last two are what a socket asks for itself.
  package enum Direction: UInt8, Sendable {
    case incoming = 0
    case outgoing = 1
    case forwarded = 2
    case socketIncoming = 3
    case socketOutgoing = 4
  }

  package enum Action: UInt8, Sendable {
    case allow = 0
    case block = 1
  }

  /// What an SA must be like to be used (`struct xfrm_user_tmpl`).
  package struct Template: Hashable, Sendable {
    package var source: IPAddress
    package var destination: IPAddress
    /// 0 is any.
    package var spi: UInt32 = 0
    package var ipProtocol: UInt8 = 50
    /// As ``KernelSA/mode``.
    package var mode: UInt8 = 1
    package var reqID: UInt32 = 0
    /// Used where there is such an SA, and passed over where there is none ("level use").
    package var isOptional = false

    package init(source: IPAddress, destination: IPAddress) {
      self.source = source
      self.destination = destination
    }
  }

  package var selector: TrafficMatch
  package var direction: Direction
  package var action: Action = .allow
  /// Lower ones win.
  package var priority: UInt32 = 0
  package var index: UInt32 = 0
  package var templates: [Template] = []
  package var mark: KernelSA.Mark?
  package var interfaceID: UInt32?
  /// What went by it; kernels count only what had no SA to go through.
  package var packets: UInt64 = 0
  package var limits = KernelSA.Limits()
  package var added: Timestamp?
  package var lastUsed: Timestamp?
  package var isOffloaded = false

  package init(_ selector: TrafficMatch, _ direction: Direction) {
    self.selector = selector
    self.direction = direction
  }
}
