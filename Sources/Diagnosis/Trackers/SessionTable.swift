package import PacketDissector

/// All IKE SAs of a capture, by version and initiator SPI: at most ``limit`` at a time. Past that the
/// one that was silent longest among a few makes room, and is counted.
package struct SessionTable: Sendable {
  package static let limit = 10_000

  package private(set) var sessions: [IKESession] = []
  package private(set) var agedOut: UInt64 = 0
  private var index: [Key: Int] = [:]
  private var hand = 0
  package private(set) var halfOpen = HalfOpenCounter()

  private struct Key: Hashable {
    let majorVersion: UInt8
    let initiatorSPI: UInt64
  }

  package init() {}

  /// Adds a message of major version 1 or 2.
  mutating func add(
    _ header: IKEHeader, _ record: IPsecRecord, _ content: IKEMessageContent, digest: UInt64,
    _ sighting: Sighting, espFromPeer: UInt64
  ) {
    let key = Key(majorVersion: header.majorVersion, initiatorSPI: header.initiatorSPI)
    let place: Int
    if let found = index[key] {
      place = found
    } else {
      place = insert(IKESession(header, sighting), key)
      if header.responderSPI == 0 { halfOpen.begin(sighting) }
    }
    sessions[place].add(header, record, content, digest: digest, sighting, espFromPeer: espFromPeer)
    if header.majorVersion == 2, header.exchangeType == ExchangeType.ikeAuth.rawValue,
      !header.isResponse, header.messageID == 1
    {
      halfOpen.complete(sighting)
    }
  }

  private mutating func insert(_ session: IKESession, _ key: Key) -> Int {
    if sessions.count < Self.limit {
      index[key] = sessions.count
      sessions.append(session)
      return sessions.count - 1
    }
    var place = hand
    for step in 0..<16 {
      let candidate = (hand + step) % sessions.count
      if sessions[candidate].last.time < sessions[place].last.time { place = candidate }
    }
    hand = (hand + 16) % sessions.count
    agedOut &+= 1
    let old = sessions[place]
    index[Key(majorVersion: old.majorVersion, initiatorSPI: old.initiatorSPI)] = nil
    sessions[place] = session
    index[key] = place
    return place
  }
}

/// How many IKE SAs were begun towards one responder, and how many went on to authenticate.
package struct HalfOpenCounter: Sendable {
  package struct Target: Sendable {
    package let responder: IPAddress
    package private(set) var begun: UInt64 = 0
    package private(set) var completed: UInt64 = 0
    package private(set) var first: FrameReference
    package private(set) var last: FrameReference
    /// Distinct sources, as far as the first few.
    package private(set) var sources: Set<IPAddress> = []
    /// The most within ten seconds.
    package private(set) var busiest: UInt64 = 0
    private var window: (start: Timestamp, count: UInt64)

    init(_ sighting: Sighting) {
      responder = sighting.destination
      first = sighting.frame
      last = sighting.frame
      window = (sighting.frame.time, 0)
    }

    mutating func begin(_ sighting: Sighting) {
      begun &+= 1
      last = sighting.frame
      if sources.count < 16 { sources.insert(sighting.source) }
      if sighting.frame.time.nanoseconds &- window.start.nanoseconds > 10_000_000_000 {
        window = (sighting.frame.time, 0)
      }
      window.count &+= 1
      busiest = max(busiest, window.count)
    }

    mutating func complete() { completed &+= 1 }
  }

  package private(set) var targets: [IPAddress: Target] = [:]
  private static let limit = 10_000

  mutating func begin(_ sighting: Sighting) {
    guard targets.count < Self.limit || targets[sighting.destination] != nil else { return }
    targets[sighting.destination, default: Target(sighting)].begin(sighting)
  }

  mutating func complete(_ sighting: Sighting) { targets[sighting.destination]?.complete() }
}
