package import Host
internal import IKE
internal import IPsecCrypto
package import PacketDissector

/// Finds how long a NAT keeps a mapping: many ports at the same time, each silent for another while, so that it
/// all takes as long as the longest silence.
///
/// Before and after its silence a port asks by IKE_SA_INIT as what the peer sees it. Another port than before is
/// a new mapping. The SA that the peer accepts is made to be forgotten.
package final class MappingSearch {
  /// What RFC 3948, section 4, has for its keepalives.
  package static let keepaliveInterval = Duration.seconds(20)
  /// Silences that are tried.
  static let trialCount = 16

  private let peer: ResolvedAddress
  private let plan: ProbePlan
  private let limit: Duration
  private let outside: IPAddress?
  private let isStopped: () -> Bool
  private let conversation: Conversation
  private var share = KeyExchangeMethod.curve25519
  private var proposals = BroadProposals.common

  private struct Port {
    let carrier: UDPCarrier
    let idle: Duration
    let hasKeepalives: Bool
    let before: UInt16
    /// When it fell silent.
    let since: Instant
    var nextKeepalive: Instant
    var after: UInt16?
  }

  /// `limit` is the longest silence; `outside` the NAT's address towards the peer.
  package init(
    to peer: ResolvedAddress, _ plan: ProbePlan, limit: Duration, outside: IPAddress?,
    isStopped: @escaping () -> Bool
  ) {
    self.peer = peer
    self.plan = plan
    self.limit = limit
    self.outside = outside
    self.isStopped = isStopped
    conversation = Conversation(pacer: PacketPacer(rate: plan.rate), isStopped: isStopped)
  }

  /// In equal ratios up to the limit, from an eighth of it, or from 10 s.
  static func silences(upTo limit: Duration) -> [Duration] {
    let first = min(.seconds(10), limit / 8)
    var factor = 1.0
    // The root by halving: no need of a library for one number.
    var (low, high) = (1.0, 64.0)
    for _ in 0..<60 {
      factor = (low + high) / 2
      var power = 1.0
      for _ in 1..<trialCount { power *= factor }
      if power < limit / first { low = factor } else { high = factor }
    }
    var silences: [Duration] = []
    var silence = first
    for _ in 1..<trialCount {
      silences.append(silence)
      silence = silence * factor
    }
    return silences + [limit]
  }

  /// `progress` is told how long it still takes.
  package func run(
    _ target: String, _ progress: (Duration) -> Void
  ) throws(SocketError) -> MappingResult {
    let started = Instant.now
    let way = plan.ways.contains(.udp4500) ? ProbeWay.udp4500 : .udp500
    let port = way == .udp4500 ? plan.natPort : plan.ikePort
    var result = MappingResult(
      target: target, remote: Endpoint(peer.address, port),
      local: plan.source ?? .any(isIPv6: peer.address.isIPv6), outside: outside, started: .now,
      limit: limit)
    var ports: [Port] = []
    let silences = Self.silences(upTo: limit)
    for (index, idle) in (silences + [limit]).enumerated() where !isStopped() {
      let carrier = UDPCarrier(
        try UDPDoor(to: peer, plan, observer: nil), way, to: result.remote)
      result.local = carrier.local.address
      switch sight(over: carrier, likely: []) {
      case .failure(let why)?: result.obstacle = result.obstacle ?? .unanswered(why)
      case .sight(.unchanged)?: result.obstacle = .noNAT
      case .sight(.elsewhere)?: result.obstacle = .unknownOutside
      case .sight(.untold)?: result.obstacle = .untold
      case .sight(.port(let before))?:
        let now = Instant.now
        ports.append(
          Port(
            carrier: carrier, idle: idle, hasKeepalives: index == silences.count, before: before,
            since: now, nextKeepalive: now + Self.keepaliveInterval))
      case nil: break
      }
      if ports.isEmpty, result.obstacle != nil { break }
    }
    if !ports.isEmpty { result.obstacle = nil }
    waitOut(&ports, progress)
    result.trials = ports.map { port in
      MappingResult.Trial(
        idle: port.idle, hasKeepalives: port.hasKeepalives,
        localPort: port.carrier.local.port, before: port.before, after: port.after)
    }
    result.isInterrupted = isStopped()
    result.duration = Instant.now - started
    return result
  }

  /// Asks each port again when its silence is over.
  private func waitOut(_ ports: inout [Port], _ progress: (Duration) -> Void) {
    var open = Set(ports.indices)
    var poll = SocketPoll()
    while !open.isEmpty, !isStopped() {
      let now = Instant.now
      for index in open.sorted() {
        let port = ports[index]
        if port.since + port.idle <= now {
          open.remove(index)
          if case .sight(.port(let after))? = sight(over: port.carrier, likely: [port.before]) {
            ports[index].after = after
          }
        } else if port.hasKeepalives, port.nextKeepalive <= now {
          try? port.carrier.sendKeepalive()
          ports[index].nextKeepalive = now + Self.keepaliveInterval
        }
      }
      let dues = open.map { index in
        let port = ports[index]
        let end = port.since + port.idle
        return port.hasKeepalives ? min(end, port.nextKeepalive) : end
      }
      guard let due = dues.min(), let end = open.map({ ports[$0].since + ports[$0].idle }).max()
      else { return }
      progress(end - Instant.now)
      let next = min(due, Instant.now + .seconds(1))
      guard (try? poll.wait(until: next.nanoseconds)) != nil else { return }
    }
  }

  private enum Answer {
    case sight(MappedPort.Sight)
    case failure(String)
  }

  /// As what the peer sees this port; nil where the user wants it to end.
  private func sight(over carrier: UDPCarrier, likely: [UInt16]) -> Answer? {
    for _ in 0...InitExchange.retryLimit {
      let outcome = conversation.ask(
        Conversation.Question(proposals: proposals, share: share, announcesAll: true),
        over: carrier,
        RetransmissionPolicy(firstWait: plan.timeout, factor: 1.5, transmissions: 3))
      switch outcome.result {
      case .stopped: return nil
      case .failed(let error): return .failure(error.description)
      case .silent(let report):
        return .failure(report.map { "\($0)" } ?? "no answer on UDP \(carrier.remote.port)")
      case .wantsShare(let method):
        guard conversation.half(method) != nil else {
          return .failure("the peer wants a share of \(method), which this build cannot make")
        }
        proposals = proposals.only(method)
        share = method
      case .answered(let answer):
        guard case .accepted = answer.meaning else {
          return .failure("the peer accepts none of the usual IKE proposals")
        }
        return .sight(
          MappedPort.find(
            answer, local: carrier.local, outside: outside,
            likely: likely + [carrier.local.port]))
      }
    }
    return .failure("the peer asks for one key share after the other")
  }
}
