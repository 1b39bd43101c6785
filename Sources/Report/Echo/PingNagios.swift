internal import Diagnosis
package import Measurement
package import PacketDissector

/// What a monitoring system reads of a ping: one line with the state, and numbers behind a bar.
///
///     IPSEC OK - 5 of 5 ESP echoes answered, round trip 1.2 ms | 'rtt'=0.001200s;;;0; 'loss'=0%;;;0;100
package struct PingNagios {
  private let result: PingResult
  private let naming: Naming
  private let state: NagiosReport.State

  /// `state` is what the result comes to under the threshold that was asked for.
  package init(_ result: PingResult, _ naming: Naming, _ state: NagiosReport.State) {
    self.result = result
    self.naming = naming
    self.state = state
  }

  package func write(to text: inout TextBuffer) {
    NagiosReport.open(state, to: &text)
    NagiosReport.put(Verdict(result, naming).phrase, to: &text)
    text.put(" |")
    if let median = result.roundTrips.median {
      let seconds = Double(max(0, Nanoseconds(median).count)) / 1e9
      text.put(" 'rtt'=\(Quantity.decimal(seconds, places: 6))s;;;0;")
    }
    let share = result.sent > 0 ? Double(result.lost) * 100 / Double(result.sent) : 100
    text.put(" 'loss'=\(Quantity.decimal(share, places: 1))%;;;0;100")
    text.put(" 'sent'=\(result.sent);;;0; 'answered'=\(result.answered);;;0;")
    text.put(" 'ike'=\(result.liveness.isAlive ? 1 : 0);;;0;1\n")
  }
}
