internal import IPsecCrypto
internal import PacketDissector

/// What IKE_SA_INIT leaves behind until both sides are authenticated.
struct Handshake {
  /// The last request, and the response, as they were sent: both are signed (RFC 7296, section 2.15).
  let initRequest: [UInt8]
  let initResponse: [UInt8]
  /// What the peer has told.
  var capabilities: PeerCapabilities
  /// Additional key exchanges that are still to be done, in their order.
  var remaining: [KeyExchangeMethod]
  /// The initiator's half of the one under way.
  var share: KeyExchangeInitiator?
  var intermediate = IntermediateAuthentication()
  var eap: EAPProgress?
  /// Whom the responder proved to be before EAP began, for its initiator.
  var responder: AuthenticatedPeer?
  /// The first IKE_AUTH request, for a responder: behind EAP, it says what else the initiator wants.
  var firstRequest: [IKEPayload]?
  /// IntAuth takes it in.
  var firstAuthMessageID: UInt32?
  /// What the Child SA of IKE_AUTH is to be; nil without one.
  var offer: ChildOffer?
}

/// What a peer's IKE_SA_INIT message announces.
struct PeerCapabilities {
  let fragmentation: Bool
  let intermediate: Bool
  let childless: Bool
  let redirect: Bool
  let ppk: Bool
  /// Which proofs the peer says that it can verify.
  var verifier = VerifierAbilities()

  init(_ payloads: [IKEPayload]) {
    fragmentation = payloads.contains(.ikev2FragmentationSupported)
    intermediate = payloads.contains(.intermediateExchangeSupported)
    childless = payloads.contains(.childlessIKEv2Supported)
    redirect = payloads.contains(.redirectSupported) || payloads.contains(.redirectedFrom)
    ppk = payloads.contains(.usePPK)
    verifier.add(payloads.notifies)
  }
}

/// Who is behind a NAT, as IKE_SA_INIT's hashes tell (RFC 7296, section 2.23).
struct NATVerdict: Equatable {
  var local = false
  var remote = false

  init() {}

  /// What the payloads of the peer's message say, which came along `path`; without the notifications there
  /// is no NAT traversal.
  init(
    _ payloads: [IKEPayload], initiatorSPI: UInt64, responderSPI: UInt64, _ path: IKEPath
  ) throws(CryptoError) {
    let sources = payloads.notifies.filter { $0.type == .natDetectionSourceIP }
    guard !sources.isEmpty, let destination = payloads.notify(.natDetectionDestinationIP) else {
      return
    }
    let seen = try NATDetectionHash.compute(
      initiatorSPI: initiatorSPI, responderSPI: responderSPI, path.remote)
    let own = try NATDetectionHash.compute(
      initiatorSPI: initiatorSPI, responderSPI: responderSPI, path.local)
    remote = !sources.contains { $0.data == seen }
    local = destination.data != own
  }

  var isAny: Bool { local || remote }
}

extension PeerConfiguration {
  /// NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP of a message along `path`.
  func natDetection(
    initiatorSPI: UInt64, responderSPI: UInt64, _ path: IKEPath
  ) throws(CryptoError) -> [NotifyPayload] {
    var source = try NATDetectionHash.compute(
      initiatorSPI: initiatorSPI, responderSPI: responderSPI, path.local)
    let destination = try NATDetectionHash.compute(
      initiatorSPI: initiatorSPI, responderSPI: responderSPI, path.remote)
    // The hash of nowhere: no peer takes it for an address that it sees.
    if forcesEncapsulation { source = source.map { ~$0 } }
    return [
      NotifyPayload(.natDetectionSourceIP, .data(source)),
      NotifyPayload(.natDetectionDestinationIP, .data(destination)),
    ]
  }

  /// What both an IKE_SA_INIT request and a response may announce.
  var capabilityNotifies: [NotifyPayload] {
    var notifies: [NotifyPayload] = []
    if supportsFragmentation { notifies.append(NotifyPayload(.ikev2FragmentationSupported)) }
    notifies.append(VerifierAbilities.hashNotify)
    if announcesIntermediate { notifies.append(NotifyPayload(.intermediateExchangeSupported)) }
    return notifies
  }
}
