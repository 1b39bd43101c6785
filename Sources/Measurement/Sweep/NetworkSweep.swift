package import Host
internal import IKE
package import IPsecCrypto
internal import PacketDissector

/// Looks through networks for addresses that speak IKE: one question that nearly every daemon answers,
/// on one port.
package struct NetworkSweep: Sendable {
  private let plan: ProbePlan
  private let question: SweepQuestion

  package init(_ plan: ProbePlan) throws(CryptoError) {
    self.plan = plan
    let share = try KeyExchangeInitiator(.curve25519)
    var random = RandomSource.system
    let request = InitRequest(
      initiatorSPI: 1, proposals: BroadProposals.common,
      keyExchange: KeyExchangePayload(method: share.method, data: share.data),
      nonce: random.bytes(32), notifies: [NotifyPayload(.ikev2FragmentationSupported)])
    question = SweepQuestion(request, withMarker: Self.way(plan) == .udp4500)
  }

  private static func way(_ plan: ProbePlan) -> ProbeWay {
    plan.ways.contains(.udp500) ? .udp500 : .udp4500
  }

  /// Asks the addresses of networks of one family, and hands over each that gives a sign.
  package func run(
    _ targets: SweepTargets, isInterrupted: () -> Bool,
    _ body: (AddressResult) -> Void
  ) throws(SocketError) -> SweepSummary {
    try sweep(targets, isInterrupted: { _ in isInterrupted() }) { found in
      body(Self.result(found, Self.way(plan), requestBytes: question.byteCount))
    }
  }

  /// The same, with what each address says as it is. `isInterrupted` is told how far the sweep is.
  package func sweep(
    _ targets: SweepTargets, isInterrupted: (SweepSummary) -> Bool,
    _ body: (SweepResult) -> Void
  ) throws(SocketError) -> SweepSummary {
    let options = Sweep.Options(
      port: Self.way(plan) == .udp500 ? plan.ikePort : plan.natPort, rate: plan.rate,
      passes: plan.transmissions, patience: plan.timeout * 2,
      source: source(isIPv6: targets[0]?.isIPv6 == true), interface: plan.interface)
    var sweep = try Sweep(targets, asking: question, options)
    return try sweep.run(isInterrupted: isInterrupted, body)
  }

  private func source(isIPv6: Bool) -> Endpoint? {
    guard plan.source != nil || plan.sourcePort != 0 else { return nil }
    return Endpoint(plan.source ?? .any(isIPv6: isIPv6), plan.sourcePort)
  }

  private static func result(
    _ found: SweepResult, _ way: ProbeWay, requestBytes: Int
  ) -> AddressResult {
    var result = AddressResult(
      target: found.address.description, address: found.address, started: .now)
    let outcome: WayResult.Outcome
    switch found.outcome {
    case .answered(let answer):
      outcome = .answered(answer.meaning)
      var peer = PeerDescription()
      if case .accepted(let suite, _, _) = answer.meaning { peer.chosen = suite }
      if case .keyExchangeWanted(let method) = answer.meaning { peer.askedForMethod = method }
      if case .redirect(let gateway) = answer.meaning { peer.redirect = gateway }
      peer.notifies = answer.notifies.filter { !$0.isError }.map(\.type)
      peer.vendorIDs = answer.vendorIDs
      result.peer = peer
      result.traffic.packetsReceived = 1
    case .refused(let reason, let sender):
      outcome = .refused(reason: reason, by: sender, isICMP: true)
    case .unsent(let reason): outcome = .local(reason)
    }
    let answered = if case .answered = outcome { 1 } else { 0 }
    result.ways = [
      WayResult(
        way, outcome, sent: 1, answered: answered,
        roundTrips: answered == 1 ? found.roundTrip.map { [$0] } ?? [] : [])
    ]
    result.traffic.packetsSent = 1
    result.traffic.largestRequest = requestBytes
    return result
  }
}
