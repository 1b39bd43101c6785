package import Host
package import IKE
package import PacketDissector

/// What one target of a sweep had to say.
package struct SweepResult: Sendable {
  package enum Outcome: Sendable {
    case answered(InitAnswer)
    /// An ICMP error came back.
    case refused(SocketErrorReport)
    /// This machine could not send.
    case unsent(SocketError)
  }

  package let address: IPAddress
  package let outcome: Outcome
  /// From the last request to the answer; nil where nothing was sent.
  package let roundTrip: Duration?
}

/// How a sweep went, all targets together.
package struct SweepSummary: Equatable, Sendable {
  package var targets: UInt32 = 0
  package var requests: UInt64 = 0
  package var answered: UInt64 = 0
  package var refused: UInt64 = 0
  package var unsent: UInt64 = 0
  /// Datagrams that answered nothing: another SPI or address, or not IKE.
  package var strays: UInt64 = 0
  package var duration: Duration = .zero
  /// It was ended before its time.
  package var isInterrupted = false

  package init() {}

  package var silent: UInt64 { UInt64(targets) - min(UInt64(targets), answered + refused + unsent) }
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
  private let targets: SweepTargets
  private let question: SweepQuestion
  private let options: Options
  private var plan: SweepPlan
  private var summary = SweepSummary()
  /// What has to be said and sent after a batch was read.
  private var results: [SweepResult] = []
  private var cookies: [(UInt32, IPAddress, [UInt8])] = []
  /// Targets that were sent a cookie's answer already.
  private var followed: Set<UInt32> = []

  /// Cookies are followed for this many targets at once; others count as answered by their cookie.
  private static let cookieLimit = 65_536
  /// Batches of answers that are read before requests are sent again.
  private static let batchesAtOnce = 64

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
      start: Instant(nanoseconds: MonotonicClock.now()))
    summary.targets = targets.count
  }

  /// Asks until all have answered or been asked often enough, or `isInterrupted` says to stop.
  package mutating func run(
    isInterrupted: () -> Bool, _ body: (SweepResult) -> Void
  ) throws(SocketError) -> SweepSummary {
    let start = MonotonicClock.now()
    while true {
      let next = send()
      try receive()
      for result in results { body(result) }
      results.removeAll(keepingCapacity: true)
      summary.isInterrupted = isInterrupted()
      guard let next, !plan.allHaveAnswered, !summary.isInterrupted else { break }
      try wait(until: next)
    }
    summary.requests = plan.asked
    summary.duration = .nanoseconds(MonotonicClock.now() - start)
    return summary
  }

  /// Sends what is due; when to come again, nil at the end.
  private mutating func send() -> Instant? {
    let now = Instant(nanoseconds: MonotonicClock.now())
    var next: Instant? = now
    var datagram: [UInt8] = []
    batch.removeAll()
    followCookies()
    while batch.waiting < UDPSocket.batchSize {
      switch plan.step(at: now) {
      case .ask(let number):
        guard let address = targets[number] else { continue }
        question.write(for: number, address, to: &datagram)
        _ = batch.append(datagram.rawBytes, to: Endpoint(address, options.port))
        continue
      case .wait(let until): next = until
      case .done: next = nil
      }
      break
    }
    flush()
    return next
  }

  private mutating func followCookies() {
    for (number, address, cookie) in cookies.prefix(UDPSocket.batchSize) {
      let datagram = question.datagram(for: number, address, cookie: cookie)
      _ = batch.append(datagram.rawBytes, to: Endpoint(address, options.port))
    }
    cookies.removeFirst(min(cookies.count, UDPSocket.batchSize))
  }

  private mutating func flush() {
    guard batch.waiting > 0 else { return }
    var failures: [(Endpoint, SocketError)] = []
    _ = socket.sendBatch(&batch) { failures.append(($0, $1)) }
    for (end, error) in failures {
      results.append(
        SweepResult(address: end.address, outcome: .unsent(error), roundTrip: nil))
      summary.unsent += 1
    }
  }

  private mutating func receive() throws(SocketError) {
    var datagrams: [(IPAddress, [UInt8])] = []
    let port = options.port
    // A flood must not keep requests from going out.
    for _ in 0..<Self.batchesAtOnce {
      datagrams.removeAll(keepingCapacity: true)
      var strays: UInt64 = 0
      let count = try socket.receiveBatch { datagram in
        guard datagram.source.port == port else {
          strays += 1
          return
        }
        var reader = ByteReader(datagram.bytes)
        datagrams.append((datagram.source.address, reader.rest()))
      }
      let now = Instant(nanoseconds: MonotonicClock.now())
      summary.strays += strays
      for (address, bytes) in datagrams { take(bytes, from: address, at: now) }
      if count < UDPSocket.batchSize { break }
    }
    let now = Instant(nanoseconds: MonotonicClock.now())
    while let report = socket.receiveError() { take(report, at: now) }
  }

  private mutating func take(_ bytes: [UInt8], from address: IPAddress, at now: Instant) {
    guard let (number, answer) = question.target(of: bytes, from: address) else {
      summary.strays += 1
      return
    }
    if case .cookie(let cookie) = answer.meaning, !plan.isAnswered(number),
      followed.count < Self.cookieLimit, followed.insert(number).inserted
    {
      cookies.append((number, address, cookie))
      return
    }
    guard let roundTrip = plan.answer(from: number, at: now) else { return }
    summary.answered += 1
    results.append(
      SweepResult(address: address, outcome: .answered(answer), roundTrip: roundTrip))
  }

  private mutating func take(_ report: SocketErrorReport, at now: Instant) {
    let address = report.destination.address
    guard report.origin != .local,
      let number = question.target(ofQuoted: report.quoted, to: address),
      let roundTrip = plan.answer(from: number, at: now)
    else { return }
    summary.refused += 1
    results.append(
      SweepResult(address: address, outcome: .refused(report), roundTrip: roundTrip))
  }

  private mutating func wait(until moment: Instant) throws(SocketError) {
    guard cookies.isEmpty else { return }
    _ = try poll.wait(until: moment.nanoseconds)
  }
}
