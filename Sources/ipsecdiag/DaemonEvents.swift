internal import Host
internal import PacketDissector
internal import Report

/// `daemon --events`: what charon tells as it happens.
struct DaemonEvents {
  let vici: String?
  let withLog: Bool
  let count: Int?
  let isJSON: Bool
  let naming: Naming

  /// Nanoseconds until charon has taken the registrations.
  private static let patience: Int64 = 10_000_000_000

  func run() throws {
    var shown = 0
    do throws(VICIError) {
      let address = try vici.map { text throws(VICIError) in try VICIAddress(text: text) }
      var events = try VICIEvents(
        address, withLog: withLog, until: MonotonicClock.now() + Self.patience)
      try show(&events, &shown)
      if events.lost > 0 { StandardError.write("warning: \(events.lost) events were lost") }
    } catch .interrupted {
      // Ctrl-C is how it ends.
      if shown == 0 { throw Failure(nil, exitCode: ExitCodes.interrupted) }
    } catch .closed {
      throw Failure("\(VICIError.closed)", exitCode: ExitCodes.unknown)
    } catch {
      let missing = HostSnapshot.Missing(error)
      throw Failure(
        missing.reason, exitCode: missing.isPermission ? ExitCodes.noPermission : ExitCodes.unknown)
    }
  }

  private func show(_ events: inout VICIEvents, _ shown: inout Int) throws(VICIError) {
    let output = Output()
    let json = DaemonJSON(naming, toolVersion: Ipsecdiag.version)
    while shown < count ?? .max, let event = try events.next(until: nil) {
      if isJSON {
        json.writeLine(event, to: &output.text)
      } else {
        DaemonEventText.writeLine(event, naming, to: &output.text)
      }
      // Nobody reads the rest.
      guard (try? output.flush()) != nil else { return }
      shown += 1
      if Interruption.isRequested { return }
    }
  }
}
