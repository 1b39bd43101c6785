package import IKE
package import PacketDissector

/// From where to where an echo inside a Child SA goes, so that its traffic selectors let it pass.
package struct InnerAddresses: Equatable, Sendable {
  package var source: IPAddress
  package var destination: IPAddress

  /// The source is the address that the peer has assigned, else `local` where the selectors cover it, else the
  /// first of them. Without a `destination` it is `remote` where they cover that, else the first behind the
  /// peer. Nil where the selectors have no address of the family, or none but every address.
  package init?(
    _ child: ChildSA, _ established: EstablishedSA, local: IPAddress, remote: IPAddress,
    destination: IPAddress?
  ) {
    guard let destination = destination ?? Self.address(in: child.remoteSelectors, remote) else {
      return nil
    }
    let assignment = AddressAssignment(established.attributes)
    let assigned = destination.isIPv6 ? assignment.ipv6 : assignment.ipv4
    let family = child.localSelectors.filter { $0.range?.start.isIPv6 == destination.isIPv6 }
    guard let source = assigned ?? Self.address(in: family, local) else { return nil }
    self.source = source
    self.destination = destination
  }

  private static func address(in selectors: [TrafficSelector], _ own: IPAddress) -> IPAddress? {
    let ranges = selectors.compactMap(\.range)
    if ranges.contains(where: { $0.start <= own && own <= $0.end }) { return own }
    guard let first = ranges.first else { return nil }
    // The first address of a network is the network's.
    return first.start == first.end ? first.start : first.start.next
  }
}

extension TrafficSelector {
  fileprivate var range: AddressRange? {
    if case .addresses(let range) = content, range.start <= range.end { range } else { nil }
  }
}

extension IPAddress {
  fileprivate var next: IPAddress {
    guard isIPv6 else { return IPAddress(v4: UInt32(truncatingIfNeeded: low &+ 1)) }
    return IPAddress(v6High: low == .max ? high &+ 1 : high, low: low &+ 1)
  }
}
