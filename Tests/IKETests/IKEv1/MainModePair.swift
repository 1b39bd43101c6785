import IPsecCrypto
import PacketDissector

@testable import IKE

/// A session of main mode and a responder with a link between them, in virtual time.
final class MainModePair {
  static let secret = Secret(copying: Array("a secret for pairs in tests".utf8))

  let session: MainModeSession
  let responder = MainModeResponder()
  var link: LossyLink
  var nat: NAT?
  private(set) var now = Instant(nanoseconds: 0)
  private(set) var events: [MainModeEvent] = []
  /// What the session sent, as it left it.
  private(set) var sent: [Pair.Flight] = []
  private var flights: [Pair.Flight] = []
  private var order = 0

  init(
    _ configuration: MainModeConfiguration = .tests, link: LossyLink = .perfect(), seed: UInt64 = 1
  ) {
    self.link = link
    session = MainModeSession(
      initiatingTo: Pair.responderAddress, from: Pair.initiatorAddress, configuration,
      random: RandomSource(SplitMix64(state: seed)))
  }

  /// Runs main mode to its end.
  func establish() throws {
    try act { $0.start(at: $1) }
    try run(for: .seconds(60)) { session.isEstablished || session.hasEnded }
  }

  func act(_ command: (MainModeSession, Instant) -> Void) throws {
    command(session, now)
    collect()
  }

  /// A datagram from the responder that nothing asked for; with another port it is anybody's.
  func inject(_ message: [UInt8]) {
    let (from, to) = ends
    let hasMarker = from.port == 4500
    session.handle(
      hasMarker ? NonESPMarker.added(to: message) : message, from: from, to: to, at: now)
    collect()
  }

  private var ends: (Endpoint, Endpoint) {
    guard let last = sent.last else { return (Pair.responderAddress, Pair.initiatorAddress) }
    return (last.to, last.from)
  }

  func run(for span: Duration, until condition: () -> Bool = { false }) throws {
    let end = now + span
    while !condition() {
      let arrival = flights.min { ($0.arrival, $0.order) < ($1.arrival, $1.order) }
      let due = [arrival?.arrival, session.deadline].compactMap(\.self).min()
      guard let due, due <= end else {
        now = max(now, end)
        return
      }
      now = max(now, due)
      if let arrival, arrival.arrival <= now {
        flights.removeAll { $0.order == arrival.order && $0.arrival == arrival.arrival }
        try deliver(arrival)
      } else {
        session.handleTimeout(at: now)
      }
      collect()
    }
  }

  private func deliver(_ flight: Pair.Flight) throws {
    guard flight.to.address == Pair.responderAddress.address else {
      return session.handle(flight.bytes, from: flight.from, to: flight.to, at: now)
    }
    let hasMarker = flight.to.port == 4500
    guard flight.bytes != [0xFF],
      let message = hasMarker ? NonESPMarker.removed(from: flight.bytes) : flight.bytes,
      let answer = try responder.handle(message, from: flight.from, to: flight.to)
    else { return }
    launch(hasMarker ? NonESPMarker.added(to: answer) : answer, flight.to, flight.from)
  }

  private func collect() {
    while let output = session.nextOutput() {
      switch output {
      case .event(let event): events.append(event)
      case .send(let bytes, let from, let to):
        sent.append(Pair.Flight(arrival: now, order: 0, bytes: bytes, from: from, to: to))
        launch(bytes, from, to)
      }
    }
  }

  private func launch(_ bytes: [UInt8], _ from: Endpoint, _ to: Endpoint) {
    guard let (from, to) = nat.map({ $0.translate(from, to) }) ?? (from, to) else { return }
    for delay in link.delays(of: bytes) {
      order += 1
      flights.append(
        Pair.Flight(arrival: now + delay, order: order, bytes: bytes, from: from, to: to))
    }
  }
}

extension MainModeConfiguration {
  static var tests: MainModeConfiguration {
    var configuration = MainModeConfiguration(preSharedKey: MainModePair.secret)
    configuration.localIdentity = Identity(type: .idFQDN, data: Array("alice.example".utf8))
    configuration.retransmission = .quick
    // Without the cost of big groups.
    configuration.proposals = [
      PhaseOneProposal(.aesCBC, keyBits: 256, .sha2_256, .ecp256),
      PhaseOneProposal(.tripleDESCBC, .sha, .modp1024),
    ]
    return configuration
  }
}

extension [MainModeEvent] {
  var established: MainModeSA? {
    for case .established(let sa) in self { return sa }
    return nil
  }

  var failures: [MainModeFailure] {
    compactMap { if case .failed(let failure) = $0 { failure } else { nil } }
  }

  var deletions: [Party] {
    compactMap { if case .deleted(let party) = $0 { party } else { nil } }
  }

  var alive: [(roundTrip: Duration, transmission: Int, of: Int)] {
    compactMap {
      if case .alive(let trip, let number, let count) = $0 { (trip, number, count) } else { nil }
    }
  }

  var silent: [Int] {
    compactMap { if case .silent(let transmissions) = $0 { transmissions } else { nil } }
  }

  var answeredPeer: [UInt32] {
    compactMap { if case .answeredPeer(let sequence) = $0 { sequence } else { nil } }
  }

  /// Types of notifications, and whether they were protected.
  var notified: [(type: IKEv1NotifyType, isProtected: Bool)] {
    compactMap {
      if case .notified(let type, let isProtected) = $0 { (type, isProtected) } else { nil }
    }
  }
}
