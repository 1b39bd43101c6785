package import PacketDissector

/// The front door of a host that answers IKE: it sorts datagrams by session, begins sessions for those
/// who ask, and keeps nothing of those who may have forged their address while there are many.
///
/// Driven as ``IKESession`` is. Before return routability, an answer has at most 1.5 times the octets of
/// its request, and errors have fewer.
package final class IKEResponder {
  package enum Output: Sendable {
    case send([UInt8], from: Endpoint, to: Endpoint)
    /// Something happened to the session of this number.
    case event(SessionEvent, session: Int)
  }

  private struct Entry {
    let session: IKESession
    let key: RequestKey
    /// The IKE_SA_INIT response, which the request gets again when it comes again.
    let response: [UInt8]
    var localSPIs: [UInt64]
  }

  /// An IKE_SA_INIT request, by which it is known when it comes again (RFC 7296, section 2.1).
  private struct RequestKey: Hashable {
    let remote: Endpoint
    let bytes: [UInt8]
  }

  package let configuration: PeerConfiguration
  package let policy: ResponderPolicy
  package private(set) var counters = ResponderCounters()
  private var random: RandomSource
  private var cookies: CookieSecret?
  private var errors: RateLimit
  private var entries: [Int: Entry] = [:]
  private var bySPI: [UInt64: Int] = [:]
  private var byRequest: [RequestKey: Int] = [:]
  /// Those whose initiator has proved nothing, or not what it should, oldest first.
  private var halfOpen: [Int] = []
  private var deadlines = DeadlineQueue()
  private var nextNumber = 1
  private var outputs = OutputQueue<Output>()

  package init(
    _ configuration: PeerConfiguration, policy: ResponderPolicy = ResponderPolicy(),
    random: RandomSource
  ) {
    self.configuration = configuration
    self.policy = policy
    self.random = random
    errors = RateLimit(perSecond: policy.errorsPerSecond)
  }

  package var halfOpenCount: Int { halfOpen.count }

  /// All sessions, with those that have ended and only repeat their last answer.
  var heldCount: Int { entries.count }

  package var deadline: Instant? { deadlines.next() }

  package func nextOutput() -> Output? { outputs.next() }

  /// The sessions that have not ended, by number.
  package var sessions: [Int: IKESession] {
    entries.mapValues(\.session).filter { !$0.value.hasEnded }
  }

  /// The session that a message is for, by the SPI of this side's in it.
  package func number(of header: IKEHeader) -> Int? {
    bySPI[header.isFromInitiator ? header.responderSPI : header.initiatorSPI]
  }

  /// What a session saw; nil for one that is gone.
  package func counters(of number: Int) -> SessionCounters? { entries[number]?.session.counters }

  /// Has a session do something: its commands are called in here, so that what they send is not missed.
  package func with(_ number: Int, _ command: (IKESession) -> Void) {
    guard let entry = entries[number] else { return }
    command(entry.session)
    collect(number)
  }

  package func handleTimeout(at now: Instant) {
    while let number = deadlines.popDue(at: now) {
      entries[number]?.session.handleTimeout(at: now)
      collect(number)
    }
  }

  /// Takes a datagram that came from `remote` to `local`.
  package func handle(
    _ datagram: [UInt8], from remote: Endpoint, to local: Endpoint, at now: Instant
  ) {
    let path = IKEPath(local: local, remote: remote)
    guard let bytes = unwrapped(datagram, path), let header = header(of: bytes) else {
      counters.notIKE += 1
      return
    }
    if let number = number(of: header) {
      entries[number]?.session.handle(datagram, from: remote, to: local, at: now)
      return collect(number)
    }
    guard !header.isResponse else {
      counters.unknownSPIs += 1
      return
    }
    if header.majorVersion != 2 {
      counters.otherVersions += 1
      return refuse(header, bytes, NotifyPayload(.invalidMajorVersion), along: path, at: now)
    }
    if header.isInitRequest { return handleInit(bytes, along: path, at: now) }
    counters.unknownSPIs += 1
    refuse(header, bytes, NotifyPayload(.invalidIKESPI), along: path, at: now)
  }

  private func unwrapped(_ datagram: [UInt8], _ path: IKEPath) -> [UInt8]? {
    guard configuration.transport == .datagrams, path.hasMarker(configuration.ports) else {
      return datagram
    }
    return NonESPMarker.removed(from: datagram)
  }

  private func header(of bytes: [UInt8]) -> IKEHeader? {
    var reader = ByteReader(bytes.rawBytes)
    guard let header = try? IKEHeader(from: &reader), Int(header.length) == bytes.count else {
      return nil
    }
    return header
  }
}

// MARK: - IKE_SA_INIT

extension IKEResponder {
  private func handleInit(_ bytes: [UInt8], along path: IKEPath, at now: Instant) {
    let key = RequestKey(remote: path.remote, bytes: bytes)
    if let number = byRequest[key], let entry = entries[number] {
      counters.repeatedInits += 1
      return send(entry.response, along: path)
    }
    var reader = ByteReader(bytes.rawBytes)
    guard bytes.count <= Self.initLimit, let message = try? IKEMessage(from: &reader),
      message.stop == nil
    else {
      counters.notIKE += 1
      return
    }
    if let critical = message.payloads.unsupportedCritical {
      let notify = NotifyPayload(.unsupportedCriticalPayload, .payloadType(critical))
      return refuse(message.header, bytes, notify, along: path, at: now)
    }
    let isProved = hasOwnCookie(message, path, at: now)
    if !isProved, demandsCookies { return sendCookie(for: message, bytes, along: path, at: now) }
    begin(message, key, isProved: isProved, along: path, at: now)
  }

  /// Octets of an IKE_SA_INIT request, which is kept as long as its session: well above those that offer
  /// everything.
  static let initLimit = 8192

  private func begin(
    _ message: IKEMessage, _ key: RequestKey, isProved: Bool, along path: IKEPath,
    at now: Instant
  ) {
    guard entries.count < policy.sessionLimit else {
      counters.crowdedOut += 1
      return
    }
    let session = IKESession(answering: path, configuration, random: random.split())
    do throws(InitRefusal) {
      let response = try session.accept(
        message, bytes: key.bytes, lifetime: policy.halfOpenLifetime, at: now)
      guard isProved || 2 * response.count <= 3 * key.bytes.count else {
        return sendCookie(for: message, key.bytes, along: path, at: now)
      }
      add(Entry(session: session, key: key, response: response, localSPIs: []))
      send(response, along: path)
    } catch {
      counters.refusals += 1
      refuse(message.header, key.bytes, error.notify, along: path, at: now)
    }
  }

  private var demandsCookies: Bool {
    policy.cookieThreshold.map { halfOpenCount >= $0 } ?? false
  }

  private func hasOwnCookie(_ message: IKEMessage, _ path: IKEPath, at now: Instant) -> Bool {
    guard let notify = message.payloads.notify(.cookie), let nonce = message.payloads.nonce,
      var cookies
    else { return false }
    let isOwn = try? cookies.accepts(
      notify.data, nonce: nonce, initiatorSPI: message.header.initiatorSPI,
      address: path.remote.address, &random, at: now)
    self.cookies = cookies
    if isOwn != true { counters.wrongCookies += 1 }
    return isOwn == true
  }

  private func sendCookie(
    for message: IKEMessage, _ bytes: [UInt8], along path: IKEPath, at now: Instant
  ) {
    guard let nonce = message.payloads.nonce else { return }
    var cookies = cookies ?? CookieSecret(&random, at: now)
    let cookie = try? cookies.cookie(
      nonce: nonce, initiatorSPI: message.header.initiatorSPI, address: path.remote.address,
      &random, at: now)
    self.cookies = cookies
    guard let cookie else { return }
    let notify = NotifyPayload(.cookie, .data(cookie))
    let answer = unprotected(notify, answering: message.header)
    guard answer.count < bytes.count else { return }
    counters.cookiesSent += 1
    send(answer, along: path)
  }

  /// Answers without protection and without keeping anything: seldom, and with fewer octets than came.
  private func refuse(
    _ header: IKEHeader, _ bytes: [UInt8], _ notify: NotifyPayload, along path: IKEPath,
    at now: Instant
  ) {
    let answer = unprotected(notify, answering: header)
    guard answer.count < bytes.count, errors.allows(at: now) else { return }
    send(answer, along: path)
  }

  private func unprotected(
    _ notify: NotifyPayload, answering header: IKEHeader
  ) -> [UInt8] {
    // The flag of an initiator is that of whoever made the SA, which the sender says it did or did not.
    let answer = IKEHeader(
      initiatorSPI: header.initiatorSPI, responderSPI: header.responderSPI, nextPayload: 0,
      exchangeType: header.exchangeType, flags: header.isFromInitiator ? 0x20 : 0x28,
      messageID: header.messageID, length: 0)
    var writer = ByteWriter()
    IKEMessage(header: answer, payloads: [IKEPayload(.notify, .notify(notify))])
      .write(to: &writer)
    return writer.bytes
  }

  private func send(_ message: [UInt8], along path: IKEPath) {
    let hasMarker = configuration.transport == .datagrams && path.hasMarker(configuration.ports)
    let datagram = hasMarker ? NonESPMarker.added(to: message) : message
    outputs.append(.send(datagram, from: path.local, to: path.remote))
  }
}

// MARK: - The table of sessions

extension IKEResponder {
  private func add(_ entry: Entry) {
    let number = nextNumber
    nextNumber += 1
    entries[number] = entry
    byRequest[entry.key] = number
    halfOpen.append(number)
    displaceOldest()
    collect(number)
  }

  private func displaceOldest() {
    guard halfOpenCount > policy.halfOpenLimit, let oldest = halfOpen.first else { return }
    counters.displaced += 1
    remove(oldest)
  }

  /// Takes a session's outputs, and follows what became of it.
  private func collect(_ number: Int) {
    guard var entry = entries[number] else { return }
    while let output = entry.session.nextOutput() {
      switch output {
      case .send(let bytes, let from, let to): outputs.append(.send(bytes, from: from, to: to))
      case .event(let event): outputs.append(.event(event, session: number))
      }
    }
    let deadline = entry.session.deadline
    if entry.session.hasEnded, deadline == nil { return remove(number) }
    deadlines.set(deadline, for: number)
    let spis = entry.session.securityAssociations.map(\.localSPI)
    if spis != entry.localSPIs {
      for spi in entry.localSPIs where !spis.contains(spi) { bySPI[spi] = nil }
      for spi in spis { bySPI[spi] = number }
      entry.localSPIs = spis
      entries[number] = entry
    }
    if entry.session.hasProvedPeer { leaveHalfOpen(number) }
  }

  private func leaveHalfOpen(_ number: Int) {
    guard let index = halfOpen.firstIndex(of: number) else { return }
    halfOpen.remove(at: index)
  }

  private func remove(_ number: Int) {
    guard let entry = entries.removeValue(forKey: number) else { return }
    for spi in entry.localSPIs { bySPI[spi] = nil }
    byRequest[entry.key] = nil
    deadlines.set(nil, for: number)
    leaveHalfOpen(number)
  }
}

extension IKEHeader {
  fileprivate var isInitRequest: Bool {
    exchangeType == ExchangeType.ikeSAInit.rawValue && isFromInitiator && messageID == 0
      && initiatorSPI != 0 && responderSPI == 0
  }
}
