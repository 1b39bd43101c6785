package import PacketDissector

/// Which frames a person asked for: by peer, SPI or exchange. Each list is a choice of several, and
/// a frame must satisfy every list that is not empty.
package struct FrameSelection: Equatable, Sendable {
  /// Either end of the packet, or of the packet that an ICMP error quotes.
  package var peers: [IPAddress]
  /// ESP and AH SPIs, and IKE SPIs of either side.
  package var spis: [UInt64]
  /// IKE exchange types; IKEv1's numbers lie below 34, IKEv2's from there on.
  package var exchanges: [UInt8]

  package init(peers: [IPAddress] = [], spis: [UInt64] = [], exchanges: [UInt8] = []) {
    self.peers = peers
    self.spis = spis
    self.exchanges = exchanges
  }

  package var isEverything: Bool { peers.isEmpty && spis.isEmpty && exchanges.isEmpty }

  package func contains(_ dissector: Dissector) -> Bool {
    if isEverything { return true }
    let frame = dissector.frame
    guard peers.isEmpty || concernsPeer(frame) else { return false }
    if spis.isEmpty && exchanges.isEmpty { return true }
    guard let record = frame.record else { return false }
    return matches(record.kind) || dissector.further.contains { matches($0.kind) }
  }

  private func concernsPeer(_ frame: Frame) -> Bool {
    guard let internet = frame.internet else { return false }
    if peers.contains(internet.source) || peers.contains(internet.destination) { return true }
    guard let quoted = frame.icmp?.quoted?.internet else { return false }
    return peers.contains(quoted.source) || peers.contains(quoted.destination)
  }

  private func matches(_ kind: IPsecRecord.Kind) -> Bool {
    switch kind {
    case .esp(let header):
      exchanges.isEmpty && spis.contains(UInt64(header.spi))
    case .ah(let header):
      exchanges.isEmpty && spis.contains(UInt64(header.spi))
    case .ike(let header):
      (exchanges.isEmpty || exchanges.contains(header.exchangeType))
        && (spis.isEmpty || spis.contains(header.initiatorSPI)
          || spis.contains(header.responderSPI))
    case .wesp, .ipcomp, .natKeepalive, .tcpPrefix:
      false
    }
  }
}
