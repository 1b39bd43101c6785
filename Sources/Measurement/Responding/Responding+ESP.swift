internal import ESP
internal import IKE
internal import PacketDissector

// ESP that came: opened by its SPI, held against the SA's traffic selectors, and echoes answered.

extension Responding {
  func handleESP(
    _ packet: [UInt8], from remote: Endpoint, to local: Endpoint, at now: Instant
  ) {
    var reader = ByteReader(packet.rawBytes)
    guard let header = try? ESPHeader(from: &reader) else { return }
    if UnencryptedESPEcho.concerns(header.spi) {
      return answerPlain(packet, from: remote, to: local, at: now)
    }
    guard let session = sessionsBySPI[header.spi], let peer = peers[session] else {
      // Without UDP, the packets of the kernel's own SAs come here as well.
      if local.port != 0 { unanswered.unknownSPI += 1 }
      return
    }
    guard let opened = try? peer.table.open(packet) else { return }
    let answer =
      switch opened.nextHeader {
      case ESPEcho.nextHeader: echoAnswer(opened, session, from: remote, at: now)
      case 4, 41: innerAnswer(opened, session, at: now)
      default: SealedAnswer?.none
      }
    guard let answer, let sealed = seal(answer, peer.table) else { return }
    peers[session]?.lastAnswer = now
    send(
      OutgoingDatagram(sealed, from: local, to: remote, mayFragment: answer.mayFragment), at: now)
  }

  /// What goes back, on which of the peer's SPIs.
  private struct SealedAnswer {
    let payload: [UInt8]
    let nextHeader: UInt8
    let outboundSPI: UInt32
    /// As the packet inside may (RFC 4301, section 8.1); an ESP echo measures the path.
    let mayFragment: Bool
  }

  private func seal(_ answer: SealedAnswer, _ table: ChildSATable) -> [UInt8]? {
    try? table.seal(answer.payload, nextHeader: answer.nextHeader, on: answer.outboundSPI).packet
  }

  // MARK: ICMP through the Child SA

  private func innerAnswer(
    _ opened: ChildSATable.Opened, _ session: Int, at now: Instant
  ) -> SealedAnswer? {
    guard let request = InnerEcho(packet: opened.payload), !request.isReply else {
      unanswered.otherPackets += 1
      return nil
    }
    guard request.isFor(opened.child) else {
      unanswered.outsideSelectors += 1
      return nil
    }
    guard limit.allows(at: now), peers[session]?.limit.allows(at: now) == true else {
      unanswered.overRate += 1
      return nil
    }
    guard let reply = InnerEcho.reply(to: opened.payload) else { return nil }
    peers[session]?.answers.inner += 1
    return SealedAnswer(
      payload: reply, nextHeader: opened.nextHeader, outboundSPI: opened.child.outboundSPI,
      mayFragment: !request.doNotFragment && !request.destination.isIPv6)
  }

  // MARK: ESP echo

  private func echoAnswer(
    _ opened: ChildSATable.Opened, _ session: Int, from remote: Endpoint, at now: Instant
  ) -> SealedAnswer? {
    guard limit.allows(at: now), let peer = peers[session] else {
      unanswered.overRate += 1
      return nil
    }
    let answer = peers[session]?.echoes.answer(
      opened.payload, partnerSPI: opened.child.outboundSPI,
      peerSPIs: peer.table.children.map(\.outboundSPI),
      room: room(opened.child, peer.pathMTU, to: remote), at: now)
    switch answer {
    case .reply(let payload, let outboundSPI):
      peers[session]?.answers.encrypted += 1
      return SealedAnswer(
        payload: payload, nextHeader: ESPEcho.nextHeader, outboundSPI: outboundSPI,
        mayFragment: false)
    case .silence(.oneWay): peers[session]?.answers.oneWay += 1
    case .silence(.overLimit): unanswered.overRate += 1
    case .silence, nil: unanswered.otherPackets += 1
    }
    return nil
  }

  /// Octets of payload that have room in a packet to the peer.
  private func room(_ child: ChildSA, _ pathMTU: Int?, to remote: Endpoint) -> Int? {
    guard let pathMTU, let parameters = try? ESPParameters(outbound: child) else { return nil }
    return parameters.payloadBytes(packet: pathMTU - remote.outerBytes)
  }

  private func answerPlain(
    _ packet: [UInt8], from remote: Endpoint, to local: Endpoint, at now: Instant
  ) {
    guard limit.allows(at: now) else {
      unanswered.overRate += 1
      return
    }
    guard let reply = plainEchoes.answer(unencrypted: packet, at: now), reply.count <= packet.count
    else { return }
    pastAnswers.plain += 1
    send(OutgoingDatagram(reply, from: local, to: remote, mayFragment: false), at: now)
  }
}

extension Endpoint {
  /// Octets of the IP header, and of UDP where there is a port.
  fileprivate var outerBytes: Int {
    InternetPacket.headerBytes(isIPv6: address.isIPv6) + (port == 0 ? 0 : 8)
  }
}

extension InnerEcho {
  /// Whether the SA takes this request of its peer's (RFC 4301, section 5.2): ICMP's type stands in the upper
  /// octet of what is a port elsewhere (RFC 7296, section 3.13.1).
  fileprivate func isFor(_ child: ChildSA) -> Bool {
    let icmp: IPProtocol = destination.isIPv6 ? 58 : 1
    let type: UInt16 = destination.isIPv6 ? 128 << 8 : 8 << 8
    func isCovered(_ address: IPAddress, _ selectors: [TrafficSelector]) -> Bool {
      let range = TrafficSelector.AddressRange(
        startPort: type, endPort: type, start: address, end: address)
      return TrafficSelectorNarrowing.covers(
        selectors, [TrafficSelector(range, ipProtocol: icmp)])
    }
    return isCovered(source, child.remoteSelectors) && isCovered(destination, child.localSelectors)
  }
}
