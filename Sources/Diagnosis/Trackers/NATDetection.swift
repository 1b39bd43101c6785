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
      $0.data == Self.hash(header, sighting.source, sighting.sourcePort)
    }
    let isDestination =
      destination.map {
        $0.data == Self.hash(header, sighting.destination, sighting.destinationPort)
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

  /// SHA1(SPIi | SPIr | address | port)
  private static func hash(_ header: IKEHeader, _ address: IPAddress, _ port: UInt16) -> [UInt8]? {
    var writer = ByteWriter()
    writer.u64(header.initiatorSPI)
    writer.u64(header.responderSPI)
    writer.append(address.octets)
    writer.u16(port)
    return try? HashFunction.sha1.digest(writer.bytes)
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
