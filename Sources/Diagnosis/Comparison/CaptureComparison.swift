package import PacketDissector

/// Two captures of the same tunnel, held against each other: which packets of the one are in the other.
///
/// Only what the other capture could have seen counts: packets between hosts of which it shows packets,
/// at times when it ran.
package struct CaptureComparison: Sendable {
  package let clock: ClockOffset
  /// When capture B begins, by its own clock.
  package let startOfB: Timestamp?
  /// When both captures ran, by A's clock; nil where they did not run together.
  package let overlap: ClosedRange<Timestamp>?
  /// Packets that are in both.
  package let matched: UInt64
  /// Packets that a mirror copied, per capture.
  package let copiesAtA: UInt64
  package let copiesAtB: UInt64
  /// Packets that are in one capture only, at a time when the other did not run.
  package private(set) var outsideAtA: UInt64 = 0
  package private(set) var outsideAtB: UInt64 = 0
  /// Packets between hosts of which the other capture shows none.
  package private(set) var elsewhereAtA: UInt64 = 0
  package private(set) var elsewhereAtB: UInt64 = 0
  /// Packets that found no room in a log.
  package let untracked: UInt64
  package private(set) var paths: [PathComparison] = []
  var messages: [PacketLog.Message: ComparedMessage] = [:]
  private static let messageLimit = 1 << 17

  /// Compares what two captures kept of their packets.
  init(_ a: CaptureEvidence, _ b: CaptureEvidence) {
    let (logA, logB) = (a.packets ?? PacketLog(), b.packets ?? PacketLog())
    startOfB = b.quality.first?.time
    var matching = PacketMatching(logA, logB)
    let anchors = matching.anchors(logA, logB)
    let first = ComparedRoutes(logA, logB, anchors)
    clock = ClockOffset(
      anchors.compactMap { pair in
        let packet = logA.packets[pair.a]
        guard let route = first.atA[Int(packet.path)] else { return nil }
        return ClockOffset.Sample(
          time: packet.time, difference: logB.packets[pair.b].time &- packet.time,
          isFromA: route.isFromA)
      })
    let lags = ComparedLags(anchors, logA, logB, first, clock)
    matching.resolve(logA, logB) { lags.expected($0, first.atA[Int($0.path)]) }
    // What was resolved may tie further paths together.
    let routes = ComparedRoutes(logA, logB, matching.pairs)
    matching.resolveKeepalives(
      logA, logB, lag: { lags.expected($0, routes.atA[Int($0.path)]) },
      sameWay: { routes.atA[Int($0.path)] == routes.atB[Int($1.path)] })
    matched = UInt64(matching.pairs.count)
    untracked = logA.untracked &+ logB.untracked
    copiesAtA = UInt64(matching.copiesAtA)
    copiesAtB = UInt64(matching.copiesAtB)
    let window = ComparedWindow(a, b, clock, margin: lags.margin)
    overlap = matching.pairs.isEmpty ? nil : window.overlap
    paths = routes.hosts.map { PathComparison($0) }
    count(matching.pairs, logA, logB, routes)
    count(onlyAtA: matching.onlyAtA, logA, routes, window)
    count(onlyAtB: matching.onlyAtB, logB, routes, window)
    for place in paths.indices { paths[place].close() }
  }

  /// What capture A calls the addresses of capture B.
  var namesAtA: [IPAddress: IPAddress] {
    var names: [IPAddress: IPAddress] = [:]
    for mapping in paths.flatMap(\.mappings) where names[mapping.atB.address] == nil {
      names[mapping.atB.address] = mapping.atA.address
    }
    return names
  }

  /// What is wrong between the two captures.
  func findings(_ a: CaptureEvidence, _ b: CaptureEvidence) -> [Finding] {
    paths.flatMap { path in
      ComparedESP.findings(path, a, b) + ComparedMTU.findings(path, a, b)
        + ComparedNAT.findings(path)
    } + ComparedIKE.findings(self, a, b)
  }

  // MARK: Counting

  private mutating func count(
    _ pairs: [PacketMatching.Pair], _ a: PacketLog, _ b: PacketLog, _ routes: ComparedRoutes
  ) {
    for isFromA in [true, false] {
      for pair in pairs.sorted(by: { isFromA ? $0.a < $1.a : $0.b < $1.b }) {
        let (atA, atB) = (a.packets[pair.a], b.packets[pair.b])
        guard let route = routes.atA[Int(atA.path)], route.isFromA == isFromA else { continue }
        let delay = atB.time &- atA.time &- clock.offset(at: atA.time)
        let (frameA, frameB) = (a.reference(pair.a), b.reference(pair.b))
        if isFromA {
          paths[route.hosts].fromA.add(
            atA, frameA, time: atA.time,
            DirectionComparison.Arrival(packet: atB, place: pair.b, delay: delay))
          note(atA, a, frameA, arrival: frameB, isFromA: true)
        } else {
          paths[route.hosts].fromB.add(
            atB, frameB, time: clock.timeAtA(ofB: atB.time),
            DirectionComparison.Arrival(packet: atA, place: pair.a, delay: 0 &- delay))
          note(atB, b, frameB, arrival: frameA, isFromA: false)
        }
        guard atA.kind != .ipFragment else { continue }
        paths[route.hosts].note(
          a.paths[Int(atA.path)], b.paths[Int(atB.path)], isFromA: isFromA, frameA, frameB)
      }
    }
  }

  private mutating func count(
    onlyAtA places: [Int], _ log: PacketLog, _ routes: ComparedRoutes, _ window: ComparedWindow
  ) {
    for place in places.sorted() {
      let packet = log.packets[place]
      guard let route = routes.atA[Int(packet.path)] else {
        elsewhereAtA &+= 1
        continue
      }
      if route.isFromA, window.covers(sent: packet.time, by: .a) {
        paths[route.hosts].fromA.add(packet, log.reference(place), time: packet.time, nil)
        note(packet, log, log.reference(place), arrival: nil, isFromA: true)
      } else if !route.isFromA, window.covers(arrived: packet.time, from: .b) {
        paths[route.hosts].fromB.addUnsent(packet)
      } else {
        outsideAtA &+= 1
      }
    }
  }

  private mutating func count(
    onlyAtB places: [Int], _ log: PacketLog, _ routes: ComparedRoutes, _ window: ComparedWindow
  ) {
    for place in places.sorted() {
      let packet = log.packets[place]
      guard let route = routes.atB[Int(packet.path)] else {
        elsewhereAtB &+= 1
        continue
      }
      let time = clock.timeAtA(ofB: packet.time)
      if !route.isFromA, window.covers(sent: time, by: .b) {
        paths[route.hosts].fromB.add(packet, log.reference(place), time: time, nil)
        note(packet, log, log.reference(place), arrival: nil, isFromA: false)
      } else if route.isFromA, window.covers(arrived: time, from: .a) {
        paths[route.hosts].fromA.addUnsent(packet)
      } else {
        outsideAtB &+= 1
      }
    }
  }

  private mutating func note(
    _ packet: PacketLog.Packet, _ log: PacketLog, _ frame: FrameReference,
    arrival: FrameReference?, isFromA: Bool
  ) {
    guard packet.kind == .ike || packet.kind == .ikeFragment else { return }
    let message = log.messages[Int(packet.detail)]
    guard messages.count < Self.messageLimit || messages[message.whole] != nil else { return }
    messages[message.whole, default: ComparedMessage(isFromA: isFromA)]
      .add(message, packet, frame, arrival)
  }
}
