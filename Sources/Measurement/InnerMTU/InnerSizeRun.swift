internal import Diagnosis
internal import ESP
internal import Host
internal import IKE
internal import IPsecCrypto
internal import PacketDissector

/// Finds the largest inner packet that passes a tunnel, each way by itself as far as the peer lets that be
/// told.
package final class InnerSizeRun {
  private let tunnel: Tunnel
  private let child: ChildSA
  private let overhead: TunnelOverhead
  /// The MTU of the interface that packets leave by, in octets.
  private let interfaceMTU: Int
  private let isStopped: () -> Bool
  /// Packets of all searches have numbers of their own, so that a late answer to one is none to another.
  private var firstID = 0

  package init(
    _ tunnel: Tunnel, interfaceMTU: Int, isStopped: @escaping () -> Bool
  ) throws(TunnelFailure) {
    guard let child = tunnel.child, let encryption = child.suite.encryption else { throw .noChild }
    do throws(CryptoError) {
      let none = try IntegrityTransform(.none)
      var overhead = TunnelOverhead(ESPSuite(encryption, child.suite.integrity ?? none))
      overhead.encapsulation = .udp
      overhead.outerIsIPv6 = tunnel.remote.isIPv6
      self.overhead = overhead
    } catch {
      throw .crypto(error)
    }
    self.tunnel = tunnel
    self.child = child
    self.interfaceMTU = interfaceMTU
    self.isStopped = isStopped
  }

  /// All directions that can be told, one behind the other.
  ///
  /// The way back alone is only looked for where packets do not pass in full size both ways.
  package func run(
    _ prober: some InnerProber, _ means: InnerMeans
  ) throws(TunnelFailure) -> InnerSizes {
    var sizes = InnerSizes(
      means: means, overhead: overhead, peerTakesTrafficPadding: child.peerTakesTrafficPadding)
    try measure(.thereAndBack, prober, &sizes)
    guard sizes.limit != nil, !isStopped() else { return sizes }
    if child.peerTakesTrafficPadding { try measure(.there, prober, &sizes) }
    if sizes.limit != overhead.innerMTU(pathMTU: interfaceMTU), !isStopped() {
      try measure(.back, prober, &sizes)
    }
    return sizes
  }

  private func plan(_ direction: InnerSizes.Direction, _ prober: some InnerProber)
    -> SizeSearch.Plan
  {
    let largest = overhead.innerMTU(pathMTU: interfaceMTU) ?? prober.smallest
    // One more than can leave this host, but for fragments.
    let top = direction == .back ? largest : largest + 1
    let rungs = [576, 1280, 1400, 1492, 1500].compactMap { overhead.innerMTU(pathMTU: $0) }
    return SizeSearch.Plan(
      rungs: [prober.smallest, top] + rungs.filter { $0 < top && $0 > prober.smallest })
  }

  // MARK: One direction

  /// What a search has sent.
  private struct SentProbes {
    /// By the number of the probe.
    var sizes: [Int] = []
    /// Probes by ESP sequence number, which is what ICMP quotes.
    var bySequence: [UInt32: Int] = [:]
  }

  private func measure(
    _ direction: InnerSizes.Direction, _ prober: some InnerProber, _ sizes: inout InnerSizes
  ) throws(TunnelFailure) {
    var search = SizeSearch(plan(direction, prober))
    var sent = SentProbes()
    while true {
      if isStopped() { search.stop() }
      let now = Instant.now
      switch search.step(at: now) {
      case .send(let probe): try send(probe, direction, prober, &search, &sent)
      case .wait(let moment):
        try tunnel.step(until: min(moment, now + .milliseconds(200)))
        take(direction, prober, &search, sent)
      case .done:
        firstID += search.packetsSent
        sizes.found.append(
          InnerSizes.Found(
            direction: direction, map: search.map, ending: search.ending,
            sent: search.packetsSent))
        return
      }
    }
  }

  private func send(
    _ probe: SizeSearch.Probe, _ direction: InnerSizes.Direction, _ prober: some InnerProber,
    _ search: inout SizeSearch, _ sent: inout SentProbes
  ) throws(TunnelFailure) {
    let bytes = direction == .there ? prober.smallest : probe.size
    sent.sizes.append(probe.size)
    let packet = prober.packet(firstID + probe.id, bytes: bytes)
    do throws(TunnelFailure) {
      let packet = try tunnel.send(
        packet.payload, nextHeader: packet.nextHeader, trafficPadding: probe.size - bytes,
        direction == .back ? .allowed : .probing, on: child)
      sent.bySequence[UInt32(truncatingIfNeeded: packet.sequence)] = probe.id
    } catch .socket(let error) where error.meaning == .tooLarge {
      search.refused(probe.id, .here(mtu: nil))
    }
  }

  private func take(
    _ direction: InnerSizes.Direction, _ prober: some InnerProber, _ search: inout SizeSearch,
    _ sent: SentProbes
  ) {
    while let arrival = tunnel.nextArrival() {
      guard let answer = prober.answer(in: arrival) else { continue }
      let id = (answer.id - firstID) & 0xFFFF
      guard sent.sizes.indices.contains(id) else { continue }
      // A shortened answer tells nothing of the way back in full size.
      if direction != .there, answer.bytes != sent.sizes[id] { continue }
      search.answered(id, at: arrival.at)
    }
    for report in tunnel.takeErrors() where report.isTooBig {
      guard let sequence = report.quotedSequence(child.outboundSPI),
        let id = sent.bySequence[sequence]
      else { continue }
      let mtu = report.mtu.flatMap { overhead.innerMTU(pathMTU: Int($0)) }
      search.refused(id, .icmp(mtu: mtu, from: report.offender))
    }
  }
}

extension SocketErrorReport {
  /// ICMP "fragmentation needed" (RFC 792) or ICMPv6 "packet too big" (RFC 4443, section 3.2).
  fileprivate var isTooBig: Bool {
    switch origin {
    case .icmp: icmpType == 3 && icmpCode == 4
    case .icmpv6: icmpType == 2
    case .local: false
    }
  }

  /// The sequence number of the ESP packet that is quoted, if it has this SPI.
  fileprivate func quotedSequence(_ spi: UInt32) -> UInt32? {
    var reader = ByteReader(quoted.rawBytes)
    guard let header = try? ESPHeader(from: &reader), header.spi == spi else { return nil }
    return header.sequenceNumber
  }
}
