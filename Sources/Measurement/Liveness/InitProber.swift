package import Host
package import IKE
internal import IPsecCrypto
package import PacketDissector

/// Asks by IKE_SA_INIT, one transmission a question, so that loss and round trips are those of single packets.
///
/// The key share is of a method that the peer does not take: it answers INVALID_KE_PAYLOAD or
/// NO_PROPOSAL_CHOSEN and keeps no half-open SA, however often it is asked.
package final class InitProber: LivenessProber {
  package let method = LivenessMethod.initRequest
  private let conversation: Conversation
  private let carriers: [UDPCarrier]
  private let policy: RetransmissionPolicy
  private let question: Conversation.Question
  /// The way that is asked: the first that has answered.
  private var current = 0
  private var hasAnswer = false
  private let isStopped: () -> Bool

  /// Of the plan: ways, ports, source, interface and timeout.
  package init(
    to peer: ResolvedAddress, _ plan: ProbePlan, isStopped: @escaping () -> Bool
  ) throws(SocketError) {
    let door = try UDPDoor(to: peer, plan, observer: nil)
    carriers = plan.ways.filter { $0 != .tcp4500 }.map { way in
      UDPCarrier(
        door, way,
        to: Endpoint(peer.address, way == .udp500 ? plan.ikePort : plan.natPort))
    }
    conversation = Conversation(pacer: PacketPacer(rate: plan.rate), isStopped: isStopped)
    policy = RetransmissionPolicy(firstWait: plan.timeout, factor: 1, transmissions: 1)
    let decoy = BroadProposals.common.decoy ?? .curve25519
    question = Conversation.Question(
      proposals: BroadProposals.common.adding(decoy), share: decoy)
    self.isStopped = isStopped
  }

  package var local: Endpoint { carriers[current].local }
  package var remote: Endpoint { carriers[current].remote }

  /// Until a way has answered, each question goes another way.
  package func beat() -> LivenessBeat.Answer? {
    let outcome = conversation.ask(question, over: carriers[current], policy)
    switch outcome.result {
    case .answered, .wantsShare:
      hasAnswer = true
      return LivenessBeat.Answer(
        .answered(roundTrip: outcome.roundTrip), sent: outcome.sent, answered: outcome.answered)
    case .stopped: return nil
    case .failed(let error):
      return LivenessBeat.Answer(.local(error.description), sent: 0, answered: 0)
    case .silent(let report):
      if !hasAnswer { current = (current + 1) % carriers.count }
      return LivenessBeat.Answer(
        report.map { .refused($0) } ?? .silent, sent: outcome.sent, answered: outcome.answered)
    }
  }

  package func rest(until moment: Instant) {
    var poll = SocketPoll()
    while !isStopped(), Instant.now < moment {
      guard (try? poll.wait(until: moment.nanoseconds)) != nil else { return }
    }
  }

  package func close() {}
}

extension LivenessBeat.Outcome {
  /// Who said it stands apart, so that a report can call them otherwise.
  static func refused(_ report: SocketErrorReport) -> LivenessBeat.Outcome {
    var anonymous = report
    anonymous.offender = nil
    return .refused(reason: "\(anonymous)", by: report.offender)
  }
}
