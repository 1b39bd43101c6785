package import PacketDissector

/// What a machine knows of its IPsec at one moment: this one, or another whose output was saved.
package struct HostSnapshot: Sendable {
  /// What there is to read. The raw value is what people call it.
  package enum Part: String, CaseIterable, Sendable {
    case securityAssociations = "the kernel's SAs"
    case policies = "the kernel's policies"
    case dropCounters = "the kernel's drop counters"
    case addresses = "this machine's addresses"
    case network = "interfaces and routes"
    case daemon = "the IKE daemon"
  }

  /// A part that could not be read.
  package struct Missing: Sendable {
    package var part: Part
    /// In a clause for a person, with the capability or kernel option that is lacking.
    package var reason: String
    /// A lack of permission, that root or a capability would mend.
    package var isPermission: Bool

    package init(_ part: Part, _ reason: String, isPermission: Bool = false) {
      self.part = part
      self.reason = reason
      self.isPermission = isPermission
    }
  }

  package enum Origin: Equatable, Sendable {
    case thisMachine
    /// A folder of saved output.
    case saved(folder: String)
  }

  package var origin: Origin
  package var time: Timestamp
  package var sas: [KernelSA] = []
  package var policies: [KernelPolicy] = []
  /// Nil where they could not be read.
  package var dropCounters: DropCounters?
  /// The machine's own, from which the direction of an SA is told where the kernel does not say.
  package var addresses: [IPAddress] = []
  package var network = HostNetwork()
  package var daemons: [DaemonState] = []
  package var missing: [Missing] = []
  /// What was read but not understood, in a clause each.
  package var problems: [String] = []

  /// The SAs could not be read for want of a capability.
  package var lacksPermission: Bool {
    missing.contains { $0.part == .securityAssociations && $0.isPermission }
  }

  package init(_ origin: Origin, at time: Timestamp) {
    self.origin = origin
    self.time = time
  }
}
