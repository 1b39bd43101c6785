/// The packets of two captures put together: which one is in both, and which in one only.
///
/// Equal bytes are equal packets, so addresses and ports may differ. Bytes that were sent several times
/// are matched in order; where the captures hold them in different numbers, the clocks decide.
struct PacketMatching {
  struct Pair {
    /// Places in the logs of A and B.
    let a: Int
    let b: Int
  }

  /// Packets with the same bytes that the captures do not hold equally often.
  struct Repeated {
    var a: [Int]
    var b: [Int]
  }

  private(set) var pairs: [Pair] = []
  /// Pairs of packets that both captures hold once: no doubt which is which.
  private(set) var unique: [Pair] = []
  private(set) var repeated: [Repeated] = []
  private(set) var onlyAtA: [Int] = []
  private(set) var onlyAtB: [Int] = []
  /// Packets that a capture holds more than once where they were sent once: a mirror's copies.
  private(set) var copiesAtA = 0
  private(set) var copiesAtB = 0

  /// Nanoseconds within which the same bytes are one packet seen twice.
  private static let copyDelay: Int64 = 5_000_000

  init(_ a: PacketLog, _ b: PacketLog) {
    let left = Self.byKey(a)
    let right = Self.byKey(b)
    var (i, j) = (0, 0)
    while i < left.count || j < right.count {
      let key = min(i < left.count ? left[i].key : .max, j < right.count ? right[j].key : .max)
      let ofA = Self.group(left, &i, key)
      let ofB = Self.group(right, &j, key)
      let atA = Self.withoutCopies(ofA, a)
      let atB = Self.withoutCopies(ofB, b)
      copiesAtA += ofA.count - atA.count
      copiesAtB += ofB.count - atB.count
      put(atA, atB, a, b)
    }
  }

  private mutating func put(_ atA: [Int], _ atB: [Int], _ a: PacketLog, _ b: PacketLog) {
    if atB.isEmpty { return onlyAtA += atA }
    if atA.isEmpty { return onlyAtB += atB }
    if atA.count == 1, atB.count == 1 { unique.append(Pair(a: atA[0], b: atB[0])) }
    let differences = zip(atA, atB).map { b.packets[$1].time &- a.packets[$0].time }
    let spread = (differences.max() ?? 0) &- (differences.min() ?? 0)
    // As many at both, at the same distances: the same ones.
    if atA.count == atB.count, spread < 400_000_000 {
      pairs += zip(atA, atB).map { Pair(a: $0, b: $1) }
    } else {
      repeated.append(Repeated(a: atA, b: atB))
    }
  }

  private static func byKey(_ log: PacketLog) -> [(key: UInt64, place: Int)] {
    log.packets.indices.lazy.filter { log.packets[$0].kind != .keepalive }
      .map { (log.packets[$0].key, $0) }.sorted { $0 < $1 }
  }

  private static func group(
    _ list: [(key: UInt64, place: Int)], _ position: inout Int, _ key: UInt64
  ) -> [Int] {
    var places: [Int] = []
    while position < list.count, list[position].key == key {
      places.append(list[position].place)
      position += 1
    }
    return places
  }

  /// ESP and AH never send the same bytes twice; the others may, but not at once.
  private static func withoutCopies(_ places: [Int], _ log: PacketLog) -> [Int] {
    guard let first = places.first, places.count > 1 else { return places }
    switch log.packets[first].kind {
    case .esp, .ah: return [first]
    case .ike, .ikeFragment, .ipFragment, .keepalive:
      var kept = [first]
      var last = log.packets[first].time
      for place in places.dropFirst() {
        let time = log.packets[place].time
        if time &- last > copyDelay { kept.append(place) }
        last = time
      }
      return kept
    }
  }

  /// The pairs that one can be surest of: packets that are unique; failing those, what was sent equally
  /// often; failing that, of each packet the transmissions nearest in time.
  func anchors(_ a: PacketLog, _ b: PacketLog) -> [Pair] {
    if !unique.isEmpty { return unique }
    if !pairs.isEmpty { return pairs }
    return repeated.compactMap { group in
      let all = group.a.prefix(64).flatMap { place in
        group.b.prefix(64).map { Pair(a: place, b: $0) }
      }
      return all.min {
        (b.packets[$0.b].time &- a.packets[$0.a].time).magnitude
          < (b.packets[$1.b].time &- a.packets[$1.a].time).magnitude
      }
    }
  }

  // MARK: By the clock

  /// Matches what was sent several times, in order: two are the same packet where the second capture's
  /// time is `lag` behind the first's, give or take half the time between two transmissions.
  ///
  /// - Parameter lag: From a packet of A to the same one of B, in nanoseconds; nil where that packet's
  ///   way is unknown.
  mutating func resolve(_ a: PacketLog, _ b: PacketLog, lag: (PacketLog.Packet) -> Int64?) {
    for group in repeated { resolve(group, a, b, lag) }
    repeated = []
  }

  private mutating func resolve(
    _ group: Repeated, _ a: PacketLog, _ b: PacketLog, _ lag: (PacketLog.Packet) -> Int64?
  ) {
    var tolerance: Int64 = 2_000_000_000
    for (log, places) in [(a, group.a), (b, group.b)] {
      for (one, next) in zip(places, places.dropFirst()) {
        tolerance = min(tolerance, (log.packets[next].time &- log.packets[one].time) / 2)
      }
    }
    var (i, j) = (0, 0)
    while i < group.a.count, j < group.b.count {
      let packet = a.packets[group.a[i]]
      let difference = b.packets[group.b[j]].time &- packet.time &- (lag(packet) ?? 0)
      if difference.magnitude <= UInt64(max(0, tolerance)) {
        pairs.append(Pair(a: group.a[i], b: group.b[j]))
        i += 1
        j += 1
      } else if difference > 0 {
        onlyAtA.append(group.a[i])
        i += 1
      } else {
        onlyAtB.append(group.b[j])
        j += 1
      }
    }
    onlyAtA += group.a[i...]
    onlyAtB += group.b[j...]
  }

  /// Matches keepalives, which all look alike, by their way and their time: `lag` as above, the second
  /// argument being A's and B's path.
  mutating func resolveKeepalives(
    _ a: PacketLog, _ b: PacketLog, lag: (PacketLog.Packet) -> Int64?,
    sameWay: (PacketLog.Packet, PacketLog.Packet) -> Bool
  ) {
    let atA = Self.keepalives(a)
    let atB = Self.keepalives(b)
    var isTaken = Set<Int>()
    var start = 0
    for place in atA {
      let packet = a.packets[place]
      guard let lag = lag(packet) else {
        onlyAtA.append(place)
        continue
      }
      let expected = packet.time &+ lag
      while start < atB.count,
        isTaken.contains(atB[start]) || b.packets[atB[start]].time < expected &- 500_000_000
      {
        start += 1
      }
      // More than some hundred a second are no keepalives of tunnels that anyone compares.
      let match = atB[start...].prefix(1024)
        .prefix { b.packets[$0].time <= expected &+ 500_000_000 }
        .first { !isTaken.contains($0) && sameWay(packet, b.packets[$0]) }
      if let match {
        isTaken.insert(match)
        pairs.append(Pair(a: place, b: match))
      } else {
        onlyAtA.append(place)
      }
    }
    onlyAtB += atB.filter { !isTaken.contains($0) }
  }

  /// Without a mirror's copies.
  private static func keepalives(_ log: PacketLog) -> [Int] {
    var latest: [UInt32: Int64] = [:]
    return log.packets.indices.filter { place in
      let packet = log.packets[place]
      guard packet.kind == .keepalive else { return false }
      let isCopy = latest[packet.path].map { packet.time &- $0 <= copyDelay } ?? false
      latest[packet.path] = packet.time
      return !isCopy
    }
  }
}
