package import Diagnosis
package import PacketDissector

/// How long a NAT keeps the mapping of a port that is silent.
package struct MappingResult: Sendable {
  /// One port: what it was mapped to, and what it is mapped to after a time of silence.
  package struct Trial: Sendable {
    package var idle: Duration
    /// With a keepalive every 20 s in between (RFC 3948, section 4).
    package var hasKeepalives: Bool
    package var localPort: UInt16
    package var before: UInt16
    /// Nil where it was not asked, or not answered.
    package var after: UInt16?

    package init(
      idle: Duration, hasKeepalives: Bool, localPort: UInt16, before: UInt16, after: UInt16?
    ) {
      self.idle = idle
      self.hasKeepalives = hasKeepalives
      self.localPort = localPort
      self.before = before
      self.after = after
    }

    /// Whether the mapping outlived the silence; nil where that cannot be told: a NAT that keeps the port
    /// where it can gives a new mapping the old port.
    package var isHeld: Bool? {
      guard let after else { return nil }
      if after != before { return false }
      return before == localPort ? nil : true
    }
  }

  package enum Obstacle: Sendable {
    /// The peer sees this host's own address and port.
    case noNAT
    /// There is a NAT, and its address towards the peer is not the one that was given, or none was.
    case unknownOutside
    /// The peer's answers have no NAT detection.
    case untold
    /// No answer, or none that accepts a proposal: why, in words.
    case unanswered(String)
  }

  package var target: String
  package var remote: Endpoint
  package var local: IPAddress
  package var outside: IPAddress?
  package var started: Timestamp
  package var duration: Duration = .zero
  package var limit: Duration
  /// Why there are no trials; nil where there are.
  package var obstacle: Obstacle?
  /// In the order of their idle times; the one with keepalives last.
  package var trials: [Trial] = []
  package var isInterrupted = false

  package init(
    target: String, remote: Endpoint, local: IPAddress, outside: IPAddress?, started: Timestamp,
    limit: Duration
  ) {
    self.target = target
    self.remote = remote
    self.local = local
    self.outside = outside
    self.started = started
    self.limit = limit
  }

  private var plain: [Trial] { trials.filter { !$0.hasKeepalives } }

  /// The shortest silence that a mapping did not outlive.
  package var died: Duration? { plain.filter { $0.isHeld == false }.map(\.idle).min() }

  /// The longest silence below that which a mapping outlived.
  package var held: Duration? {
    plain.filter { $0.isHeld == true && $0.idle < died ?? .seconds(Int64.max / 2) }.map(\.idle)
      .max()
  }

  /// Whether keepalives kept a mapping through the longest silence; nil where that cannot be told.
  package var isHeldByKeepalives: Bool? { trials.first(where: \.hasKeepalives)?.isHeld }

  /// Every mapping that was asked again has the port that this host sends from.
  package var isPortKept: Bool {
    let asked = plain.filter { $0.after != nil }
    return !asked.isEmpty && asked.allSatisfy { $0.after == $0.localPort }
  }

  /// Nil where the question was not answered.
  package var severity: Severity? {
    if case .noNAT? = obstacle { return .info }
    if let worst = findings.map(\.severity).max() { return worst }
    return died != nil || held != nil ? .info : nil
  }

  package var findings: [Finding] {
    let interval = MappingSearch.keepaliveInterval
    guard isHeldByKeepalives == false || died.map({ $0 <= interval }) ?? false else { return [] }
    let life = died ?? interval
    let seconds = max(1, life.components.seconds / 2)
    return [
      Finding(
        .natKeepaliveSlow, isHeldByKeepalives == false ? .certain : .likely,
        about: .peers(local, remote.address),
        "the NAT in front of \(local) forgets a silent mapping within \("\(life.components.seconds)") s: keepalives every 20 s are too rare",
        meaning:
          "behind an idle time the peer's packets do not come through until this side sends again",
        evidence: trials.filter { $0.isHeld == false }.prefix(4).map { trial in
          Finding.Evidence(
            "port \("\(trial.localPort)") was seen as \("\(trial.before)"), and after \("\(trial.idle.components.seconds)") s as \("\(trial.after ?? 0)")"
          )
        },
        remedies: [
          Finding.Remedy(
            "send keepalives more often than that",
            [
              .init(.strongswan, "charon.keep_alive = \("\(seconds)")s"),
              .init(.libreswan, "keep-alive=\("\(seconds)")"),
            ])
        ])
    ]
  }
}
