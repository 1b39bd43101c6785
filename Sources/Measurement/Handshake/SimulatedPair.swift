internal import Host
internal import IKE
internal import PacketDissector

/// How long each side computes at each step of a handshake.
package struct ProcessingTimes: Equatable, Sendable {
  /// The first time that a side has a whole message.
  struct Step: Hashable, Sendable {
    var side: Side
    var exchange: ExchangeType
    var messageID: UInt32
  }

  /// By steps; those that are not here take ``other``.
  fileprivate var steps: [Step: Duration] = [:]
  private var other = Duration.zero
  /// The initiator, before its first message.
  fileprivate var beginning = Duration.zero

  /// As long at every step.
  package init(each step: Duration) {
    other = step
    beginning = step
  }

  /// The shorter time of each step.
  func shorter(_ other: ProcessingTimes) -> ProcessingTimes {
    var times = self
    times.beginning = min(beginning, other.beginning)
    times.steps.merge(other.steps) { min($0, $1) }
    return times
  }

  fileprivate func time(of step: Step) -> Duration { steps[step] ?? other }

  /// Of one side in all, over a handshake's exchanges.
  func total(of side: Side, in exchanges: [ExchangeTrace]) -> Duration {
    exchanges.reduce(side == .initiator ? beginning : .zero) {
      $0 + time(of: Step(side: side, exchange: $1.type, messageID: $1.messageID))
    }
  }
}

/// An initiator's session and a responder over a modelled path, in virtual time: the machines that run on real
/// sockets, too.
struct SimulatedPair {
  /// A datagram under way.
  private struct Flight {
    let arrival: Instant
    let bytes: [UInt8]
    let from: Endpoint
    let to: Endpoint
  }

  enum Outcome: Sendable {
    case established
    case failed(SessionFailure)
    case refusedChild(ChildFault)
  }

  private static let here = IPAddress(v4: 0xC000_0201)
  private static let there = IPAddress(v4: 0xC633_6401)

  private let initiator: IKESession
  private let responder: IKEResponder
  private let path: PathModel
  /// Nil measures them.
  private let times: ProcessingTimes?
  private var random: SplitMix64
  private var flights: [Flight] = []
  private var now = Instant(nanoseconds: 0)
  /// Until when a side computes: what comes before that waits.
  private var busy: [Side: Instant] = [:]
  /// Steps that a side has computed.
  private var done: Set<ProcessingTimes.Step> = []
  /// What the initiator has computed.
  private var spent = Duration.zero
  private var outcome: Outcome?
  private(set) var trace: HandshakeTrace
  private(set) var measured = ProcessingTimes(each: .zero)

  init(
    _ initiator: PeerConfiguration, _ responder: PeerConfiguration, over path: PathModel,
    times: ProcessingTimes?, seed: UInt64
  ) {
    var source = RandomSource(SplitMix64(state: seed))
    random = SplitMix64(state: ~seed)
    self.path = path
    self.times = times
    let ports = initiator.ports
    self.initiator = IKESession(
      initiatingTo: Endpoint(Self.there, ports.plain), from: Endpoint(Self.here, ports.plain),
      initiator, random: source.split())
    self.responder = IKEResponder(responder, random: source.split())
    trace = HandshakeTrace(at: now, path.sizes, ports)
  }

  /// Runs the handshake to its end, whatever that is.
  mutating func run() -> Outcome {
    begin()
    while outcome == nil, step() {}
    return outcome ?? .failed(.abandoned)
  }

  private mutating func begin() {
    let start = MonotonicClock.now()
    initiator.start(at: now)
    measured.beginning = .nanoseconds(MonotonicClock.now() - start)
    compute(times?.beginning ?? .zero, at: .initiator)
    emit(outputs(of: .initiator), from: .initiator)
  }

  /// Does what is next; false if nothing is.
  private mutating func step() -> Bool {
    let arrival = flights.map(\.arrival).min()
    guard let due = [arrival, initiator.deadline, responder.deadline].compactMap(\.self).min()
    else { return false }
    now = max(now, due)
    if let arrival, arrival <= now,
      let index = flights.firstIndex(where: { $0.arrival == arrival })
    {
      deliver(flights.remove(at: index))
    } else {
      if let deadline = initiator.deadline, deadline <= now { initiator.handleTimeout(at: now) }
      responder.handleTimeout(at: now)
      for side in [Side.initiator, .responder] { emit(outputs(of: side), from: side) }
    }
    return true
  }

  private mutating func deliver(_ flight: Flight) {
    let side: Side = flight.to.address == Self.there ? .responder : .initiator
    // Nobody does two things at once.
    if let free = busy[side], free > now {
      flights.append(
        Flight(arrival: free, bytes: flight.bytes, from: flight.from, to: flight.to))
      return
    }
    let start = MonotonicClock.now()
    switch side {
    case .initiator:
      trace.note(
        flight.bytes, isSent: false, local: flight.to, remote: flight.from, at: now, cpu: spent)
      initiator.handle(flight.bytes, from: flight.from, to: flight.to, at: now)
    case .responder: responder.handle(flight.bytes, from: flight.from, to: flight.to, at: now)
    }
    let cost = Duration.nanoseconds(MonotonicClock.now() - start)
    let outputs = outputs(of: side)
    if !outputs.isEmpty, let step = Self.step(of: flight, at: side) {
      measured.steps[step, default: .zero] += cost
      // What comes again is answered from memory.
      if done.insert(step).inserted { compute(times?.time(of: step) ?? .zero, at: side) }
    }
    emit(outputs, from: side)
  }

  private static func step(of flight: Flight, at side: Side) -> ProcessingTimes.Step? {
    TracedMessage(NonESPMarker.removed(from: flight.bytes) ?? flight.bytes).map {
      ProcessingTimes.Step(side: side, exchange: $0.type, messageID: $0.messageID)
    }
  }

  private mutating func compute(_ duration: Duration, at side: Side) {
    busy[side] = now + duration
    if side == .initiator { spent += duration }
  }

  // MARK: What the machines want

  private enum Output {
    case send([UInt8], from: Endpoint, to: Endpoint)
    case event(SessionEvent)
  }

  private func outputs(of side: Side) -> [Output] {
    var outputs: [Output] = []
    switch side {
    case .initiator:
      while let output = initiator.nextOutput() {
        switch output {
        case .send(let bytes, let from, let to): outputs.append(.send(bytes, from: from, to: to))
        case .event(let event): outputs.append(.event(event))
        }
      }
    case .responder:
      while let output = responder.nextOutput() {
        guard case .send(let bytes, let from, let to) = output else { continue }
        outputs.append(.send(bytes, from: from, to: to))
      }
    }
    return outputs
  }

  /// Sends what is to be sent, once the side has computed it.
  private mutating func emit(_ outputs: [Output], from side: Side) {
    let moment = max(now, busy[side] ?? now)
    for output in outputs {
      switch output {
      case .send(let bytes, let from, let to):
        if side == .initiator {
          trace.note(bytes, isSent: true, local: from, remote: to, at: moment, cpu: spent)
        }
        guard path.carries(bytes.count, &random) else { continue }
        flights.append(Flight(arrival: moment + path.oneWay, bytes: bytes, from: from, to: to))
      case .event(.childEstablished):
        trace.end(at: moment, cpu: spent)
        outcome = .established
      case .event(.childRefused(let fault)): outcome = .refusedChild(fault)
      case .event(.failed(let failure)): outcome = .failed(failure)
      case .event: break
      }
    }
  }
}
