package import IKE
package import PacketDissector

/// Many handshakes over a path that loses packets, in virtual time.
package struct LossModel: Sendable {
  /// What both sides are, but for the proposals.
  package var initiator: PeerConfiguration
  package var responder: PeerConfiguration
  package var path: PathModel
  package var runs: Int
  package var seed: UInt64
  /// How long each step computes; nil takes what it takes on this machine, as some runs before show.
  package var times: ProcessingTimes?

  package init(
    _ initiator: PeerConfiguration, _ responder: PeerConfiguration, over path: PathModel, runs: Int,
    seed: UInt64, times: ProcessingTimes? = nil
  ) {
    self.initiator = initiator
    self.responder = responder
    self.path = path
    self.runs = runs
    self.seed = seed
    self.times = times
  }

  /// What the handshakes of one proposal come to.
  package struct Result: Sendable {
    package var proposal: Proposal
    /// The handshake without any loss: how long each exchange takes, and how large it is.
    package var undisturbed: HandshakeTrace
    package var times: ProcessingTimes
    /// Of those that came to their end.
    package var durations: DurationStatistics
    package var runs: Int
    /// Those that gave up: all transmissions of a request, or their answers, were lost.
    package var failures: Int
    /// Means over all runs.
    package var meanTransmissions: Double
    package var meanPackets: Double
    package var meanOctets: Double

    /// How long a side computes in a handshake without loss.
    package func computing(_ side: Side) -> Duration {
      times.total(of: side, in: undisturbed.exchanges)
    }
  }

  /// Why a proposal has no handshake even on a perfect path.
  package enum Problem: Error, Sendable {
    case failed(SessionFailure)
    case refusedChild(ChildFault)
  }

  /// Runs before the ones that count, by which the times are measured: the shortest of each step counts.
  private static let measurements = 10

  /// Runs all handshakes with `proposal`; fewer, if `isStopped` says so between two of them.
  package func run(
    _ proposal: Proposal, isStopped: () -> Bool = { false }
  ) throws(Problem) -> Result {
    var model = self
    model.initiator.ikeProposals = [proposal]
    model.responder.ikeProposals = [proposal]
    let times: ProcessingTimes
    if let given = self.times { times = given } else { times = try model.measuredTimes() }
    let undisturbed = try model.undisturbed(times)
    var durations: [Duration] = []
    var (done, transmissions, packets, octets) = (0, 0, 0, 0)
    var seeds = SplitMix64(state: seed)
    while done < runs, !isStopped() {
      var pair = model.pair(over: path, times, seed: seeds.next())
      // Why a run failed is always the same: it gave up.
      _ = pair.run()
      done += 1
      if let total = pair.trace.total { durations.append(total) }
      transmissions += pair.trace.transmissions
      packets += pair.trace.packets
      octets += pair.trace.octets
    }
    let divisor = Double(max(1, done))
    return Result(
      proposal: proposal, undisturbed: undisturbed, times: times,
      durations: DurationStatistics(durations), runs: done, failures: done - durations.count,
      meanTransmissions: Double(transmissions) / divisor, meanPackets: Double(packets) / divisor,
      meanOctets: Double(octets) / divisor)
  }

  private func pair(over path: PathModel, _ times: ProcessingTimes?, seed: UInt64) -> SimulatedPair
  {
    SimulatedPair(initiator, responder, over: path, times: times, seed: seed)
  }

  private var perfectPath: PathModel {
    var path = path
    path.loss = 0
    return path
  }

  private func undisturbed(_ times: ProcessingTimes?) throws(Problem) -> HandshakeTrace {
    var pair = pair(over: perfectPath, times, seed: seed)
    switch pair.run() {
    case .established: return pair.trace
    case .failed(let failure): throw .failed(failure)
    case .refusedChild(let fault): throw .refusedChild(fault)
    }
  }

  private func measuredTimes() throws(Problem) -> ProcessingTimes {
    var shortest: ProcessingTimes?
    for _ in 0..<Self.measurements {
      var pair = pair(over: perfectPath, nil, seed: seed)
      if case .failed(let failure) = pair.run() { throw .failed(failure) }
      shortest = shortest?.shorter(pair.measured) ?? pair.measured
    }
    return shortest ?? ProcessingTimes(each: .zero)
  }
}
