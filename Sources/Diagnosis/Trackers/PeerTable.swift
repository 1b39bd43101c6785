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
    /// The hop limits that IKE messages and ESP came with: one that senders begin with says that the
    /// capture was taken near the sender.
    package var hopLimit: UInt8 = 0
    /// ESP sent since the other side's last, and the longest such run before.
    package var unanswered = Run()
    package var longestUnanswered = Run()
    /// The port behind which the sender was seen last on port 4500 of the other side, and its changes.
    package var mappedPort: UInt16 = 0
    package var mappingChanges: [MappingChange] = []
    /// Where the other direction stands; its own place until that is known.
    fileprivate var reverse: Int
    /// The last packet of any kind.
    fileprivate var lastSent: Timestamp?

    fileprivate init(_ source: IPAddress, _ destination: IPAddress, place: Int) {
      self.source = source
      self.destination = destination
      reverse = place
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

  package private(set) var entries: [Activity] = []
  private var index: [Key: Int] = [:]
  package private(set) var untracked: UInt64 = 0

  private struct Key: Hashable {
    let source: IPAddress
    let destination: IPAddress
  }

  package init() {}

  /// Where the pair stands; past the limit all share the last place.
  mutating func place(_ source: IPAddress, _ destination: IPAddress) -> Int {
    let key = Key(source: source, destination: destination)
    if let found = index[key] { return found }
    guard entries.count < Self.limit else {
      untracked &+= 1
      return entries.count - 1
    }
    index[key] = entries.count
    entries.append(Activity(source, destination, place: entries.count))
    let place = entries.count - 1
    if let back = index[Key(source: destination, destination: source)] {
      entries[place].reverse = back
      entries[back].reverse = place
    }
    return place
  }

  /// Where a pair stands, if it does.
  func known(_ source: IPAddress, _ destination: IPAddress) -> Int? {
    index[Key(source: source, destination: destination)]
  }

  package func find(_ source: IPAddress, _ destination: IPAddress) -> Activity? {
    index[Key(source: source, destination: destination)].map { entries[$0] }
  }

  @inline(__always)
  mutating func countESP(_ place: Int, _ sighting: Sighting) {
    entries[place].espPackets &+= 1
    entries[place].lastESP = sighting.frame
    entries[place].lastSent = sighting.frame.time
    entries[place].hopLimit = sighting.hopLimit
    let back = entries[place].reverse
    if entries[back].unanswered.count > 0, back != place { endRun(back) }
    entries[place].unanswered.add(sighting)
  }

  private mutating func endRun(_ place: Int) {
    if entries[place].unanswered.count >= entries[place].longestUnanswered.count {
      entries[place].longestUnanswered = entries[place].unanswered
    }
    entries[place].unanswered = Run()
  }

  /// Follows the port behind which a sender is seen. Only where one mapping goes on does another port
  /// say that it changed: a new IKE SA or ESP flow may have its own.
  mutating func follow(_ place: Int, _ sighting: Sighting, goesOn: Bool) {
    guard sighting.destinationPort == 4500, sighting.sourcePort != 0 else { return }
    let known = entries[place].mappedPort
    if goesOn, known != 0, known != sighting.sourcePort, entries[place].mappingChanges.count < 16 {
      let silence = entries[place].lastSent.map { Nanoseconds(from: $0, to: sighting.frame.time) }
      entries[place].mappingChanges.append(
        MappingChange(
          from: known, to: sighting.sourcePort, frame: sighting.frame,
          silence: silence ?? Nanoseconds(0)))
    }
    entries[place].mappedPort = sighting.sourcePort
  }

  mutating func countIKE(_ sighting: Sighting) {
    let place = place(sighting.source, sighting.destination)
    follow(place, sighting, goesOn: false)
    entries[place].ikeMessages &+= 1
    entries[place].lastIKE = sighting.frame
    entries[place].lastSent = sighting.frame.time
    entries[place].hopLimit = sighting.hopLimit
  }

  mutating func countKeepalive(_ sighting: Sighting) {
    let place = place(sighting.source, sighting.destination)
    follow(place, sighting, goesOn: true)
    entries[place].lastSent = sighting.frame.time
    if let last = entries[place].lastKeepalive {
      entries[place].longestKeepaliveGap = max(
        entries[place].longestKeepaliveGap,
        Nanoseconds(from: last.time, to: sighting.frame.time))
    }
    entries[place].keepalives &+= 1
    entries[place].lastKeepalive = sighting.frame
  }
}

extension PeerTable.Activity {
  /// Whether the capture was taken where this sender's packets begin: their hop limit is one that
  /// systems start with.
  package var startsHere: Bool { [32, 64, 128, 255].contains(hopLimit) }
}

extension PeerTable.Run {
  @inline(__always)
  fileprivate mutating func add(_ sighting: Sighting) {
    if count == 0 { first = sighting.frame }
    count &+= 1
    last = sighting.frame
    smallest = min(smallest, sighting.packetBytes)
  }
}
