internal import IPsecCrypto
internal import PacketDissector

/// What the NAT detection hashes of IKE_SA_INIT say (RFC 7296, section 2.23): each side hashes the
/// addresses and ports that it knows, and who computes other hashes from the packet knows of a NAT.
package struct NATDetection: Sendable {
  /// Whether the addresses in the packets are those that the initiator, and the responder, believes in;
  /// nil where a side sent no hash.
  package private(set) var initiatorSource: Bool?
  package private(set) var initiatorDestination: Bool?
  package private(set) var responderSource: Bool?
  package private(set) var responderDestination: Bool?
  package private(set) var frames: [FrameReference] = []

  package init() {}

  mutating func note(_ content: IKEMessageContent, _ header: IKEHeader, _ sighting: Sighting) {
    let source = content.notifies.filter { $0.type == NotifyType.natDetectionSourceIP.rawValue }
    let destination = content.notify(.natDetectionDestinationIP)
    guard !source.isEmpty || destination != nil else { return }
    let isSource = source.contains {
      $0.data == Self.hash(header, sighting.sourceEnd)
    }
    let isDestination =
      destination.map {
        $0.data == Self.hash(header, sighting.destinationEnd)
      }
    if frames.count < 4 { frames.append(sighting.frame) }
    if header.isResponse {
      responderSource = source.isEmpty ? nil : isSource
      responderDestination = isDestination
    } else {
      initiatorSource = source.isEmpty ? nil : isSource
      initiatorDestination = isDestination
    }
  }

  private static func hash(_ header: IKEHeader, _ end: Endpoint) -> [UInt8]? {
    try? NATDetectionHash.compute(
      initiatorSPI: header.initiatorSPI, responderSPI: header.responderSPI, end)
  }

  /// The initiator's address is translated on its way: its own hash of it does not fit the packets, or
  /// the responder saw another than they have.
  package var initiatorIsBehindNAT: Bool {
    initiatorSource == false || responderDestination == false
  }

  package var responderIsBehindNAT: Bool {
    responderSource == false || initiatorDestination == false
  }
}
