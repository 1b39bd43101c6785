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

    /// Set up by hand, it says at once why it does not come up; nil where its names would have to be quoted.
    package func command(of kind: DaemonState.Kind) -> String? {
      let names = connection + child.name
      guard !names.isEmpty, !names.hasPrefix("-"), !child.name.hasPrefix("-"),
        names.utf8.allSatisfy(Self.isPlain)
      else { return nil }
      return switch kind {
      case .strongSwan: "swanctl --initiate --ike \(connection) --child \(child.name)"
      case .libreswan: "ipsec auto --up \(connection)"
      }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "/"), UInt8(ascii: "_"):
        true
      default: false
      }
    }

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
    let standings = DaemonState.Standings(state)
    return state.connections.flatMap { connection in
      connection.children.map {
        Tunnel(
          connection: connection.name, child: $0,
          standing: standings.standing(of: $0, in: connection))
      }
    }
  }

  /// The worst of all tunnels; nil where none is amiss.
  package var severity: Severity? { tunnels.compactMap(\.severity).max() }

  package var verdict: Verdict {
    guard !daemons.isEmpty else {
      return Verdict(.unknown, "no IKE daemon told its state")
    }
    let tunnels = tunnels
    let wanted = tunnels.filter { $0.child.isWanted == true }
    let amiss = wanted.filter { $0.severity != nil }
    let verdict: Verdict.Word =
      switch amiss.compactMap(\.severity).max() {
      case .critical: .critical
      case .warning: .warning
      case .info, nil: .ok
      }
    guard amiss.isEmpty else {
      let word = amiss.count == 1 ? "is" : "are"
      return Verdict(
        verdict, "\(amiss.count) of \(wanted.count) wanted tunnels \(word) not up")
    }
    let up = tunnels.count { $0.standing == .up }
    let waiting = wanted.count { $0.standing == .waitsForTraffic }
    let waits = waiting > 0 ? ", \(waiting) more as soon as there is traffic" : ""
    return Verdict(
      verdict, "\(up) of \(tunnels.count) configured \(Self.noun(tunnels.count)) up\(waits)")
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
