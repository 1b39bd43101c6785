internal import Host
internal import IKE
internal import IPsecCrypto
internal import PacketDissector

/// Asks one peer, one question after the other, and counts what went and what came.
final class Conversation {
  /// What one question came to.
  struct Outcome {
    enum Result {
      case answered(InitAnswer)
      /// INVALID_KE_PAYLOAD with a method that was offered.
      case wantsShare(KeyExchangeMethod)
      /// Silence through all transmissions; with what ICMP said, if anything.
      case silent(SocketErrorReport?)
      case failed(SocketError)
      /// Ctrl-C, or no packets left.
      case stopped
    }

    var result: Result
    var sent = 0
    var answered = 0
    /// From the last transmission to the answer.
    var roundTrip: Duration?
    var cookieRounds = 0
  }

  /// What to ask.
  struct Question {
    var proposals: [Proposal]
    var share: KeyExchangeMethod
    /// NAT detection and the announcements that make a responder tell what it can do.
    var announcesAll = false
    var asksAdditional = false
    /// Octets of a vendor ID that makes the request larger.
    var padding = 0
  }

  let pacer: PacketPacer
  let isStopped: () -> Bool
  private(set) var traffic = ProbeTraffic()
  /// Datagrams that may still be sent.
  var packetsLeft = Int.max
  /// SAs that the peer may still keep.
  private(set) var leftHalfOpen = 0
  /// One share of each method serves all questions.
  private var halves: [KeyExchangeMethod: KeyExchangeInitiator] = [:]
  private var random = RandomSource.system

  init(pacer: PacketPacer, isStopped: @escaping () -> Bool) {
    self.pacer = pacer
    self.isStopped = isStopped
  }

  /// This conversation's share of a method; nil where this build cannot make one.
  func half(_ method: KeyExchangeMethod) -> KeyExchangeInitiator? {
    if let half = halves[method] { return half }
    let half = try? KeyExchangeInitiator(method)
    halves[method] = half
    return half
  }

  func noteAnswer() { traffic.packetsReceived += 1 }
  func noteStray() { traffic.strays += 1 }

  /// Asks, and answers cookies. An SA that the peer accepts is made to be forgotten.
  func ask(
    _ question: Question, over carrier: any IKECarrier, _ policy: RetransmissionPolicy
  ) -> Outcome {
    guard let half = half(question.share) else { return Outcome(result: .stopped) }
    var exchange = InitExchange(request(question, half, carrier), policy: policy)
    var outcome = Outcome(result: .stopped)
    outcome.result = run(&exchange, over: carrier, &outcome)
    outcome.cookieRounds = exchange.cookieRounds
    traffic.retransmitted += exchange.retransmissions
    if case .silent = outcome.result { traffic.unanswered += 1 }
    if case .answered(let answer) = outcome.result,
      case .accepted(let proposal, let share, let nonce) = answer.meaning
    {
      let closing = HalfOpenClosing.request(
        exchange, half, accepted: proposal, share: share, nonce: nonce,
        responderSPI: answer.responderSPI)
      if closing.map({ close($0, exchange, over: carrier, policy) }) != true { leftHalfOpen += 1 }
    }
    return outcome
  }

  private func request(
    _ question: Question, _ half: KeyExchangeInitiator, _ carrier: any IKECarrier
  ) -> InitRequest {
    let spi = random.ikeSPI()
    var notifies: [NotifyPayload] = []
    if question.announcesAll {
      notifies =
        (try? InitRequest.capabilityNotifies(
          initiatorSPI: spi, source: carrier.local, destination: carrier.remote)) ?? []
    } else if question.asksAdditional {
      notifies = [NotifyPayload(.intermediateExchangeSupported)]
    }
    return InitRequest(
      initiatorSPI: spi, proposals: question.proposals,
      keyExchange: KeyExchangePayload(method: half.method, data: half.data),
      nonce: random.bytes(32), notifies: notifies,
      vendorIDs: question.padding > 0 ? [Array(repeating: 0, count: question.padding)] : [])
  }

  private func run(
    _ exchange: inout InitExchange, over carrier: any IKECarrier, _ outcome: inout Outcome
  ) -> Outcome.Result {
    var error: SocketErrorReport?
    do throws(SocketError) {
      // Waits count from when a datagram leaves, and not from when it is made.
      guard try awaitSlot() else { return .stopped }
      var next: [UInt8]? = exchange.start(at: Instant.now)
      var sentAt = Instant.now
      while true {
        if let bytes = next {
          sentAt = Instant.now
          try transmit(bytes, over: carrier)
          outcome.sent += 1
          next = nil
        }
        guard let deadline = exchange.deadline else { return .silent(error) }
        var isOver = false
        switch try carrier.receive(until: deadline) {
        case .message(let bytes):
          let now = Instant.now
          switch exchange.handle(bytes, at: now) {
          case .ignored:
            traffic.strays += 1
            isOver = now >= deadline
          case .send(let again):
            count(&outcome, since: sentAt, now)
            guard try awaitSlot() else { return .stopped }
            next = again
          case .wantsShare(let method):
            count(&outcome, since: sentAt, now)
            return .wantsShare(method)
          case .done(let answer):
            count(&outcome, since: sentAt, now)
            return .answered(answer.held(against: exchange.request))
          }
        case .stray:
          traffic.strays += 1
          // Who floods this port must not keep the clock from being looked at.
          isOver = Instant.now >= deadline
        case .error(let report):
          error = error ?? report
          isOver = Instant.now >= deadline
          // The peer itself says that nobody listens.
          if report.offender == carrier.remote.address { return .silent(report) }
        case .closed: return .silent(nil)
        case .deadline: isOver = true
        case .interrupted: if isStopped() { return .stopped }
        }
        if isOver {
          guard try awaitSlot() else { return .stopped }
          next = exchange.handleTimeout(at: Instant.now)
        }
      }
    } catch {
      return .failed(error)
    }
  }

  private func count(_ outcome: inout Outcome, since sent: Instant, _ now: Instant) {
    traffic.packetsReceived += 1
    outcome.answered += 1
    outcome.roundTrip = now - sent
  }

  /// Sends when the rate allows it; false when no more may be sent.
  func send(_ message: [UInt8], over carrier: any IKECarrier) throws(SocketError) -> Bool {
    guard try awaitSlot() else { return false }
    try transmit(message, over: carrier)
    return true
  }

  /// Waits until the rate lets the next datagram leave; false when no more may be sent.
  private func awaitSlot() throws(SocketError) -> Bool {
    guard packetsLeft > 0, !isStopped() else { return false }
    let slot = pacer.slot(from: Instant.now)
    var poll = SocketPoll()
    while Instant.now < slot {
      if try poll.wait(until: slot.nanoseconds) == .interrupted, isStopped() { return false }
    }
    return true
  }

  private func transmit(
    _ message: [UInt8], over carrier: any IKECarrier
  ) throws(SocketError) {
    packetsLeft -= 1
    traffic.packetsSent += 1
    let marker = carrier.way == .udp4500 ? NonESPMarker.byteCount : 0
    traffic.largestRequest = max(traffic.largestRequest, message.count + marker)
    try carrier.send(message)
  }

  /// Whether the responder answered that it could not authenticate this. The second transmission, if the
  /// first was answered and the answer lost, stays without one.
  private func close(
    _ message: [UInt8], _ exchange: InitExchange, over carrier: any IKECarrier,
    _ policy: RetransmissionPolicy
  ) -> Bool {
    for _ in 0..<2 {
      guard (try? send(message, over: carrier)) == true else { return false }
      let limit = Instant.now + policy.firstWait
      waiting: while let event = try? carrier.receive(until: limit) {
        switch event {
        case .message(let bytes) where Self.isResponse(bytes, to: exchange):
          traffic.packetsReceived += 1
          return true
        case .message, .stray: traffic.strays += 1
        case .error: break
        case .closed: return true
        case .deadline: break waiting
        case .interrupted: if isStopped() { return false }
        }
        if Instant.now >= limit { break }
      }
    }
    return false
  }

  /// To the second request of the exchange's SA, by its header alone.
  private static func isResponse(_ bytes: [UInt8], to exchange: InitExchange) -> Bool {
    var reader = ByteReader(bytes.rawBytes)
    guard let header = try? IKEHeader(from: &reader) else { return false }
    return header.initiatorSPI == exchange.request.initiatorSPI && header.isResponse
      && header.messageID == 1
  }
}
