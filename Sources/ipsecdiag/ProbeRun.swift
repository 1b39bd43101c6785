internal import Diagnosis
internal import Host
internal import IKE
internal import Measurement
internal import PacketDissector
internal import Report
internal import Synchronization

/// Asks all targets, and hands over what each address had to say: names and addresses side by side, then
/// the networks.
struct ProbeRun {
  private let plan: ProbePlan
  private let isIPv6Wanted: Bool?
  private let proposals: Int
  private let policy: ProbePolicy?
  private let concurrency: Int
  private let capture: ProbeCapture?
  private let pacer: PacketPacer

  /// `isIPv6Wanted`: of names, only addresses of this family; nil for both. `proposals`: how many of the plan's
  /// questions are those of --proposal. `capture` gets what is sent and received, but for sweeps.
  init(
    _ plan: ProbePlan, isIPv6Wanted: Bool?, proposals: Int, policy: ProbePolicy?, concurrency: Int,
    capture: ProbeCapture?
  ) {
    self.plan = plan
    self.isIPv6Wanted = isIPv6Wanted
    self.proposals = proposals
    self.policy = policy
    self.concurrency = concurrency
    self.capture = capture
    pacer = PacketPacer(rate: plan.rate)
  }

  /// What became of a target.
  private enum Outcome: Sendable {
    case found([AddressResult])
    case failed(ProbeFailure)
  }

  /// Writes every result, and the end of the report.
  func run(
    _ targets: ProbeTargets, _ writer: ProbeWriter, _ verdict: VerdictOptions
  ) throws -> ProbeSummary {
    var writer = writer
    var failure: Failure?
    var progress = ProbeProgress(
      total: targets.count, isQuiet: verdict.quiet, now: Instant.now)
    /// Writes one thing, and remembers the first failure of that: nobody reads the rest.
    func write(_ body: (inout ProbeWriter) throws(Failure) -> Void) {
      guard failure == nil else { return }
      progress.clear()
      do throws(Failure) {
        try body(&writer)
      } catch {
        failure = error
        Interruption.request()
      }
    }
    var done: UInt64 = 0
    askSingles(targets.singles) {
      progress.show(done, up: writer.summary.up, at: Instant.now)
    } _: { outcome in
      done += 1
      write { writer throws(Failure) in try add(outcome, to: &writer) }
    }
    for network in targets.networks where !Interruption.isRequested {
      let alive = sweep(network) { outcome in
        write { writer throws(Failure) in try add(outcome, to: &writer) }
      }
      done += UInt64(network.count)
      writer.addUnused(UInt64(network.count) - min(UInt64(network.count), alive))
    }
    progress.clear()
    if let failure { throw failure }
    try writer.end(isInterrupted: Interruption.isRequested) {
      ProbeExit.state(of: $0, verdict.failOn)
    }
    return writer.summary
  }

  private func add(_ outcome: Outcome, to writer: inout ProbeWriter) throws(Failure) {
    switch outcome {
    case .failed(let failure): try writer.add(failure)
    case .found(let results):
      for result in results {
        try writer.add(ProbeReport(result, proposals: proposals, policy: policy))
      }
    }
  }

  // MARK: One by one

  private func askSingles(
    _ singles: [TargetExpression], idle: () -> Void, _ body: (Outcome) -> Void
  ) {
    let next = Mutex(0)
    ProbeWorkers(min(concurrency, singles.count)).run(
      next: {
        guard !Interruption.isRequested else { return nil }
        return next.withLock { next in
          defer { next += 1 }
          return next < singles.count ? singles[next] : nil
        }
      }, work: ask, idle: idle, body)
  }

  /// All addresses of a target, one after the other.
  @Sendable private func ask(_ target: TargetExpression) -> Outcome {
    let name: String
    var addresses: [ResolvedAddress]
    switch target {
    case .address(let address):
      name = address.description
      addresses = [ResolvedAddress(address)]
    case .name(let text):
      name = text
      do throws(ResolutionError) {
        addresses = try NameResolution.addresses(
          of: text, family: .init(isIPv6Wanted: isIPv6Wanted))
      } catch {
        return .failed(ProbeFailure(target: name, reason: "\(error)"))
      }
    case .network, .range: return .found([])
    }
    if let isIPv6Wanted {
      addresses.removeAll { $0.address.isIPv6 != isIPv6Wanted }
    }
    guard !addresses.isEmpty else {
      let wanted = isIPv6Wanted == true ? "IPv6" : "IPv4"
      return .failed(ProbeFailure(target: name, reason: "is not an \(wanted) address"))
    }
    return .found(
      addresses.prefix { _ in !Interruption.isRequested }.map {
        PeerProbe(
          name, $0, plan, pacer: pacer, observer: capture.map { $0.add },
          isStopped: { Interruption.isRequested }
        ).run()
      })
  }

  // MARK: Networks

  /// Looks through a network, and asks those that speak IKE in full where that was wanted.
  ///
  /// - Returns: How many do.
  private func sweep(_ targets: SweepTargets, _ body: (Outcome) -> Void) -> UInt64 {
    var count: UInt64 = 0
    var alive: [TargetExpression] = []
    do {
      _ = try NetworkSweep(plan).run(targets, isInterrupted: { Interruption.isRequested }) {
        found in
        guard found.isAlive else { return }
        count += 1
        if wantsMore { alive.append(.address(found.address)) } else { body(.found([found])) }
      }
    } catch {
      body(
        .failed(
          ProbeFailure(target: targets[0].map { "\($0)" } ?? "", reason: "\(error)")))
    }
    askSingles(alive, idle: {}, body)
    return count
  }

  /// Something was asked for that a sweep's one question does not tell.
  private var wantsMore: Bool {
    plan.enumerates || plan.asksPostQuantum || !plan.questions.isEmpty || policy != nil
  }
}
