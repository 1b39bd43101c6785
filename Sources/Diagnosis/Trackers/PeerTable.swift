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
    entries.append(Activity(source: source, destination: destination))
    return entries.count - 1
  }

  package func find(_ source: IPAddress, _ destination: IPAddress) -> Activity? {
    index[Key(source: source, destination: destination)].map { entries[$0] }
  }

  @inline(__always)
  mutating func countESP(_ place: Int, _ frame: FrameReference, hopLimit: UInt8) {
    entries[place].espPackets &+= 1
    entries[place].lastESP = frame
    entries[place].hopLimit = hopLimit
  }

  mutating func countIKE(_ sighting: Sighting) {
    let place = place(sighting.source, sighting.destination)
    entries[place].ikeMessages &+= 1
    entries[place].lastIKE = sighting.frame
    entries[place].hopLimit = sighting.hopLimit
  }

  mutating func countKeepalive(_ sighting: Sighting) {
    let place = place(sighting.source, sighting.destination)
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
