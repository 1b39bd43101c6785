internal import PacketDissector

/// All ESP and AH flows of a capture: at most ``limit`` at a time. Past that, the one that was silent
/// longest among a few makes room, and is counted.
package struct FlowTable: Sendable {
  package static let limit = 100_000

  package private(set) var flows: [ESPFlow] = []
  /// Flows that made room for others, and their packets.
  package private(set) var agedOut: UInt64 = 0
  package private(set) var agedOutPackets: UInt64 = 0
  /// Where the flows of each entry of ``PeerTable`` stand.
  private var places: [Int: Set<Int>] = [:]
  private var index = FlowIndex()
  private var memory = PacketMemory()
  private var hand = 0
  /// Events that flows may keep yet: those of ten thousand flows with many.
  private var eventRoom = 10_000 * ESPFlow.eventLimit
  /// Of the first packet.
  private var start = Timestamp(nanoseconds: 0)
  /// How many flows are drawn.
  private let plotLimit: Int
  private static let plotted = 64

  private let askedWindow: UInt32

  /// Whether each packet counts for its peers as well.
  private let countsPeers: Bool

  package init(withPlots: Bool = false, askedWindow: UInt32 = 0, countsPeers: Bool = true) {
    plotLimit = withPlots ? Self.plotted : 0
    self.countsPeers = countsPeers
    self.askedWindow = askedWindow
  }

  /// Counts a packet; returns where its flow stands.
  @discardableResult
  mutating func add(
    _ packet: ESPPacket, _ sighting: Sighting, _ bytes: RawSpan, _ peers: inout PeerTable
  ) -> Int {
    let hash = index.hash(packet.spi, sighting.source, sighting.destination)
    let found = index.find(hash) { place in
      flows[place].spi == packet.spi && flows[place].isAH == packet.isAH
        && flows[place].source == sighting.source
        && flows[place].destination == sighting.destination
    }
    guard let place = found else {
      return insert(packet, sighting, bytes, hash, &peers)
    }
    if flows[place].sourcePort != sighting.sourcePort
      || flows[place].destinationPort != sighting.destinationPort
    {
      let back = peers.find(sighting.destination, sighting.source)?.espPackets ?? 0
      flows[place].follow(sighting, packetsBack: back)
      peers.follow(flows[place].peers, sighting, goesOn: true)
    }
    if countsPeers { peers.countESP(flows[place].peers, sighting) }
    let digest = ContentDigest.packet(bytes, packet.range)
    let arrival = flows[place].add(packet.range.count, packet.sequence, sighting)
    if case .ahead(missing: 0) = arrival {
      note(place, packet.sequence, digest, sighting)
    } else {
      addDeviant(place, packet.sequence, digest, arrival, sighting)
    }
    return place
  }

  /// A packet that was not simply the next.
  private mutating func addDeviant(
    _ place: Int, _ sequence: UInt32, _ digest: UInt32, _ first: SequenceTracker.Arrival,
    _ sighting: Sighting
  ) {
    var arrival = first
    switch arrival {
    case .ahead, .late, .restarted: break
    case .again, .farBehind: arrival = compare(place, sequence, digest, arrival, sighting)
    }
    if arrival != .again { note(place, sequence, digest, sighting) }
    flows[place].note(sequence, arrival, sighting, room: &eventRoom)
  }

  @inline(__always)
  private mutating func note(
    _ place: Int, _ sequence: UInt32, _ digest: UInt32, _ sighting: Sighting
  ) {
    memory.note(
      place, sequence, digest: digest, milliseconds: milliseconds(sighting.frame.time),
      frame: sighting.frame.number, hopLimit: sighting.hopLimit)
  }

  /// The flows that stand under one entry of the table of peers.
  func flows(ofPeers entry: Int) -> [ESPFlow] {
    places[entry, default: []].sorted().map { flows[$0] }
  }

  private func milliseconds(_ time: Timestamp) -> UInt32 {
    UInt32(truncatingIfNeeded: (time.nanoseconds &- start.nanoseconds) / 1_000_000)
  }

  /// Tells what a number that came before, or may have, is this time.
  private mutating func compare(
    _ place: Int, _ sequence: UInt32, _ digest: UInt32, _ arrival: SequenceTracker.Arrival,
    _ sighting: Sighting
  ) -> SequenceTracker.Arrival {
    guard let earlier = memory.earlier(place, sequence, digest: digest) else { return arrival }
    let now = milliseconds(sighting.frame.time)
    let delay = now >= earlier.milliseconds ? now &- earlier.milliseconds : 0
    let pair = ESPFlow.Copies.Pair(
      earlierFrame: earlier.frame, frame: sighting.frame, milliseconds: delay,
      hopLimits: (earlier.hopLimit, sighting.hopLimit), sequence: sequence)
    if !earlier.isSame {
      flows[place].copies.different &+= 1
      if flows[place].copies.firstDifferent == nil { flows[place].copies.firstDifferent = pair }
      return arrival
    }
    if delay <= ESPFlow.Copies.captureDelay {
      flows[place].copies.atOnce &+= 1
      if flows[place].copies.firstAtOnce == nil { flows[place].copies.firstAtOnce = pair }
    } else {
      flows[place].copies.later &+= 1
      flows[place].copies.longestDelay = max(flows[place].copies.longestDelay, delay)
      if earlier.hopLimit != sighting.hopLimit { flows[place].copies.otherHopLimit &+= 1 }
      if flows[place].copies.firstLater == nil { flows[place].copies.firstLater = pair }
    }
    if case .farBehind(let distance) = arrival {
      flows[place].sequence.correctToRepeated(by: distance)
    }
    return .again
  }

  private mutating func insert(
    _ packet: ESPPacket, _ sighting: Sighting, _ bytes: RawSpan, _ hash: UInt32,
    _ peers: inout PeerTable
  ) -> Int {
    if flows.isEmpty { start = sighting.frame.time }
    let pair = peers.place(sighting.source, sighting.destination)
    peers.follow(pair, sighting, goesOn: false)
    peers.countESP(pair, sighting)
    var flow = ESPFlow(
      packet, sighting, peers: pair, askedWindow: askedWindow)
    if flows.count < plotLimit { flow.plot = SequencePlot() }
    let place: Int
    if flows.count < Self.limit {
      place = flows.count
      flows.append(flow)
    } else {
      place = silentest()
      agedOut &+= 1
      agedOutPackets &+= flows[place].packets
      eventRoom &+= flows[place].events.count
      let old = flows[place]
      index.remove(place, index.hash(old.spi, old.source, old.destination))
      places[old.peers]?.remove(place)
      flows[place] = flow
    }
    index.insert(place, hash)
    places[pair, default: []].insert(place)
    note(place, packet.sequence, ContentDigest.packet(bytes, packet.range), sighting)
    return place
  }

  /// Among the next few, the flow that was silent longest.
  private mutating func silentest() -> Int {
    var best = hand
    for step in 0..<16 {
      let place = (hand + step) % flows.count
      if flows[place].last.time < flows[best].last.time { best = place }
    }
    hand = (hand + 16) % flows.count
    return best
  }

  /// Notes what the key that opened a packet says of its flow.
  mutating func note(
    _ place: Int, suite: @autoclosure () -> ESPSuite?, isTunnel: Bool, replayWindow: UInt32?,
    numbers: (usesESN: Bool?, epoch: UInt32?), openedAs96Bits: UInt64
  ) {
    if flows[place].opening.isTunnel == nil {
      flows[place].opening.suite = suite()
      flows[place].opening.isTunnel = isTunnel
      flows[place].opening.replayWindow = replayWindow
    }
    flows[place].opening.usesESN = numbers.usesESN
    flows[place].opening.epoch = numbers.epoch
    flows[place].opening.openedAs96Bits = openedAs96Bits
  }

  mutating func note(opened isOpened: Bool, _ place: Int, _ frame: FrameReference) {
    if isOpened {
      flows[place].opening.opened &+= 1
      if flows[place].opening.firstOpened == nil { flows[place].opening.firstOpened = frame }
    } else {
      flows[place].opening.failed &+= 1
      if flows[place].opening.firstFailed == nil { flows[place].opening.firstFailed = frame }
    }
  }
}
