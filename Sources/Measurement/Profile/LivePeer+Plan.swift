package import Host
package import IKE
package import PacketDissector

extension LivePeer {
  /// The peer of a plan at an address. Asks the kernel for the way there, which sends nothing.
  ///
  /// `now` is in seconds since 1970.
  package init(
    _ plan: PeerPlan, name: String, at address: ResolvedAddress, now: Int64
  ) throws(SettingProblem) {
    let isIPv6 = address.address.isIPv6
    if let source = plan.source, source.isIPv6 != isIPv6 {
      throw SettingProblem(.otherFamily(.source, "\(source)"), at: nil)
    }
    // Without a way there the tunnel fails, and says why.
    let route = try? LocalRoute(to: address.address, interface: plan.interface)
    let own = plan.source ?? route?.source ?? .any(isIPv6: isIPv6)
    var options = Tunnel.Options()
    options.source = plan.source
    options.interface = plan.interface
    if let replayWindow = plan.replayWindow { options.replayWindow = replayWindow }
    self.init(
      name: name, address: address,
      configuration: try plan.configuration(own: own, peer: address.address, now: now),
      options: options)
  }
}

extension PeerPlan {
  /// What an IKE session between two addresses is configured with; `now` is in seconds since 1970. A responder
  /// takes the unspecified address for a peer that it does not know yet.
  package func configuration(
    own: IPAddress, peer: IPAddress, now: Int64
  ) throws(SettingProblem) -> PeerConfiguration {
    let isIPv6 = own.isIPv6
    // An address that is asked for may be of the other family than the one outside.
    let isInnerIPv6 =
      requestedAttributes.isEmpty ? isIPv6 : requestedAttributes == [.internalIP6Address]
    guard let local = localSelectors.selectors(own: own, isIPv6: isInnerIPv6) else {
      throw SettingProblem(.badValue(.localTS, "dynamic"), at: nil)
    }
    guard let remote = remoteSelectors.selectors(own: peer, isIPv6: isInnerIPv6)
    else { throw SettingProblem(.badValue(.remoteTS, "dynamic"), at: nil) }
    var configuration = PeerConfiguration(
      ikeProposals: ikeProposals, childProposals: childProposals,
      localIdentity: localIdentity ?? Identity(own), remoteIdentity: remoteIdentity,
      credential: credential, requirement: requirement, localSelectors: local,
      remoteSelectors: remote)
    configuration.isTransportMode = isTransportMode
    configuration.requestedAttributes = requestedAttributes
    configuration.ppk = ppk
    configuration.ports = ports
    configuration.supportsFragmentation = supportsFragmentation
    if let size = fragmentSize { configuration.fragmentBytes = [size] }
    configuration.retransmission = .quick
    configuration.certificateTime = now
    return configuration
  }

  /// The gateway's address, of the family wanted, or of that of the address to send from. Waits for the
  /// resolver.
  package func resolved(
    _ family: NameResolution.Family = .any
  ) throws(SettingProblem) -> ResolvedAddress {
    guard let remote, let text = remote.text else { throw SettingProblem(.noRemote, at: nil) }
    let name: String
    switch try? TargetExpression(text) {
    case .name(let text)?: name = text
    case .address(let address)?: name = "\(address)"
    case .network?, .range?, nil: throw SettingProblem(.anyRemote(text), at: remote.origin)
    }
    let family = family == .any ? source.map { $0.isIPv6 ? .ipv6 : .ipv4 } ?? .any : family
    do throws(ResolutionError) {
      if let address = try NameResolution.addresses(of: name, family: family).first {
        return address
      }
    } catch {
      throw SettingProblem(.unresolvable(error), at: remote.origin)
    }
    throw SettingProblem(.noRemote, at: remote.origin)
  }
}
