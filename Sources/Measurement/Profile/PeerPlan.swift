internal import Host
package import IKE
package import PacketDissector

/// Settings as the engine takes them, as far as they can be read without the gateway's address.
package struct PeerPlan: Sendable {
  package var remote: Setting?
  package var ikeProposals: [Proposal]
  package var childProposals: [Proposal]
  /// Nil for the address that packets leave from.
  package var localIdentity: Identity?
  package var remoteIdentity: Identity?
  package var credential: Credential
  package var requirement: PeerRequirement
  package var localSelectors: SelectorPlan
  package var remoteSelectors: SelectorPlan
  package var isTransportMode: Bool
  package var requestedAttributes: [ConfigurationAttributeType]
  package var ppk: PPKPolicy?
  package var source: IPAddress?
  package var interface: String?
  package var ports: IKEPorts
  package var supportsFragmentation: Bool
  /// Nil leaves the sizes to the engine.
  package var fragmentSize: Int?
  package var replayWindow: Int?

  /// Broad and modern: what daemons of the last ten years take, without what RFC 8247 and RFC 8221 demote
  /// below SHOULD.
  package static let usualIKE =
    "aes256gcm16-aes128gcm16-chacha20poly1305-prfsha384-prfsha256-prfsha512"
    + "-x25519-ecp256-ecp384-ecp521-modp2048-modp3072-modp4096,"
    + "aes256-aes128-sha256-sha384-sha512-sha1-prfsha256-prfsha384-prfsha512-prfsha1"
    + "-x25519-ecp256-ecp384-ecp521-modp2048-modp3072-modp4096"
  package static let usualESP =
    "aes256gcm16-aes128gcm16-chacha20poly1305,aes256-aes128-sha256-sha384-sha512-sha1"
}

/// The traffic selectors of one side, before the addresses of both sides are known.
package enum SelectorPlan: Equatable, Sendable {
  /// Any address of the family of the virtual or the outer address: gateways narrow it to what they have.
  case everything
  /// Each as ``TrafficSelector`` reads it, or "dynamic" in the place of the addresses.
  case listed([String])

  /// `own` is what "dynamic" stands for; nil where one of them cannot be read.
  package func selectors(own: IPAddress, isIPv6: Bool) -> [TrafficSelector]? {
    switch self {
    case .everything:
      return TrafficSelector(IPAddress.any(isIPv6: isIPv6), prefixLength: 0).map { [$0] }
    case .listed(let texts):
      let selectors = texts.map { Self.selector($0, own) }
      return selectors.contains(nil) ? nil : selectors.compactMap(\.self)
    }
  }

  private static func selector(_ text: String, _ own: IPAddress) -> TrafficSelector? {
    for word in ["%dynamic", "dynamic"] where text.hasPrefix(word) {
      return TrafficSelector(text: "\(own)" + text.dropFirst(word.count))
    }
    return TrafficSelector(text: text)
  }

  /// Whether any of them stands for an address of ours or the gateway's.
  package var isDynamic: Bool {
    guard case .listed(let texts) = self else { return false }
    return texts.contains { $0.contains("dynamic") }
  }
}
