package import Host
internal import IKE
internal import IPsecCrypto
internal import PacketDissector

/// Probes one address: the ways to it, what answers there, and what the plan asks besides.
///
/// It waits for answers, and so keeps its thread; many addresses are probed by several at once, which share
/// a pacer.
package final class PeerProbe {
  let plan: ProbePlan
  let peer: ResolvedAddress
  let conversation: Conversation
  var result: AddressResult
  private let observer: ((ProbePacket) -> Void)?
  /// What findings need beside the result.
  var notes = ProbeNotes()
  /// The longest round trip so far.
  var slowest: Duration?

  /// `target` is what was asked for, a name or the address itself. `observer` sees every datagram of UDP, for
  /// a capture; `isStopped` says whether the user wants it to end, and is asked often.
  package init(
    _ target: String, _ peer: ResolvedAddress, _ plan: ProbePlan, pacer: PacketPacer,
    observer: ((ProbePacket) -> Void)? = nil, isStopped: @escaping () -> Bool = { false }
  ) {
    self.plan = plan
    self.peer = peer
    self.observer = observer
    conversation = Conversation(pacer: pacer, isStopped: isStopped)
    result = AddressResult(target: target, address: peer.address, started: .now)
  }

  /// Asks all that the plan wants asked.
  package func run() -> AddressResult {
    let started = Instant.now
    do throws(SocketError) {
      let door = try UDPDoor(to: peer, plan, observer: observer)
      result.own = door.local.address
      let carriers = plan.ways.map { way in
        way == .tcp4500 ? nil : UDPCarrier(door, way, to: end(way))
      }
      probe(over: carriers)
    } catch {
      for way in plan.ways where !result.ways.contains(where: { $0.way == way }) {
        result.ways.append(
          WayResult(way, .local(error.description), sent: 0, answered: 0, roundTrips: []))
      }
    }
    conclude(since: started)
    return result
  }

  /// One carrier for each of the plan's ways; where there is none, TCP is to be connected.
  func probe(over carriers: [(any IKECarrier)?]) {
    var answering: (any IKECarrier)?
    for carrier in carriers {
      guard let carrier = carrier ?? connect() else { continue }
      if introduce(over: carrier) { answering = answering ?? carrier }
    }
    if let answering { askMore(over: answering) }
    // Last, as main mode leaves a half-open SA that nothing ends.
    if plan.asksIKEv1, let carrier = carriers.compactMap({ $0 }).first(where: { !isRefused($0) }) {
      askIKEv1(over: carrier)
    }
  }

  /// Nobody listens there, or a router says that nothing gets there.
  private func isRefused(_ carrier: any IKECarrier) -> Bool {
    guard let way = result.ways.first(where: { $0.way == carrier.way }) else { return false }
    switch way.outcome {
    case .refused, .local: return true
    case .answered, .silent, .notIKE: return false
    }
  }

  func conclude(since started: Instant) {
    let daemon = DaemonFingerprint(result).guess
    result.peer?.daemon = daemon
    result.traffic = conversation.traffic
    result.traffic.duration = Instant.now - started
    result.findings = ProbeFindings(result, notes, plan).all
  }

  private func askMore(over carrier: any IKECarrier) {
    if plan.enumerates { result.enumeration = enumerate(over: carrier) }
    for question in plan.questions { result.answers.append(answer(question, over: carrier)) }
    findNearest(over: carrier)
    if plan.asksPostQuantum { askPostQuantum(over: carrier) }
  }

  func end(_ way: ProbeWay) -> Endpoint {
    Endpoint(peer.address, way == .udp500 ? plan.ikePort : plan.natPort)
  }

  /// For a question that may meet silence.
  var policy: RetransmissionPolicy {
    RetransmissionPolicy(
      firstWait: plan.timeout, factor: 2, transmissions: plan.transmissions)
  }

  /// For one of many questions to a peer that answers: sent again soon, and often.
  var eagerPolicy: RetransmissionPolicy {
    let usual = (slowest ?? plan.timeout) * 3 + .milliseconds(100)
    return RetransmissionPolicy(
      firstWait: min(plan.timeout, max(.milliseconds(150), usual)), factor: 1.5,
      transmissions: max(plan.transmissions, 5))
  }
}

/// What a probe saw that findings need and no result holds.
struct ProbeNotes {
  /// The refusals of the broad proposals, as many as were offered.
  var refusedProposals: [Proposal] = []
  var cookieRounds = 0
  /// The peer answered cookie with cookie, or method with method, until the limit.
  var isCookieLoop = false
  var methodsWanted: [KeyExchangeMethod] = []
  var isMethodLoop = false
  var malformed: (way: ProbeWay, reason: DissectionError?)?
  var otherVersion: UInt8?
}
