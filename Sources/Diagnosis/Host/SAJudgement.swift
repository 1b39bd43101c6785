package import Host

/// One SA of a machine, and whether its anti-replay settings suit it.
package struct SAJudgement: Sendable {
  package enum Role: String, Sendable {
    case inbound, outbound
    /// Neither the kernel nor the machine's addresses tell.
    case unknown
  }

  package enum Protection: Equatable, Sendable {
    /// An outbound SA has no window: 0 is what it ought to be there.
    case notApplicable
    case off
    case window(UInt32)
  }

  /// When the sequence numbers will have been used up.
  package struct Forecast: Equatable, Sendable {
    package enum Basis: Equatable, Sendable {
      /// Two readings so far apart.
      case measured(Nanoseconds)
      /// The SA's whole life so far.
      case average(Nanoseconds)
    }

    package var perSecond: Double
    /// Until the last number of 2^32, or of 2^64 with ESN.
    package var left: Nanoseconds
    package var basis: Basis
  }

  package var sa: KernelSA
  package var role: Role
  package var protection: Protection
  /// The names that the daemon has for it.
  package var owner: (connection: String, child: String)?
  package var forecast: Forecast?
  /// What a live capture of this SA says that it takes; nil without one.
  package var recommendedWindow: UInt32?
  /// What the daemon is configured with; nil where it does not tell.
  package var configuredWindow: UInt32?

  package init(_ sa: KernelSA, _ role: Role, _ protection: Protection) {
    self.sa = sa
    self.role = role
    self.protection = protection
  }

  package var subject: Finding.Subject {
    .flow(spi: sa.spi, source: sa.source, destination: sa.destination)
  }
}
