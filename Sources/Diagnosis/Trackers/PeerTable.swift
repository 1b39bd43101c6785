package import PacketDissector

/// Who sends to whom, and what: one entry a pair of addresses and direction.
package struct PeerTable: Sendable {
  package static let limit = 100_000

  package struct Activity: Sendable {
    package let source: IPAddress
    package let destination: IPAddress
    package var espPackets: UInt64 = 0
    package var lastESP: FrameReference?
    package var ikeMessages: UInt64 = 0
    package var lastIKE: FrameReference?
    package var keepalives: UInt64 = 0
    package var lastKeepalive: FrameReference?
    package var longestKeepaliveGap = Nanoseconds(0)
    /// ESP sent since the other side's last, and the longest such run before.
    package var unanswered = Run()
    package var longestUnanswered = Run()
    /// The port behind which the sender was seen last on port 4500 of the other side, and its changes.
    package var mappedPort: UInt16 = 0
    package var mappingChanges: [MappingChange] = []
    /// The last packet that was no ESP.
    fileprivate var lastOther: FrameReference?

    fileprivate init(_ source: IPAddress, _ destination: IPAddress) {
      self.source = source
      self.destination = destination
    }
  }

  /// ESP of one direction while none came the other way.
  package struct Run: Sendable {
    package var count: UInt64 = 0
    package var first: FrameReference?
    package var last: FrameReference?
    /// The smallest IP packet of it, in bytes.
    package var smallest = Int.max

    package var duration: Nanoseconds {
      guard let first, let last else { return Nanoseconds(0) }
      return Nanoseconds(from: first.time, to: last.time)
    }
  }

  /// Another source port for the same sender: a NAT that gave its mapping up.
  package struct MappingChange: Sendable {
    package let from: UInt16
    package let to: UInt16
    package let frame: FrameReference
    /// Since the sender's packet before.
    package let silence: Nanoseconds
  }

  /// All but what ``esp`` counts.
  private var activities: [Activity] = []
  /// ESP of each entry: apart, as every packet counts there, and so that it stays in the cache.
  private var esp: [ESP] = []
  private var index: [Key: Int] = [:]
  package private(set) var untracked: UInt64 = 0

  fileprivate struct ESP: Sendable {
    var packets: UInt64 = 0
    var last = FrameReference(0, Timestamp(nanoseconds: 0))
    /// Packets since the other side's last, their first, and the bytes of the smallest.
    var run: UInt64 = 0
    var longestRun: UInt64 = 0
    var runFirst = FrameReference(0, Timestamp(nanoseconds: 0))
    var runSmallest: UInt32 = .max
    /// Where the other direction stands; the own place until that is known.
    var reverse: UInt32

    var unanswered: Run {
      guard run > 0 else { return Run() }
      return Run(count: run, first: runFirst, last: last, smallest: Int(runSmallest))
    }
  }

  private struct Key: Hashable {
    let source: IPAddress
    let destination: IPAddress
  }

  package init() {}

  /// Where the pair stands; past the limit all share the last place.
  mutating func place(_ source: IPAddress, _ destination: IPAddress) -> Int {
    let key = Key(source: source, destination: destination)
    if let found = index[key] { return found }
    guard activities.count < Self.limit else {
      untracked &+= 1
      return activities.count - 1
    }
    let place = activities.count
    index[key] = place
    activities.append(Activity(source, destination))
    esp.append(ESP(reverse: UInt32(place)))
    if let back = index[Key(source: destination, destination: source)] {
      esp[place].reverse = UInt32(back)
      esp[back].reverse = UInt32(place)
    }
    return place
  }

  /// Where a pair stands, if it does.
  func known(_ source: IPAddress, _ destination: IPAddress) -> Int? {
    index[Key(source: source, destination: destination)]
  }

  package func find(_ source: IPAddress, _ destination: IPAddress) -> Activity? {
    index[Key(source: source, destination: destination)].map(activity)
  }

  package var entries: [Activity] { activities.indices.map(activity) }

  private func activity(_ place: Int) -> Activity {
    var activity = activities[place]
    guard esp[place].packets > 0 else { return activity }
    activity.espPackets = esp[place].packets
    activity.lastESP = esp[place].last
    activity.unanswered = esp[place].unanswered
    return activity
  }

  @inline(__always)
  mutating func countESP(_ place: Int, _ sighting: Sighting) {
    let back = Int(esp[place].reverse)
    if back != place, esp[back].run > 0 { endRun(back) }
    esp[place].count(sighting)
  }

  private mutating func endRun(_ place: Int) {
    if esp[place].run > esp[place].longestRun {
      esp[place].longestRun = esp[place].run
      activities[place].longestUnanswered = esp[place].unanswered
    }
    esp[place].run = 0
  }

  /// Follows the port behind which a sender is seen. Only where one mapping goes on does another port
  /// say that it changed: a new IKE SA or ESP flow may have its own.
  mutating func follow(_ place: Int, _ sighting: Sighting, goesOn: Bool) {
    guard sighting.destinationPort == 4500, sighting.sourcePort != 0 else { return }
    let known = activities[place].mappedPort
    if goesOn, known != 0, known != sighting.sourcePort, activities[place].mappingChanges.count < 16
    {
      activities[place].mappingChanges.append(
        MappingChange(
          from: known, to: sighting.sourcePort, frame: sighting.frame,
          silence: silence(place, sighting.frame)))
    }
    activities[place].mappedPort = sighting.sourcePort
  }

  /// Since the sender's last packet of any kind.
  private func silence(_ place: Int, _ frame: FrameReference) -> Nanoseconds {
    var last = activities[place].lastOther
    if esp[place].packets > 0, esp[place].last.number >= last?.number ?? 0 {
      last = esp[place].last
    }
    return last.map { Nanoseconds(from: $0.time, to: frame.time) } ?? Nanoseconds(0)
  }

  mutating func countIKE(_ sighting: Sighting) {
    let place = place(sighting.source, sighting.destination)
    follow(place, sighting, goesOn: false)
    activities[place].ikeMessages &+= 1
    activities[place].lastIKE = sighting.frame
    activities[place].lastOther = sighting.frame
  }

  mutating func countKeepalive(_ sighting: Sighting) {
    let place = place(sighting.source, sighting.destination)
    follow(place, sighting, goesOn: true)
    activities[place].lastOther = sighting.frame
    if let last = activities[place].lastKeepalive {
      activities[place].longestKeepaliveGap = max(
        activities[place].longestKeepaliveGap,
        Nanoseconds(from: last.time, to: sighting.frame.time))
    }
    activities[place].keepalives &+= 1
    activities[place].lastKeepalive = sighting.frame
  }
}

extension PeerTable.ESP {
  @inline(__always)
  fileprivate mutating func count(_ sighting: Sighting) {
    packets &+= 1
    last = sighting.frame
    if run == 0 {
      runFirst = sighting.frame
      runSmallest = .max
    }
    run &+= 1
    runSmallest = min(runSmallest, UInt32(clamping: sighting.packetBytes))
  }
}
