package import PacketDissector

/// What flows need of an ESP or AH packet itself.
struct ESPPacket: Sendable {
  let spi: UInt32
  let sequence: UInt32
  let isAH: Bool
  let encapsulation: IPsecRecord.Encapsulation
  /// Its bytes, its own header included.
  let range: Range<Int>
}

/// One direction of an ESP or AH SA, as far as its packets tell.
package struct ESPFlow: Sendable {
  // What every packet asks or changes stands first, side by side.

  package let spi: UInt32
  package let isAH: Bool
  package private(set) var lowestHopLimit: UInt8
  package private(set) var highestHopLimit: UInt8
  package let source: IPAddress
  package let destination: IPAddress
  package private(set) var sourcePort: UInt16
  package private(set) var destinationPort: UInt16
  /// Which remainders of the ESP length by 16 came, a bit each: padding and ICV show in them.
  package private(set) var remainders: UInt16
  private var packetsInSecond: UInt32 = 1
  private var second: Int64
  /// Where in ``PeerTable`` source and destination stand.
  let peers: Int
  package private(set) var last: FrameReference
  package private(set) var packets: UInt64 = 1
  /// Bytes of ESP or AH, their headers included, outer headers not.
  package private(set) var bytes: UInt64
  /// Bytes of the largest IP packet, and of the largest that was not sent in fragments.
  package private(set) var largestPacket: Int
  package private(set) var largestWhole: Int
  package private(set) var smallestPacket: Int
  package private(set) var longestSilence = Nanoseconds(0)
  /// What is drawn of it, where that is wanted.
  package var plot: SequencePlot?
  package private(set) var classes: TrafficClasses
  package var sequence: SequenceTracker

  package let encapsulation: IPsecRecord.Encapsulation
  package let first: FrameReference
  package let firstSequence: UInt32
  package private(set) var peakPacketsPerSecond: UInt32 = 0
  package var copies = Copies()
  package private(set) var portChanges: [PortChange] = []
  package private(set) var destinationPortChanges: [DestinationPortChange] = []
  /// Packets that came in IP fragments, and the first of them.
  package private(set) var inFragments: UInt64 = 0
  package private(set) var firstInFragments: FrameReference?
  /// The first packets that came late or after missing ones.
  package private(set) var events: [Event] = []
  package static let eventLimit = 64
  package var opening = Opening()

  package struct PortChange: Sendable {
    package let from: UInt16
    package let to: UInt16
    package let frame: FrameReference
    /// Since the packet before.
    package let silence: Nanoseconds
    /// How many ESP packets the other side had sent until then.
    package let packetsBack: UInt64
  }

  /// The sender follows its peer to another port.
  package struct DestinationPortChange: Sendable {
    package let from: UInt16
    package let to: UInt16
    package let frame: FrameReference
    /// Packets of the flow until then.
    package let packets: UInt64
  }

  package struct Event: Sendable {
    package let frame: FrameReference
    package let sequence: UInt32
    package let arrival: SequenceTracker.Arrival
  }

  /// How often a number came again, and as what.
  package struct Copies: Sendable {
    /// The same bytes within ``captureDelay``: a port that mirrors both ways, or a network that copies.
    package var atOnce: UInt64 = 0
    /// The same bytes later.
    package var later: UInt64 = 0
    /// Other bytes under the same number.
    package var different: UInt64 = 0
    package var firstLater: Pair?
    package var firstDifferent: Pair?
    package var firstAtOnce: Pair?
    /// Of those that came later: the longest delay in milliseconds, and how many had another hop limit
    /// than the first.
    package var longestDelay: UInt32 = 0
    package var otherHopLimit: UInt64 = 0

    /// In milliseconds.
    package static let captureDelay: UInt32 = 3

    package struct Pair: Sendable {
      package let earlierFrame: UInt32
      package let frame: FrameReference
      package let milliseconds: UInt32
      package let hopLimits: (earlier: UInt8, later: UInt8)
      package let sequence: UInt32
    }
  }

  /// What keys made of it.
  package struct Opening: Sendable {
    package var opened: UInt64 = 0
    package var failed: UInt64 = 0
    package var firstFailed: FrameReference?
    package var firstOpened: FrameReference?
    /// Packets that opened only with the ICV read as 96 bits, where 128 were agreed on.
    package var openedAs96Bits: UInt64 = 0
    /// The algorithms of the key that opened it.
    package var suite: ESPSuite?
    /// The receiver's replay window, where the key's file tells; zero if there is none.
    package var replayWindow: UInt32?
    /// Whether its numbers have 64 bits: the ICV of a packet proved it, or the key's file tells; nil as long as
    /// neither did.
    package var usesESN: Bool?
    /// The upper half that the ICV of the highest number opened verifies with; nil without extended numbers.
    package var epoch: UInt32?
    /// Whether whole IP packets are inside; nil as long as nothing was opened.
    package var isTunnel: Bool?
  }

  init(
    _ packet: ESPPacket, _ sighting: Sighting, peers: Int,
    askedWindow: UInt32
  ) {
    spi = packet.spi
    isAH = packet.isAH
    source = sighting.source
    destination = sighting.destination
    encapsulation = packet.encapsulation
    self.peers = peers
    first = sighting.frame
    last = sighting.frame
    bytes = UInt64(packet.range.count)
    self.sequence = SequenceTracker(first: packet.sequence, askedWindow: askedWindow)
    firstSequence = packet.sequence
    largestPacket = sighting.packetBytes
    smallestPacket = sighting.packetBytes
    largestWhole = sighting.ipFragments == 0 ? sighting.packetBytes : 0
    remainders = 1 << UInt16(packet.range.count & 15)
    classes = TrafficClasses(sighting.trafficClass)
    sourcePort = sighting.sourcePort
    destinationPort = sighting.destinationPort
    lowestHopLimit = sighting.hopLimit
    highestHopLimit = sighting.hopLimit
    second = sighting.frame.time.nanoseconds / 1_000_000_000
    if sighting.ipFragments > 0 { noteFragments(sighting) }
  }

  /// Counts another packet of it, and tells what its sequence number is among those before.
  @inline(__always)
  mutating func add(
    _ byteCount: Int, _ sequence: UInt32, _ sighting: Sighting
  ) -> SequenceTracker.Arrival {
    packets &+= 1
    bytes &+= UInt64(byteCount)
    remainders |= 1 << UInt16(byteCount & 15)
    largestPacket = max(largestPacket, sighting.packetBytes)
    smallestPacket = min(smallestPacket, sighting.packetBytes)
    lowestHopLimit = min(lowestHopLimit, sighting.hopLimit)
    highestHopLimit = max(highestHopLimit, sighting.hopLimit)
    classes.add(sighting.trafficClass)
    if sighting.ipFragments > 0 {
      noteFragments(sighting)
    } else {
      largestWhole = max(largestWhole, sighting.packetBytes)
    }
    let now = sighting.frame.time.nanoseconds
    let silence = now &- last.time.nanoseconds
    if silence > longestSilence.count { longestSilence = Nanoseconds(silence) }
    if silence >= 0 { last = sighting.frame }
    let second = now / 1_000_000_000
    if second == self.second { packetsInSecond &+= 1 } else { turn(to: second) }
    plot?.add(now, sequence)
    return self.sequence.add(sequence)
  }

  private mutating func turn(to second: Int64) {
    peakPacketsPerSecond = max(peakPacketsPerSecond, packetsInSecond)
    self.second = second
    packetsInSecond = 1
  }

  /// Notes a packet that was not simply the next, after it was counted; `room` is how many events may be
  /// kept yet, of all flows together.
  mutating func note(
    _ sequence: UInt32, _ arrival: SequenceTracker.Arrival, _ sighting: Sighting, room: inout Int
  ) {
    switch arrival {
    case .late, .farBehind: classes.addLate()
    case .ahead, .again, .restarted: break
    }
    if events.count < Self.eventLimit, room > 0 {
      room &-= 1
      events.append(Event(frame: sighting.frame, sequence: sequence, arrival: arrival))
    }
    plot?.note(sighting.frame.time.nanoseconds, sequence, arrival)
  }

  private mutating func noteFragments(_ sighting: Sighting) {
    inFragments &+= 1
    if firstInFragments == nil { firstInFragments = sighting.frame }
  }

  /// Follows the ports of ESP in UDP; `packetsBack` are those of the other direction so far.
  mutating func follow(_ sighting: Sighting, packetsBack: UInt64) {
    if sighting.sourcePort != sourcePort, portChanges.count < 16 {
      portChanges.append(
        PortChange(
          from: sourcePort, to: sighting.sourcePort, frame: sighting.frame,
          silence: Nanoseconds(from: last.time, to: sighting.frame.time), packetsBack: packetsBack))
    }
    if sighting.destinationPort != destinationPort, destinationPortChanges.count < 16 {
      destinationPortChanges.append(
        DestinationPortChange(
          from: destinationPort, to: sighting.destinationPort, frame: sighting.frame,
          packets: packets))
    }
    sourcePort = sighting.sourcePort
    destinationPort = sighting.destinationPort
  }

  package var duration: Nanoseconds { Nanoseconds(from: first.time, to: last.time) }

  /// The mean over its whole time; nil below a second.
  package var packetsPerSecond: Double? {
    let seconds = duration.seconds
    return seconds >= 1 ? Double(packets &- 1) / seconds : nil
  }
}

/// Packets by their DSCP: which classes there are, and which of them come late.
package struct TrafficClasses: Sendable {
  package struct Entry: Sendable {
    package let dscp: UInt8
    package var packets: UInt32
    package var late: UInt32 = 0
  }

  /// The class of the packet counted last: most flows have no other.
  private var current: Entry
  private var others: [Entry] = []
  private static let limit = 16

  init(_ trafficClass: UInt8) { current = Entry(dscp: trafficClass >> 2, packets: 1) }

  package var entries: [Entry] { [current] + others }

  @inline(__always)
  mutating func add(_ trafficClass: UInt8) {
    if current.dscp != trafficClass >> 2 { turn(to: trafficClass >> 2) }
    current.packets &+= 1
  }

  /// The packet counted last was a late one.
  mutating func addLate() { current.late &+= 1 }

  /// A class beyond the limit counts as the one before it.
  private mutating func turn(to dscp: UInt8) {
    if let place = others.firstIndex(where: { $0.dscp == dscp }) {
      swap(&current, &others[place])
    } else if others.count < Self.limit - 1 {
      others.append(current)
      current = Entry(dscp: dscp, packets: 0)
    }
  }
}

/// Points for a picture of sequence numbers over time: evenly thinned, as many as a page can show.
package struct SequencePlot: Sendable {
  package struct Point: Sendable {
    package let nanoseconds: Int64
    package let sequence: UInt32
  }

  package struct Mark: Sendable {
    package let point: Point
    package let arrival: SequenceTracker.Arrival
  }

  package private(set) var points: [Point] = []
  package private(set) var marks: [Mark] = []
  private var stride = 1
  private var skipped = 0
  /// The most points, and the most marks.
  package static let limit = 1024

  package init() {}

  mutating func add(_ nanoseconds: Int64, _ sequence: UInt32) {
    skipped += 1
    guard skipped >= stride else { return }
    skipped = 0
    points.append(Point(nanoseconds: nanoseconds, sequence: sequence))
    guard points.count >= Self.limit else { return }
    points = points.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
    stride *= 2
  }

  mutating func note(_ nanoseconds: Int64, _ sequence: UInt32, _ arrival: SequenceTracker.Arrival) {
    guard marks.count < Self.limit else { return }
    marks.append(
      Mark(point: Point(nanoseconds: nanoseconds, sequence: sequence), arrival: arrival))
  }
}
