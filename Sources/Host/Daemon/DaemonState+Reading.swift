/// What the IKE daemons of this machine say, and who could not be asked.
package struct DaemonReading: Sendable {
  package var daemons: [DaemonState] = []
  /// All that charon answered; nil where it did not.
  package var vici: VICIAnswers?
  package var missing: [HostSnapshot.Missing] = []

  /// Nanoseconds that charon may take for all of its answers.
  private static let patience: Int64 = 10_000_000_000

  /// Asks charon and pluto.
  ///
  /// `vici` is where charon listens for VICI, in strongSwan's words ("unix:///run/charon.vici"); nil is where
  /// it usually does. A machine with one daemon lacks nothing for not having the other.
  package init(vici: String? = nil) {
    var absent: HostSnapshot.Missing?
    do throws(VICIError) {
      let address = try vici.map { text throws(VICIError) in try VICIAddress(text: text) }
      let answers = try VICIAnswers.read(address, until: MonotonicClock.now() + Self.patience)
      self.vici = answers
      daemons.append(DaemonState(answers))
    } catch {
      let reason = HostSnapshot.Missing(error)
      // Without strongSwan there is neither socket nor listener, which is no fault where libreswan runs.
      if vici == nil, error.meansNoDaemon { absent = reason } else { missing.append(reason) }
    }
    switch LibreswanProgram.read() {
    case .state(let state): daemons.append(state)
    case .missing(let reason, let isPermission):
      missing.append(.init(.daemon, reason, isPermission: isPermission))
    case .notRunning: break
    }
    if daemons.isEmpty, missing.isEmpty, let absent {
      missing.append(.init(.daemon, "\(absent.reason); libreswan's pluto does not run either"))
    }
  }
}

extension HostSnapshot.Missing {
  /// Why charon did not tell its state.
  package init(_ error: VICIError) {
    if case .notPermitted = error {
      self.init(.daemon, "\(error)", isPermission: true)
    } else {
      self.init(.daemon, "\(error)")
    }
  }
}

extension VICIError {
  /// Nobody is there to ask.
  package var meansNoDaemon: Bool {
    switch self {
    case .missing, .refused: true
    default: false
    }
  }
}
