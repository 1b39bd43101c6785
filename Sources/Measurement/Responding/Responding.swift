internal import ESP
package import IKE
package import PacketDissector

/// The other end of all checks: IKE SAs for whoever proves that it may, echoes answered through their Child
/// SAs and without, and faults on purpose. Neither a gateway nor a route: nothing of what comes goes further.
///
/// Driven as ``IKE/IKEResponder`` is, with one more output, ``nextPacket()``. Endpoints with port 0 are those
/// of ESP without UDP. All that peers can make it keep is bounded, and no answer is longer than its request.
package final class Responding: IKEMachine {
  /// What a peer has made by proving itself.
  struct Peer {
    let table: ChildSATable
    var echoes: EchoResponder
    var limit: RateLimit
    var remote: Endpoint?
    var identity: Identity?
    var answers = AnswerCounters()
    /// When it was last sent anything.
    var lastAnswer: Instant?
    /// Octets of the largest IP packet that passes on the way to it, as far as that is known.
    var pathMTU: Int?
  }

  package let options: RespondingOptions
  let responder: IKEResponder
  var peers: [Int: Peer] = [:]
  /// Whose each inbound SPI is.
  var sessionsBySPI: [UInt32: Int] = [:]
  package internal(set) var unanswered = UnansweredCounters()
  /// Of peers that are gone, and without an SA.
  var pastAnswers = AnswerCounters()
  var plainEchoes: EchoResponder
  var limit: RateLimit
  private var strangersEvents = RateLimit(perSecond: 10)
  private var outgoing: OutgoingQueue
  private var events: [RespondingEvent] = []
  private var silence: SilenceWatch?
  private var silentFrom: Instant?
  private var checks = 0

  package init(
    _ configuration: PeerConfiguration, _ options: RespondingOptions = RespondingOptions(),
    random: RandomSource
  ) {
    var random = random
    self.options = options
    responder = IKEResponder(configuration, policy: options.policy, random: random.split())
    plainEchoes = EchoResponder(repliesPerSecond: options.plainAnswers)
    limit = RateLimit(perSecond: options.answersInAll)
    outgoing = OutgoingQueue(options.misbehaviour, random: random.split())
  }

  package var responderCounters: ResponderCounters { responder.counters }
  package var isSilent: Bool { silence != nil }
  /// The IKE SAs that stand.
  package var peerCount: Int { peers.count }

  package var halfOpenCount: Int { responder.halfOpenCount }
  /// The inbound SPIs of all Child SAs.
  package var knownSPIs: [UInt32] { sessionsBySPI.keys.sorted() }

  /// Echoes that were answered since the start.
  package var answers: AnswerCounters {
    peers.values.reduce(into: pastAnswers) { $0.add($1.answers) }
  }

  package var deadline: Instant? {
    let engine = silence == nil ? responder.deadline : silence?.deadline
    return [engine, outgoing.deadline, silence == nil ? silentFrom : nil].compactMap(\.self).min()
  }

  package func hasMarker(from remote: Endpoint, to local: Endpoint) -> Bool {
    responder.hasMarker(from: remote, to: local)
  }

  /// Takes a datagram, of IKE or ESP.
  package func handle(
    _ datagram: [UInt8], from remote: Endpoint, to local: Endpoint, at now: Instant
  ) {
    guard !outgoing.loses() else {
      unanswered.lost += 1
      return
    }
    if isESP(datagram, from: remote, to: local) {
      if silence == nil { handleESP(datagram, from: remote, to: local, at: now) }
      return
    }
    let header = header(of: datagram, from: remote, to: local)
    if options.misbehaviour.dropsFragments, header?.startsFragment == true {
      unanswered.fragments += 1
      return
    }
    if silence != nil { return watch(header, from: remote, at: now) }
    responder.handle(datagram, from: remote, to: local, at: now)
    collect(from: remote, at: now)
    guard let session = header.flatMap({ responder.number(of: $0) }) else { return }
    peers[session]?.lastAnswer = now
    noteChecks(session, at: now)
  }

  package func handleTimeout(at now: Instant) {
    if let silentFrom, silentFrom <= now { fallSilent(at: now) }
    if silence == nil {
      responder.handleTimeout(at: now)
      collect(from: nil, at: now)
    }
    for (session, detection) in silence?.takeOverdue(at: now) ?? [] {
      events.append(.detected(peer(session), detection))
    }
    outgoing.release(at: now)
  }

  package func nextStep() -> MachineStep<RespondingEvent>? {
    if !events.isEmpty { return .event(events.removeFirst()) }
    guard let message = outgoing.nextMessage() else { return nil }
    return .send(message.bytes, from: message.local, to: message.remote)
  }

  /// The next ESP packet to send. How large one with DF may be is told by ``note(pathMTU:to:)``.
  package func nextPacket() -> OutgoingDatagram? { outgoing.nextPacket() }

  /// Tells how large an IP packet may be on the way to an address: echoes are shortened to that.
  package func note(pathMTU bytes: Int, to remote: IPAddress) {
    for (session, peer) in peers where peer.remote?.address == remote {
      peers[session]?.pathMTU = min(bytes, peer.pathMTU ?? bytes)
    }
  }

  /// Deletes every SA at its peer.
  package func close(at now: Instant) {
    silence = nil
    silentFrom = nil
    for session in peers.keys.sorted() { responder.with(session) { $0.close(at: now) } }
    collect(from: nil, at: now)
  }

  // MARK: IKE

  /// Takes what the engine wants sent, and what happened.
  private func collect(from remote: Endpoint?, at now: Instant) {
    while let output = responder.nextOutput() {
      switch output {
      case .send(let bytes, let local, let remote):
        outgoing.append(.message, OutgoingDatagram(bytes, from: local, to: remote), at: now)
      case .event(let event, let session): note(event, session, remote, at: now)
      }
    }
  }

  private func note(
    _ event: SessionEvent, _ session: Int, _ remote: Endpoint?, at now: Instant
  ) {
    if case .established(let sa) = event { welcome(session, sa, remote, at: now) }
    guard let known = peers[session] else { return noteStranger(event, session, remote, at: now) }
    known.table.note(event)
    for child in known.table.children { sessionsBySPI[child.inboundSPI] = session }
    if case .childDeleted(let child, _) = event { sessionsBySPI[child.inboundSPI] = nil }
    events.append(.session(event, peer(session)))
    switch event {
    case .deleted, .failed: forget(session)
    default: break
    }
  }

  /// Of those who have proved nothing only their failures are told, and few of them.
  private func noteStranger(
    _ event: SessionEvent, _ session: Int, _ remote: Endpoint?, at now: Instant
  ) {
    guard case .failed = event else { return }
    guard strangersEvents.allows(at: now) else {
      unanswered.untold += 1
      return
    }
    events.append(.session(event, RespondingPeer(session: session, remote: remote)))
  }

  private func welcome(
    _ session: Int, _ sa: EstablishedSA, _ remote: Endpoint?, at now: Instant
  ) {
    peers[session] = Peer(
      table: ChildSATable(replayWindow: options.replayWindow),
      echoes: EchoResponder(repliesPerSecond: options.answersPerPeer),
      limit: RateLimit(perSecond: options.answersPerPeer), remote: remote,
      identity: sa.peerIdentity)
    if silentFrom == nil, silence == nil, case .after(let span) = options.misbehaviour.silence {
      silentFrom = now + span
    }
  }

  private func forget(_ session: Int) {
    guard let peer = peers.removeValue(forKey: session) else { return }
    pastAnswers.add(peer.answers)
    sessionsBySPI = sessionsBySPI.filter { $0.value != session }
  }

  func peer(_ session: Int) -> RespondingPeer {
    guard let peer = peers[session] else { return RespondingPeer(session: session) }
    return RespondingPeer(
      session: session, remote: peer.remote, identity: peer.identity, answers: peer.answers,
      packets: peer.table.counters)
  }

  private func noteChecks(_ session: Int, at now: Instant) {
    guard let answered = responder.counters(of: session)?.answeredChecks,
      let known = peers[session],
      answered > known.answers.checks
    else { return }
    checks += answered - known.answers.checks
    peers[session]?.answers.checks = answered
    if case .checks(let limit) = options.misbehaviour.silence, checks >= limit {
      fallSilent(at: now)
    }
  }

  // MARK: Silence

  /// Falls silent, or answers again.
  package func setSilent(_ isSilent: Bool, at now: Instant) {
    if isSilent { return fallSilent(at: now) }
    guard silence != nil else { return }
    silence = nil
    events.append(.spokeAgain)
  }

  private func fallSilent(at now: Instant) {
    silentFrom = nil
    guard silence == nil else { return }
    silence = SilenceWatch(since: now)
    events.append(.fellSilent)
  }

  private func watch(_ header: IKEHeader?, from remote: Endpoint, at now: Instant) {
    guard let header, !header.isResponse else { return }
    if header.exchangeType == ExchangeType.ikeSAInit.rawValue {
      for (session, peer) in peers where peer.remote?.address == remote.address {
        guard let detection = silence?.noteNewInit(of: session, at: now) else { continue }
        events.append(.detected(self.peer(session), detection))
      }
    } else if let session = responder.number(of: header), let known = peers[session],
      let transmission = silence?.note(
        messageID: header.messageID, of: session, lastAnswer: known.lastAnswer, at: now)
    {
      events.append(
        .unanswered(
          peer(session), exchange: ExchangeType(rawValue: header.exchangeType),
          transmission: transmission.number, gap: transmission.gap))
    }
  }

  // MARK: Sorting

  private func isESP(_ datagram: [UInt8], from remote: Endpoint, to local: Endpoint) -> Bool {
    if local.port == 0 { return true }
    return hasMarker(from: remote, to: local) && NonESPMarker.isMissing(in: datagram)
  }

  private func header(
    of datagram: [UInt8], from remote: Endpoint, to local: Endpoint
  ) -> IKEHeader? {
    let message =
      hasMarker(from: remote, to: local) ? NonESPMarker.removed(from: datagram) : datagram
    guard let message else { return nil }
    var reader = ByteReader(message.rawBytes)
    return try? IKEHeader(from: &reader)
  }

  func send(_ packet: OutgoingDatagram, at now: Instant) {
    outgoing.append(.packet, packet, at: now)
  }
}

extension IKEHeader {
  /// Whether the message is an encrypted fragment (RFC 7383).
  fileprivate var startsFragment: Bool { nextPayload == PayloadType.encryptedFragment.rawValue }
}

extension AnswerCounters {
  fileprivate mutating func add(_ other: AnswerCounters) {
    inner += other.inner
    encrypted += other.encrypted
    oneWay += other.oneWay
    plain += other.plain
    checks += other.checks
  }
}
