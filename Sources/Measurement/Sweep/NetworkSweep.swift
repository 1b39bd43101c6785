internal import Diagnosis
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
      initiatorSPI: 1, proposals: Self.proposals,
      keyExchange: KeyExchangePayload(method: share.method, data: share.data),
      nonce: random.bytes(32))
    question = SweepQuestion(request, withMarker: Self.way(plan) == .udp4500)
  }

  private static func way(_ plan: ProbePlan) -> ProbeWay {
    plan.ways.contains(.udp500) ? .udp500 : .udp4500
  }

  /// What most peers take something of; those who take nothing of it say so.
  private static let proposals: [Proposal] = {
    let exchanges = "x25519-ecp256-ecp384-ecp521-modp2048-modp3072-modp4096-modp1536-modp1024"
    let text = """
      aes256gcm16-aes128gcm16-chacha20poly1305-prfsha256-prfsha384-prfsha512-\(exchanges),\
      aes256-aes128-3des-sha256-sha384-sha512-sha1-\(exchanges)
      """
    return (try? ProposalNotation.parse(text, for: .ike)) ?? []
  }()

  /// Asks the addresses of networks of one family, and hands over each that gives a sign.
  package func run(
    _ targets: SweepTargets, isInterrupted: () -> Bool,
    _ body: (AddressResult) -> Void
  ) throws(SocketError) -> SweepSummary {
    let way = Self.way(plan)
    let options = Sweep.Options(
      port: way == .udp500 ? plan.ikePort : plan.natPort, rate: plan.rate,
      passes: plan.transmissions, patience: plan.timeout * 2,
      source: plan.source.map { Endpoint($0, plan.sourcePort) }, interface: plan.interface)
    var sweep = try Sweep(targets, asking: question, options)
    return try sweep.run(isInterrupted: isInterrupted) { found in
      body(Self.result(found, way, requestBytes: question.byteCount))
    }
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
    case .refused(let report): outcome = .refused(report)
    case .unsent(let error): outcome = .local("\(error)")
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
