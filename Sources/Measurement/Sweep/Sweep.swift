package import Host
package import IKE
package import PacketDissector

/// What one target of a sweep had to say.
package struct SweepResult: Sendable {
  package enum Outcome: Sendable {
    case answered(InitAnswer)
    /// An ICMP error came back: which, and from whom.
    case refused(reason: String, by: IPAddress?)
    /// This machine could not send: why, in words.
    case unsent(reason: String)
  }

  package let address: IPAddress
  package let outcome: Outcome
  /// From the last request to the answer; nil where nothing was sent.
  package let roundTrip: Duration?

  package init(address: IPAddress, outcome: Outcome, roundTrip: Duration?) {
    self.address = address
    self.outcome = outcome
    self.roundTrip = roundTrip
  }
}

/// Asks very many addresses of one family one question, and hands over each answer as it comes.
package struct Sweep: ~Copyable {
  package struct Options: Sendable {
    package var port: UInt16
    /// Requests a second.
    package var rate: Int
    /// How often a silent target is asked.
    package var passes: Int
    /// How long to wait for answers behind each pass.
    package var patience: Duration
    package var source: Endpoint?
    package var interface: String?

    package init(
      port: UInt16 = 500, rate: Int = 50, passes: Int = 3, patience: Duration = .seconds(1),
      source: Endpoint? = nil, interface: String? = nil
    ) {
      self.port = port
      self.rate = rate
      self.passes = passes
      self.patience = patience
      self.source = source
      self.interface = interface
    }
  }

  private var socket: UDPSocket
  private var poll = SocketPoll()
  private var batch = OutgoingBatch(capacity: UDPSocket.batchSize)
  /// Whom the batch asks.
  private var asked: [(number: UInt32, address: IPAddress)] = []
  private let targets: SweepTargets
  private let question: SweepQuestion
  private let options: Options
  private var plan: SweepPlan
  private var summary = SweepSummary()
  /// What has to be said and sent after a batch was read.
  private var results: [SweepResult] = []
  private var cookies: [(number: UInt32, address: IPAddress, cookie: [UInt8])] = []
  /// Targets that were sent their cookie back, and what they said when they asked for it.
  private var followed: [UInt32: SweepResult] = [:]

  /// Cookies are sent back to this many targets at once; of others a cookie is the answer.
  private static let cookieLimit = 16_384
  /// A flood of datagrams or errors must not keep requests from going out.
  private static let batchesAtOnce = 16
  private static let errorsAtOnce = 1_024
  /// To sleep while as many answers are on their way as there is room for: they are read together then.
  private static let holdTime = Duration.milliseconds(1)
  /// Whoever shows how far it is wants to hear of it meanwhile.
  private static let longestWait = Duration.milliseconds(200)

  /// `targets` are of one family.
  package init(
    _ targets: SweepTargets, asking question: SweepQuestion, _ options: Options
  ) throws(SocketError) {
    let isIPv6 = targets[0]?.isIPv6 ?? false
    socket = try UDPSocket(
      isIPv6: isIPv6, source: options.source, interface: options.interface)
    // Answers come in bursts while results are written.
    _ = socket.raiseReceiveBuffer(to: 4 << 20)
    poll.add(socket.descriptor)
    self.targets = targets
    self.question = question
    self.options = options
    plan = SweepPlan(
      count: targets.count, passes: options.passes, rate: options.rate, patience: options.patience,
      start: Instant.now)
    summary.targets = UInt64(targets.count)
  }

  /// Asks until all have answered or been asked often enough, or `isInterrupted`, which is told how far it
  /// is several times a second, says to stop.
  package mutating func run(
    isInterrupted: (SweepSummary) -> Bool, _ body: (SweepResult) -> Void
  ) throws(SocketError) -> SweepSummary {
    let start = Instant.now
    while true {
      let next = send()
      try receive()
      for result in results { body(result) }
      results.removeAll(keepingCapacity: true)
      summary.requests = plan.asked
      summary.remaining = plan.remaining
      summary.duration = Instant.now - start
      summary.isInterrupted = isInterrupted(summary)
      guard let next, !plan.allHaveAnswered, !summary.isInterrupted else { break }
      try wait(next)
    }
    tellFollowed(body)
    summary.dropped = UInt64(socket.dropped)
    return summary
  }

  /// Those that asked for a cookie and were silent when they got it are there all the same.
  private mutating func tellFollowed(_ body: (SweepResult) -> Void) {
    for (number, result) in followed.sorted(by: { $0.key < $1.key }) {
      guard plan.answer(from: number, at: Instant.now) != nil else { continue }
      summary.answered += 1
      body(result)
    }
    followed.removeAll()
  }

  // MARK: Sending

  /// What to do when all that is due was sent.
  private enum Next {
    case wait(until: Instant)
    case hold
  }

  /// Sends what is due; what to do then, nil at the end.
  private mutating func send() -> Next? {
    let now = Instant.now
    var datagram: [UInt8] = []
    batch.removeAll()
    asked.removeAll(keepingCapacity: true)
    followCookies(at: now)
    defer { flush() }
    while batch.waiting < UDPSocket.batchSize {
      switch plan.step(at: now) {
      case .ask(let number):
        guard let address = targets[number] else { continue }
        question.write(for: number, address, to: &datagram)
        _ = batch.append(datagram.rawBytes, to: Endpoint(address, options.port))
        asked.append((number, address))
      case .wait(let until): return .wait(until: until)
      case .hold: return .hold
      case .done: return nil
      }
    }
    return .wait(until: now)
  }

  private mutating func followCookies(at now: Instant) {
    guard !cookies.isEmpty else { return }
    for (number, address, cookie) in cookies.prefix(UDPSocket.batchSize) {
      let datagram = question.datagram(for: number, address, cookie: cookie)
      _ = batch.append(datagram.rawBytes, to: Endpoint(address, options.port))
    }
    cookies.removeFirst(min(cookies.count, UDPSocket.batchSize))
    plan.noteSent(at: now)
  }

  private mutating func flush() {
    guard batch.waiting > 0 else { return }
    var failures: [(Endpoint, SocketError)] = []
    _ = socket.sendBatch(&batch) { failures.append(($0, $1)) }
    for (end, error) in failures {
      // It will not be otherwise the next time.
      guard let target = asked.first(where: { $0.address == end.address }),
        plan.leaveOut(target.number)
      else { continue }
      results.append(
        SweepResult(address: end.address, outcome: .unsent(reason: "\(error)"), roundTrip: nil))
      summary.unsent += 1
    }
  }

  private mutating func wait(_ next: Next) throws(SocketError) {
    guard cookies.isEmpty else { return }
    let now = Instant.now
    switch next {
    case .wait(let until) where until <= now: break
    case .wait(let until):
      _ = try poll.wait(until: min(until, now + Self.longestWait).nanoseconds)
    case .hold:
      var nothing = SocketPoll()
      _ = try nothing.wait(until: (now + Self.holdTime).nanoseconds)
    }
  }

  // MARK: Receiving

  private mutating func receive() throws(SocketError) {
    var datagrams: [Arrival] = []
    for _ in 0..<Self.batchesAtOnce {
      datagrams.removeAll(keepingCapacity: true)
      let count = try socket.receiveBatch { datagram in
        var reader = ByteReader(datagram.bytes)
        datagrams.append(
          Arrival(source: datagram.source, time: datagram.time, bytes: reader.rest()))
      }
      let now = Instant.now
      let time = Timestamp.now
      for datagram in datagrams { take(datagram, at: now, time) }
      if count < UDPSocket.batchSize { break }
    }
    let now = Instant.now
    for _ in 0..<Self.errorsAtOnce {
      guard let report = socket.receiveError() else { break }
      take(report, at: now)
    }
  }

  private struct Arrival {
    let source: Endpoint
    let time: Timestamp
    let bytes: [UInt8]
  }

  private mutating func take(_ datagram: Arrival, at now: Instant, _ time: Timestamp) {
    guard datagram.source.port == options.port,
      let (number, answer) = question.target(of: datagram.bytes, from: datagram.source.address)
    else {
      summary.strays += 1
      return
    }
    // It has waited here since the kernel took it.
    let delay = min(max(0, time.nanoseconds &- datagram.time.nanoseconds), Self.longestDelay)
    let address = datagram.source.address
    if case .cookie(let cookie) = answer.meaning, follow(cookie, number, address, answer) { return }
    guard let roundTrip = plan.answer(from: number, at: now, delay: .nanoseconds(delay)) else {
      summary.repeated += 1
      return
    }
    if !followed.isEmpty { followed[number] = nil }
    summary.answered += 1
    results.append(
      SweepResult(address: address, outcome: .answered(answer), roundTrip: roundTrip))
  }

  /// More than that between the kernel and us is a clock that was set.
  private static let longestDelay: Int64 = 1_000_000_000

  /// Whether the request goes out again with the cookie.
  private mutating func follow(
    _ cookie: [UInt8], _ number: UInt32, _ address: IPAddress, _ answer: InitAnswer
  ) -> Bool {
    guard !plan.isAnswered(number), followed.count < Self.cookieLimit, followed[number] == nil
    else { return false }
    followed[number] = SweepResult(address: address, outcome: .answered(answer), roundTrip: nil)
    cookies.append((number, address, cookie))
    return true
  }

  private mutating func take(_ report: SocketErrorReport, at now: Instant) {
    let address = report.destination.address
    guard report.origin != .local,
      let number = question.target(ofQuoted: report.quoted, to: address),
      let roundTrip = plan.answer(from: number, at: now)
    else { return }
    summary.refused += 1
    var words = report
    words.offender = nil
    results.append(
      SweepResult(
        address: address, outcome: .refused(reason: "\(words)", by: report.offender),
        roundTrip: roundTrip))
  }
}
