package import PacketDissector

/// Something that happened to the kernel's SAs or policies, as it tells those that listen.
package enum KernelEvent: Sendable {
  case saAdded(KernelSA)
  case saUpdated(KernelSA)
  /// With its last counters.
  case saDeleted(KernelSA)
  /// Of one IP protocol; 0, as 255, is of all.
  case sasFlushed(ipProtocol: UInt8)
  /// At the soft limit the daemon is asked for a new SA, at the hard one the SA ends. Its counters are told, its
  /// algorithms and sequence numbers are not.
  case saExpired(KernelSA, isHard: Bool)
  /// A packet had to go through an SA and there was none.
  case saWanted(Acquire)
  case policyAdded(KernelPolicy)
  case policyUpdated(KernelPolicy)
  case policyDeleted(KernelPolicy)
  case policiesFlushed
  case policyExpired(KernelPolicy, isHard: Bool)

  /// `struct xfrm_user_acquire`: what is wanted of the daemon.
  package struct Acquire: Sendable {
    package var source: IPAddress
    package var destination: IPAddress
    package var ipProtocol: UInt8
    /// The packet that is waiting, or was dropped; nil where the kernel does not say.
    package var packet: TrafficMatch?
    /// The policy that wants it, with its templates.
    package var policy: KernelPolicy
    /// The kernel's number for the question, which the SA that answers it has.
    package var sequence: UInt32
    /// The CPU that it is for (RFC 9611); nil where any.
    package var cpu: UInt32?
  }
}
