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

  /// All but what ``esp`` counts.
  private var activities: [Activity] = []
  /// ESP of each entry: apart, as every packet counts there, and so that it stays in the cache.
  private var esp: [ESP] = []
  private var index: [Key: Int] = [:]
  package private(set) var untracked: UInt64 = 0

  private struct ESP: Sendable {
    var packets: UInt64 = 0
    var last = FrameReference(0, Timestamp(nanoseconds: 0))
    var hopLimit: UInt8 = 0
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
    index[key] = activities.count
    activities.append(Activity(source: source, destination: destination))
    esp.append(ESP())
    return activities.count - 1
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
    if esp[place].last.number >= activity.lastIKE?.number ?? 0 {
      activity.hopLimit = esp[place].hopLimit
    }
    return activity
  }

  @inline(__always)
  mutating func countESP(_ place: Int, _ frame: FrameReference, hopLimit: UInt8) {
    esp[place] = ESP(packets: esp[place].packets &+ 1, last: frame, hopLimit: hopLimit)
  }

  mutating func countIKE(_ sighting: Sighting) {
    let place = place(sighting.source, sighting.destination)
    activities[place].ikeMessages &+= 1
    activities[place].lastIKE = sighting.frame
    activities[place].hopLimit = sighting.hopLimit
  }

  mutating func countKeepalive(_ sighting: Sighting) {
    let place = place(sighting.source, sighting.destination)
    if let last = activities[place].lastKeepalive {
      activities[place].longestKeepaliveGap = max(
        activities[place].longestKeepaliveGap,
        Nanoseconds(from: last.time, to: sighting.frame.time))
    }
    activities[place].keepalives &+= 1
    activities[place].lastKeepalive = sighting.frame
  }
}

extension PeerTable.Activity {
  /// Whether the capture was taken where this sender's packets begin: their hop limit is one that
  /// systems start with.
  package var startsHere: Bool { [32, 64, 128, 255].contains(hopLimit) }
}
