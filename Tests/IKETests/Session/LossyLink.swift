import IKE
import PacketDissector

/// What a link does to datagrams. All of it comes from a seeded generator, so that a run can be repeated.
struct LossyLink {
  /// Of 100 datagrams, so many are lost, come twice, or come late enough to be overtaken.
  var lossPercent = 0
  var duplicationPercent = 0
  var reorderingPercent = 0
  var delay = Duration.milliseconds(20)
  /// Protected messages with more octets than this get lost, as on a path that drops IP fragments;
  /// IKE_SA_INIT passes.
  var largestProtected = Int.max
  private var random: SplitMix64
  private(set) var carried = 0
  private(set) var lost = 0

  init(seed: UInt64) {
    random = SplitMix64(state: seed)
  }

  static func perfect() -> LossyLink { LossyLink(seed: 0) }

  /// After how long each copy of a datagram arrives.
  mutating func delays(of datagram: [UInt8]) -> [Duration] {
    guard datagram.count <= largestProtected || datagram[18] == ExchangeType.ikeSAInit.rawValue
    else {
      lost += 1
      return []
    }
    let copies = happens(duplicationPercent) ? 2 : 1
    var delays: [Duration] = []
    for _ in 0..<copies {
      if happens(lossPercent) {
        lost += 1
        continue
      }
      carried += 1
      let jitter = Duration.microseconds(Int(random.next() % 1000))
      let late =
        happens(reorderingPercent) ? Duration.milliseconds(Int(random.next() % 3000)) : .zero
      delays.append(delay + jitter + late)
    }
    return delays
  }

  private mutating func happens(_ percent: Int) -> Bool {
    Int(random.next() % 100) < percent
  }
}

/// An initiator's session and a responder with a link between them, in virtual time.
final class Pair {
  struct Flight {
    let arrival: Instant
    let order: Int
    let bytes: [UInt8]
    let from: Endpoint
    let to: Endpoint
  }

  static let initiatorAddress = Endpoint(IPAddress(v4: 0x0A00_0001), 500)
  static let responderAddress = Endpoint(IPAddress(v4: 0x0A00_0002), 500)

  let initiator: IKESession
  let responder: IKEResponder
  var link: LossyLink
  /// Sees each datagram before it is sent; what it returns is sent instead.
  var tamper: ((Flight) -> [UInt8]?)?
  /// A NAT in front of the initiator: its address as the responder sees it, by port.
  var nat: NAT?
  private(set) var now = Instant(nanoseconds: 0)
  private(set) var initiatorEvents: [SessionEvent] = []
  private(set) var responderEvents: [(event: SessionEvent, session: Int)] = []
  /// All that was sent, in its order, as it left its sender.
  private(set) var sent: [Flight] = []
  private var flights: [Flight] = []
  private var order = 0

  init(
    _ initiator: PeerConfiguration, _ responder: PeerConfiguration,
    policy: ResponderPolicy = ResponderPolicy(), link: LossyLink = .perfect(), seed: UInt64 = 1
  ) {
    var random = RandomSource(SplitMix64(state: seed))
    self.link = link
    self.initiator = IKESession(
      initiatingTo: Self.responderAddress, from: Self.initiatorAddress, initiator,
      random: random.split())
    self.responder = IKEResponder(responder, policy: policy, random: random.split())
  }

  /// The one session that the responder has; nil if there is none, or several.
  var session: IKESession? {
    responder.sessions.count == 1 ? responder.sessions.first?.value : nil
  }

  func start() {
    initiator.start(at: now)
    collect()
  }

  /// Has the initiator do something now.
  func initiate(_ command: (IKESession, Instant) -> Void) {
    command(initiator, now)
    collect()
  }

  /// Has the responder's one session do something now.
  func respond(_ command: (IKESession, Instant) -> Void) {
    guard let number = responder.sessions.keys.first else { return }
    responder.with(number) { command($0, now) }
    collect()
  }

  /// Lets time pass until nothing is left to do, or so long.
  func run(for span: Duration = .seconds(600)) {
    let end = now + span
    while step(until: end) {}
    if now < end { now = end }
  }

  /// Lets time pass until a condition holds; false if it never did.
  func run(for span: Duration = .seconds(600), until condition: () -> Bool) -> Bool {
    let end = now + span
    while !condition() {
      guard step(until: end) else { return false }
    }
    return true
  }

  /// Does what is next; false if that is nothing, or behind `end`.
  private func step(until end: Instant) -> Bool {
    let arrival = flights.map(\.arrival).min()
    let due = [arrival, initiator.deadline, responder.deadline].compactMap(\.self).min()
    guard let due, due <= end else { return false }
    now = max(now, due)
    if let index = flights.indices.filter({ flights[$0].arrival <= now }).min(by: earlier) {
      deliver(flights.remove(at: index))
    } else {
      if let deadline = initiator.deadline, deadline <= now { initiator.handleTimeout(at: now) }
      responder.handleTimeout(at: now)
    }
    collect()
    return true
  }

  private func earlier(_ left: Int, _ right: Int) -> Bool {
    (flights[left].arrival, flights[left].order) < (flights[right].arrival, flights[right].order)
  }

  private func deliver(_ flight: Flight) {
    if flight.to.address == Self.responderAddress.address {
      responder.handle(flight.bytes, from: flight.from, to: flight.to, at: now)
    } else {
      initiator.handle(flight.bytes, from: flight.from, to: flight.to, at: now)
    }
  }

  /// A datagram from anyone, now.
  func inject(_ bytes: [UInt8], from: Endpoint, to: Endpoint) {
    deliver(Flight(arrival: now, order: 0, bytes: bytes, from: from, to: to))
    collect()
  }

  private func collect() {
    while let output = initiator.nextOutput() {
      switch output {
      case .send(let bytes, let from, let to): launch(bytes, from, to)
      case .event(let event): initiatorEvents.append(event)
      }
    }
    while let output = responder.nextOutput() {
      switch output {
      case .send(let bytes, let from, let to): launch(bytes, from, to)
      case .event(let event, let session): responderEvents.append((event, session))
      }
    }
  }

  private func launch(_ bytes: [UInt8], _ from: Endpoint, _ to: Endpoint) {
    order += 1
    let flight = Flight(arrival: now, order: order, bytes: bytes, from: from, to: to)
    sent.append(flight)
    guard let bytes = tamper.map({ $0(flight) }) ?? bytes else { return }
    guard let (from, to) = nat.map({ $0.translate(from, to) }) ?? (from, to) else { return }
    for delay in link.delays(of: bytes) {
      flights.append(
        Flight(arrival: now + delay, order: order, bytes: bytes, from: from, to: to))
    }
  }
}

/// A NAT that gives the initiator another address and other ports.
struct NAT {
  var address = IPAddress(v4: 0xC633_6401)
  /// Added to the initiator's ports.
  var portOffset: UInt16 = 20000

  func translate(_ from: Endpoint, _ to: Endpoint) -> (Endpoint, Endpoint)? {
    if from.address == Pair.initiatorAddress.address {
      return (Endpoint(address, from.port &+ portOffset), to)
    }
    guard to.address == address else { return nil }
    return (from, Endpoint(Pair.initiatorAddress.address, to.port &- portOffset))
  }
}
