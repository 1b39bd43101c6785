package import Diagnosis
package import Host
package import PacketDissector

/// What `ipsecdiag daemon` tells: the connections of this machine's IKE daemons, how those stand, and SAs.
package struct DaemonReport: Sendable {
  package struct Daemon: Sendable {
    package var state: DaemonState
    /// All that charon answered; nil for libreswan.
    package var vici: VICIAnswers?
    /// The file from which replay windows and wishes come that the daemon does not tell.
    package var configuration: String?

    package init(_ state: DaemonState, vici: VICIAnswers? = nil, configuration: String? = nil) {
      self.state = state
      self.vici = vici
      self.configuration = configuration
    }
  }

  /// A configured child, and how it stands.
  package struct Tunnel: Sendable {
    package var connection: String
    package var child: DaemonState.ConfiguredChild
    package var standing: DaemonState.Standing

    /// Nil where nothing is wrong with it.
    package var severity: Severity? {
      guard child.isWanted == true else { return nil }
      return switch standing {
      case .down: .critical
      case .connecting: .warning
      case .up, .waitsForTraffic: nil
      }
    }
  }

  package var time: Timestamp
  package var daemons: [Daemon]
  package var missing: [HostSnapshot.Missing]

  package init(_ daemons: [Daemon], missing: [HostSnapshot.Missing], at time: Timestamp) {
    self.daemons = daemons
    self.missing = missing
    self.time = time
  }

  package var tunnels: [Tunnel] { daemons.flatMap { Self.tunnels(of: $0.state) } }

  package static func tunnels(of state: DaemonState) -> [Tunnel] {
    state.connections.flatMap { connection in
      connection.children.map {
        Tunnel(
          connection: connection.name, child: $0, standing: state.standing(of: $0, in: connection))
      }
    }
  }

  /// The worst of all tunnels; nil where none is amiss.
  package var severity: Severity? { tunnels.compactMap(\.severity).max() }

  /// Nil where no daemon told anything.
  package var verdict: Verdict {
    guard !daemons.isEmpty else {
      return Verdict(.unknown, "no IKE daemon told its state")
    }
    let tunnels = tunnels
    let wanted = tunnels.filter { $0.child.isWanted == true }
    let amiss = wanted.filter { $0.severity != nil }
    let word: Verdict.Word =
      switch severity {
      case .critical: .critical
      case .warning: .warning
      case .info, nil: .ok
      }
    guard amiss.isEmpty else {
      return Verdict(
        word, "\(amiss.count) of \(wanted.count) wanted \(Self.noun(wanted.count)) not up")
    }
    let up = tunnels.count { $0.standing == .up }
    let waiting = wanted.count { $0.standing == .waitsForTraffic }
    let waits = waiting > 0 ? ", \(waiting) more as soon as there is traffic" : ""
    return Verdict(
      word, "\(up) of \(tunnels.count) configured \(Self.noun(tunnels.count)) up\(waits)")
  }

  private static func noun(_ count: Int) -> String { count == 1 ? "tunnel is" : "tunnels are" }
}

extension Naming {
  /// An address or an identity as a daemon writes it.
  func name(ofHost text: String) -> String {
    guard redacts, !text.hasPrefix("%") else { return text }
    if let address = IPAddress(text: text) { return "\(name(of: address))" }
    return name(ofIdentity: text)
  }
}
