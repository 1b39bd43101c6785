package import Diagnosis
package import ESP
package import IKE
package import PacketDissector

/// What came of a series of echoes.
package struct PingResult: Sendable {
  /// What IKE said beside it.
  package struct Liveness: Equatable, Sendable {
    package var asked = 0
    package var roundTrips: [Duration] = []

    package init() {}

    package var isAlive: Bool { !roundTrips.isEmpty && roundTrips.count == asked }
  }

  /// A size that did not leave this machine.
  package struct Unsent: Equatable, Sendable {
    package var dataBytes: Int
    package var reason: String
  }

  package var plan: PingPlan
  package var local: IPAddress
  package var remote: IPAddress
  package var series: EchoSeries
  /// The SA that carried it; nil in clear.
  package var established: EstablishedSA?
  /// The SPIs of the Child SA, of this side and of the peer; nil in clear.
  package var spis: (inbound: UInt32, outbound: UInt32)?
  package var liveness = Liveness()
  /// Authentic packets that were no replies: the return direction works all the same.
  package var otherPackets = 0
  package var unsent: [Unsent] = []
  /// What ICMP said of what was sent, each once.
  package var errors: [String] = []
  /// What became of ESP that came in; nil in clear.
  package var counters: ESPCounters?
  /// What was wrong before there was an SA.
  package var setupFindings: [Finding] = []
  /// Why there was no SA, or why it ended before the series did.
  package var ending: TunnelFailure?
  package var isInterrupted = false
  /// In clear: without the capability for raw ESP it went in UDP.
  package var isInUDP = false

  /// A series that has not begun.
  package init(_ plan: PingPlan, from local: IPAddress, to remote: IPAddress) {
    self.plan = plan
    self.local = local
    self.remote = remote
    series = EchoSeries(identifier: UInt16.random(in: 1 ... .max), timeout: plan.timeout)
  }

  // MARK: Sums

  package var requests: [EchoSeries.Request] { series.requests }
  package var sent: Int { requests.count }
  package var answered: Int { requests.count { $0.reply != nil } }
  /// Of those that wanted a reply and had time for it.
  package var lost: Int {
    plan.probe.isOneWay ? 0 : requests.count { $0.reply == nil }
  }
  package var duplicates: Int { requests.reduce(0) { $0 + $1.duplicates } }
  package var late: Int { requests.count { $0.reply?.isLate == true } }
  package var shortened: Int { requests.count { $0.isShortened } }
  package var onAnotherPath: Int { requests.count { $0.cameOnAnotherPath } }
  package var wrongData: Int { requests.count { $0.reply?.hasWrongData == true } }
  package var roundTrips: DurationStatistics {
    DurationStatistics(requests.compactMap { $0.reply?.roundTrip })
  }

  /// Whether both sides have said that they have this echo, so that silence means something. What has no
  /// notification of its own never is.
  package var isNegotiated: Bool {
    guard let type = plan.announcement else { return false }
    return established?.announced.contains(type) == true
  }
}
