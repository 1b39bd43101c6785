internal import ESP
internal import IKE
package import PacketDissector

/// What answers packets inside a tunnel.
package enum InnerMeans: Equatable, Sendable {
  /// This host behind the peer.
  case icmpEcho(IPAddress)
  /// The peer.
  case espEcho
}

extension Tunnel {
  /// What to ask inside the newest Child SA: the peer by ESP echo where it has announced that and no host is asked
  /// for, else `destination`, or the first host that the tunnel covers. Nil where no address is known.
  func innerProber(
    _ established: EstablishedSA, destination: IPAddress?, announcement: NotifyType?
  ) throws(TunnelFailure) -> (prober: any InnerProber, means: InnerMeans)? {
    guard let child else { throw .noChild }
    let identifier = UInt16.random(in: 1...UInt16.max)
    if destination == nil, let announcement, established.announced.contains(announcement) {
      return (
        InnerESPEchoProber(identifier: identifier, replySPI: child.inboundSPI), .espEcho
      )
    }
    guard
      let ends = InnerAddresses(
        child, established, local: path.local.address, remote: remote, destination: destination)
    else { return nil }
    return (
      InnerICMPProber(from: ends.source, to: ends.destination, identifier: identifier),
      .icmpEcho(ends.destination)
    )
  }
}
