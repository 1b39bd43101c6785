package import Capture
package import Decryption
internal import IPsecCrypto
package import PacketDissector

/// Everything that the frames of a capture show, kept for the rules to judge: memory is bounded by the
/// number of SAs, and what found no room is counted.
package struct CaptureEvidence: Sendable {
  package private(set) var quality = CaptureQuality()
  package private(set) var flows: FlowTable
  package private(set) var sessions = SessionTable()
  package private(set) var peers = PeerTable()
  package private(set) var icmp = ICMPErrors()
  package private(set) var fragments = FragmentTracker()
  package private(set) var tcp = TCPTracker()
  package private(set) var inner = InnerTraffic()
  /// Major versions other than 1 and 2 that messages came with.
  package private(set) var strangeVersions: [UInt8: FrameReference] = [:]
  package private(set) var hasKeys = false
  /// The packets one by one, where they are to be compared with another capture's.
  package private(set) var packets: PacketLog?

  package let scope: Scope

  /// How much is collected.
  package enum Scope: Sendable {
    case everything
    /// No IKE SAs and no count of who sends to whom: what questions on ESP alone can do without.
    case flows
  }

  /// Collects so much; `askedWindow` is a replay window to count the drops of beside the usual ones, zero
  /// for none.
  package init(
    _ scope: Scope = .everything, withPlots: Bool = false, withPackets: Bool = false,
    askedWindow: UInt32 = 0
  ) {
    self.scope = scope
    flows = FlowTable(
      withPlots: withPlots, askedWindow: askedWindow, countsPeers: scope == .everything)
    packets = withPackets ? PacketLog() : nil
  }

  /// Adds the frame that `dissector` read last.
  ///
  /// - Parameters:
  ///   - dissector: Has dissected it.
  ///   - bytes: The frame's bytes.
  ///   - frame: Its number and time.
  ///   - originalLength: Its length in bytes before anything was cut off.
  ///   - isCut: Whether it was longer than `bytes`.
  ///   - decryptor: Has opened it already; nil without keys.
  package mutating func add(
    _ dissector: Dissector, _ bytes: RawSpan, _ frame: FrameReference, originalLength: Int,
    isCut: Bool, _ decryptor: Decryptor? = nil
  ) {
    quality.add(
      frame, bytes: originalLength, isCut: isCut, isIPsec: dissector.frame.record != nil,
      isMalformed: dissector.frame.stop != nil)
    if decryptor == nil, packets == nil, addPlain(dissector, bytes, frame) { return }
    packets?.add(dissector, bytes, frame)
    guard let internet = dissector.frame.internet else { return }
    guard let record = dissector.frame.record else {
      return add(dissector, withoutRecord: internet, bytes, frame)
    }
    if dissector.frame.reassembledFragments > 0 {
      fragments.completed(internet, dissector.fragmentIdentification)
    }
    var sighting = sighting(dissector, internet, frame)
    if record.store == .datagram {
      // What came in fragments, as the one packet that it was.
      sighting.packetBytes = (internet.source.isIPv6 ? 40 : 20) + record.range.upperBound
    }
    if record.isQuoted {
      if let error = dissector.frame.icmp { icmp.add(error, record, sighting) }
      return
    }
    add(record, 0, sighting, dissector, bytes, decryptor)
    guard dissector.frame.furtherRecords > 0 || record.encapsulation == .tcp else { return }
    for (index, record) in dissector.further.enumerated() {
      add(record, index + 1, sighting, dissector, bytes, decryptor)
    }
    if record.encapsulation == .tcp, !tcp.isEmpty {
      tcp.add(dissector.frame, records: 1 + dissector.further.count, bytes, sighting)
    }
  }

  /// What nearly all frames of a busy link are, one ESP packet and nothing beside it: this way copies
  /// least. False for any other.
  @inline(__always)
  private mutating func addPlain(
    _ dissector: Dissector, _ bytes: RawSpan, _ frame: FrameReference
  ) -> Bool {
    guard case .esp(let header)? = dissector.frame.record?.kind,
      !UnencryptedESPEcho.concerns(header.spi),
      let encapsulation = dissector.frame.record?.encapsulation, encapsulation != .tcp,
      dissector.frame.record?.store == .frame, dissector.frame.record?.isQuoted == false,
      dissector.frame.furtherRecords == 0, let range = dissector.frame.record?.range,
      let source = dissector.frame.internet?.source,
      let destination = dissector.frame.internet?.destination,
      let hopLimit = dissector.frame.internet?.hopLimit,
      let trafficClass = dissector.frame.internet?.trafficClass,
      let doNotFragment = dissector.frame.internet?.doNotFragment,
      let packetBytes = dissector.frame.internet?.totalLength
    else { return false }
    flows.add(
      ESPPacket(
        spi: header.spi, sequence: header.sequenceNumber, isAH: false,
        encapsulation: encapsulation, range: range),
      Sighting(
        frame: frame, source: source, destination: destination,
        sourcePort: dissector.frame.sourcePort, destinationPort: dissector.frame.destinationPort,
        hopLimit: hopLimit, trafficClass: trafficClass, doNotFragment: doNotFragment,
        packetBytes: packetBytes, ipFragments: 0),
      bytes, &peers)
    return true
  }

  /// A frame without IPsec: a fragment, which may carry some, or a TCP segment.
  private mutating func add(
    _ dissector: Dissector, withoutRecord internet: InternetHeader, _ bytes: RawSpan,
    _ frame: FrameReference
  ) {
    if let position = internet.fragment {
      fragments.add(internet, position, payload: dissector.fragmentPayload, bytes, frame)
      return
    }
    if dissector.frame.reassembledFragments > 0 {
      fragments.completed(internet, dissector.fragmentIdentification)
    }
    if let error = dissector.frame.icmp, let quoted = error.quoted, Self.isIKE(quoted) {
      icmp.add(error, nil, sighting(dissector, internet, frame))
    }
    if !tcp.isEmpty, internet.protocol == 6 {
      tcp.add(dissector.frame, records: 0, bytes, sighting(dissector, internet, frame))
    }
  }

  /// Whether a quoted packet went to or from the ports of IKE.
  private static func isIKE(_ packet: QuotedPacket) -> Bool {
    packet.internet.protocol == 17
      && [500, 4500].contains { $0 == packet.sourcePort || $0 == packet.destinationPort }
  }

  private func sighting(
    _ dissector: Dissector, _ internet: InternetHeader, _ frame: FrameReference
  ) -> Sighting {
    Sighting(
      frame: frame, source: internet.source, destination: internet.destination,
      sourcePort: dissector.frame.sourcePort, destinationPort: dissector.frame.destinationPort,
      hopLimit: internet.hopLimit, trafficClass: internet.trafficClass,
      doNotFragment: internet.doNotFragment, packetBytes: internet.totalLength,
      ipFragments: dissector.frame.reassembledFragments)
  }

  private mutating func add(
    _ record: IPsecRecord, _ index: Int, _ sighting: Sighting, _ dissector: Dissector,
    _ bytes: RawSpan, _ decryptor: Decryptor?
  ) {
    switch record.kind {
    // An echo in clear is of no SA: its sequence number says nothing.
    case .esp(let header) where UnencryptedESPEcho.concerns(header.spi): break
    case .esp(let header):
      packet(
        ESPPacket(
          spi: header.spi, sequence: header.sequenceNumber, isAH: false,
          encapsulation: record.encapsulation, range: record.range),
        record, index, sighting, dissector, bytes, decryptor)
    case .ah(let header):
      packet(
        ESPPacket(
          spi: header.spi, sequence: header.sequenceNumber, isAH: true,
          encapsulation: record.encapsulation, range: record.range),
        record, index, sighting, dissector, bytes, decryptor)
    case .ike(let header):
      message(header, record, index, sighting, dissector, bytes, decryptor)
    case .natKeepalive: peers.countKeepalive(sighting)
    case .tcpPrefix: tcp.begin(sighting)
    case .wesp, .ipcomp: break
    }
  }

  private mutating func packet(
    _ packet: ESPPacket, _ record: IPsecRecord, _ index: Int, _ sighting: Sighting,
    _ dissector: Dissector, _ bytes: RawSpan, _ decryptor: Decryptor?
  ) {
    // A datagram or a TCP record that was put together has other bytes.
    let place = dissector.withBytes(of: record, in: bytes) { whole in
      flows.add(packet, sighting, whole, &peers)
    }
    guard let decryptor, decryptor.results.indices.contains(index) else { return }
    hasKeys = true
    switch decryptor.results[index] {
    case .packet(let nextHeader, let range, let key):
      flows.note(opened: true, place, sighting.frame)
      flows.note(
        place, suite: decryptor.suite(ofESPKey: key), isTunnel: nextHeader == 4 || nextHeader == 41,
        replayWindow: decryptor.replayWindow(ofESPKey: key),
        numbers: decryptor.sequenceNumbers(ofESPKey: key),
        openedAs96Bits: decryptor.openedAs96Bits(byESPKey: key))
      decryptor.withContent(range) { content in
        inner.add(Frame(inner: content, nextHeader: nextHeader), content, sighting)
      }
    case .authentic: flows.note(opened: true, place, sighting.frame)
    case .unopened(.doesNotVerify): flows.note(opened: false, place, sighting.frame)
    default: break
    }
  }

  private mutating func message(
    _ header: IKEHeader, _ record: IPsecRecord, _ index: Int, _ sighting: Sighting,
    _ dissector: Dissector, _ bytes: RawSpan, _ decryptor: Decryptor?
  ) {
    peers.countIKE(sighting)
    guard scope == .everything else { return }
    let espFromPeer = peers.find(sighting.destination, sighting.source)?.espPackets ?? 0
    dissector.withBytes(of: record, in: bytes) { whole in
      guard let message = IKEContent(whole, record) else {
        if strangeVersions[header.majorVersion] == nil {
          strangeVersions[header.majorVersion] = sighting.frame
        }
        return
      }
      var content: IKEMessageContent
      switch message {
      case .v1(let message): content = IKEMessageContent(message)
      case .v2(let message): content = IKEMessageContent(message)
      }
      if let decryptor, decryptor.results.indices.contains(index) {
        switch decryptor.results[index] {
        case .ikev2(let chain, _): content.add(opened: chain)
        case .ikev1(let chain, _): content.add(opened: chain)
        default: break
        }
      }
      sessions.add(
        header, record, content, digest: ContentDigest.whole(whole, record.range), sighting,
        espFromPeer: espFromPeer)
    }
  }

  /// Notes what reading the capture complained of.
  package mutating func note(problem: String) { quality.problems.append(problem) }

  /// Notes what a live capture let through and lost so far.
  package mutating func note(_ live: LiveCapture.Statistics) { quality.live = live }
}

extension Decryptor {
  /// The suite of an ESP key, as far as its file told.
  fileprivate func suite(ofESPKey key: Int) -> ESPSuite? {
    guard let (encryption, integrity) = algorithms(ofESPKey: key) else { return nil }
    guard let integrity = integrity ?? (try? IntegrityTransform(.none)),
      encryption.isAEAD || integrity.icvBytes > 0
    else { return nil }
    return ESPSuite(encryption, integrity)
  }
}
