internal import IPsecCrypto
package import PacketDissector

/// One side's policy towards a peer: what it offers or accepts, who it is, and what the peer must prove.
package struct PeerConfiguration: Sendable {
  /// In order of preference. Numbers and SPIs are filled in.
  package var ikeProposals: [Proposal]
  /// In order of preference; key exchanges in them count from CREATE_CHILD_SA on (RFC 7296, section 1.2).
  package var childProposals: [Proposal]
  package var localIdentity: Identity
  /// Who the peer must be, and what an initiator asks for in IDr; nil takes anyone that proves itself.
  package var remoteIdentity: Identity?
  package var credential: Credential
  package var requirement: PeerRequirement
  /// The traffic at this end of a Child SA, and at the peer's.
  package var localSelectors: [TrafficSelector]
  package var remoteSelectors: [TrafficSelector]
  package var isTransportMode = false

  /// Whether IKE_SA_INIT announces RFC 7383.
  package var supportsFragmentation = true
  /// Octets of the IP datagrams that fragments come in, tried from the first to the last while a request
  /// stays unanswered.
  package var fragmentBytes = [1280, 576]
  package var retransmission = RetransmissionPolicy.patient
  package var sendsInitialContact = false
  /// Whether an initiator asks for no Child SA, where the responder can do without (RFC 6023).
  package var isChildless = false
  package var ppk: PPKPolicy?
  package var vendorIDs: [[UInt8]] = []
  /// Whether IKE_SA_INIT announces IKE_INTERMEDIATE, which proposals with additional key exchanges need.
  package var announcesIntermediate = true
  /// Whether SUPPORTED_AUTH_METHODS is sent (RFC 9593); a peer's is honoured in any case.
  package var announcesAuthenticationMethods = false
  /// Status notifications without data that IKE_AUTH carries beside its own.
  package var announcements: [NotifyType] = []
  /// What is told of anti-replay protection whenever a Child SA is made.
  package var replayStatus = ReplayStatusPolicy()
  /// What an initiator asks for in CP; empty sends no CP.
  package var requestedAttributes: [ConfigurationAttributeType] = []
  /// What a responder gives to whoever asks in CP.
  package var assignedAttributes: [ConfigurationAttribute] = []
  /// Makes the peer see a NAT where there is none, so that ESP comes in UDP.
  package var forcesEncapsulation = false
  /// The gateway that sent the initiator here (RFC 5685, section 3).
  package var redirectedFrom: GatewayIdentity?
  /// Where a responder sends whoever asks for redirection (RFC 5685).
  package var redirectsTo: GatewayIdentity?
  /// Whose order decides where several proposals are acceptable, as a responder.
  package var preference = Side.responder
  package var ports = IKEPorts()
  package var transport = IKETransport.datagrams
  /// The time at which certificates must be valid, in seconds since 1970.
  package var certificateTime: Int64 = 0

  package init(
    ikeProposals: [Proposal], childProposals: [Proposal], localIdentity: Identity,
    remoteIdentity: Identity? = nil, credential: Credential, requirement: PeerRequirement,
    localSelectors: [TrafficSelector], remoteSelectors: [TrafficSelector]
  ) {
    self.ikeProposals = ikeProposals
    self.childProposals = childProposals
    self.localIdentity = localIdentity
    self.remoteIdentity = remoteIdentity
    self.credential = credential
    self.requirement = requirement
    self.localSelectors = localSelectors
    self.remoteSelectors = remoteSelectors
  }
}

/// The UDP ports of IKE.
package struct IKEPorts: Hashable, Sendable {
  /// Where messages stand as they are.
  package var plain: UInt16 = 500
  /// Where ESP may come too, and IKE stands behind four zero octets (RFC 3948, section 2.2).
  package var encapsulated: UInt16 = 4500

  package init(plain: UInt16 = 500, encapsulated: UInt16 = 4500) {
    self.plain = plain
    self.encapsulated = encapsulated
  }
}

/// What carries the messages of a session.
package enum IKETransport: Hashable, Sendable {
  /// UDP: messages are lost, repeated and reordered.
  case datagrams
  /// TCP (RFC 9329): nothing is sent twice, and ``TCPStream`` does the framing.
  case stream
}

/// Where a datagram goes to, or came along: this end, and the other.
package struct IKEPath: Hashable, Sendable {
  package var local: Endpoint
  package var remote: Endpoint

  package init(local: Endpoint, remote: Endpoint) {
    self.local = local
    self.remote = remote
  }

  /// Whether datagrams on this path carry the non-ESP marker.
  package func hasMarker(_ ports: IKEPorts) -> Bool {
    local.port == ports.encapsulated || remote.port == ports.encapsulated
  }

  /// The path to the peer's port for encapsulation; from our own, if we had the one for plain messages.
  func floated(_ ports: IKEPorts) -> IKEPath {
    var path = self
    if path.remote.port == ports.plain { path.remote.port = ports.encapsulated }
    if path.local.port == ports.plain { path.local.port = ports.encapsulated }
    return path
  }

  /// Octets of IKE in an IP datagram of `datagramBytes`.
  func messageBytes(in datagramBytes: Int, _ ports: IKEPorts) -> Int {
    let ip = InternetPacket.headerBytes(isIPv6: remote.address.isIPv6)
    return datagramBytes - ip - 8 - (hasMarker(ports) ? NonESPMarker.byteCount : 0)
  }
}

/// The four zero octets that tell IKE from ESP (RFC 3948, section 2.2).
package enum NonESPMarker {
  package static let byteCount = 4

  /// Whether a datagram where the marker is due is ESP: it has none, and is no keepalive.
  package static func isMissing(in datagram: [UInt8]) -> Bool {
    datagram.count >= 2 * byteCount && datagram.prefix(byteCount).contains { $0 != 0 }
  }

  package static func added(to message: [UInt8]) -> [UInt8] { [0, 0, 0, 0] + message }

  /// The message behind the marker; nil for ESP, a keepalive and anything else.
  package static func removed(from datagram: [UInt8]) -> [UInt8]? {
    guard datagram.count > byteCount, datagram.prefix(byteCount).allSatisfy({ $0 == 0 }) else {
      return nil
    }
    return Array(datagram.dropFirst(byteCount))
  }
}
