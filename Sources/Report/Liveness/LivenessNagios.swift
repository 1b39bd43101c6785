internal import Diagnosis
package import Measurement
package import PacketDissector

/// A live check as a monitoring system reads it, and as metrics.
///
///     IPSEC OK - 192.0.2.1 answers: 5 of 5 checks, median 12.1 ms | 'rtt'=0.012100s;0.2;0.5;0; 'loss'=0.0%;5;20;0;100
package struct LivenessNagios {
  private let result: LivenessResult
  private let naming: Naming
  private var tally: LivenessTally { result.tally }

  package init(_ result: LivenessResult, _ naming: Naming) {
    self.result = result
    self.naming = naming
  }

  /// `state` is what the verdict comes to under the threshold that was asked for.
  package func write(_ state: NagiosReport.State, to text: inout TextBuffer) {
    let start = text.count
    NagiosReport.open(state, to: &text)
    NagiosReport.put(LivenessWords(result, naming).headline, to: &text)
    text.put(" |")
    let (warning, critical) = (result.limits.warning, result.limits.critical)
    if let median = tally.roundTrips.median {
      text.put(
        " 'rtt'=\(Self.seconds(median))s;\(Self.limit(warning.roundTrip));\(Self.limit(critical.roundTrip));0;"
      )
    }
    let loss = tally.answered == 0 ? 100 : (tally.loss ?? 0) * 100
    text.put(
      " 'loss'=\(Quantity.decimal(loss, places: 1))%;\(Self.percent(warning.lossPercent));\(Self.percent(critical.lossPercent));0;100"
    )
    text.put(" 'outages'=\(tally.outageCount);;;0;\n")
    NagiosReport.details(
      result.findings.map { NagiosReport.line($0, naming) }, begunAt: start, to: &text)
  }

  private static func seconds(_ time: Duration) -> String {
    Quantity.decimal(Double(max(0, Nanoseconds(time).count)) / 1e9, places: 6)
  }

  private static func limit(_ time: Duration?) -> String { time.map(seconds) ?? "" }

  private static func percent(_ value: Double?) -> String {
    value.map { Quantity.decimal($0, places: 1) } ?? ""
  }

  /// Prometheus's text exposition format.
  package func writeMetrics(to text: inout TextBuffer) {
    metric("up", "Whether the peer answers.", tally.state == .up ? "1" : "0", to: &text)
    for (share, time) in [
      ("0.5", tally.roundTrips.median), ("0.95", tally.roundTrips.percentile(95)),
      ("0.99", tally.roundTrips.percentile(99)),
    ] {
      guard let time else { continue }
      metric(
        "rtt_seconds", "Time from a check to its answer.", Self.seconds(time), quantile: share,
        to: &text)
    }
    let loss = tally.answered == 0 ? 1 : tally.loss ?? 0
    metric(
      "loss_ratio", "Share of the requests without an answer while the peer was up.",
      Quantity.decimal(loss, places: 4), to: &text)
    metric("outages", "How often the peer was down.", "\(tally.outageCount)", to: &text)
    metric(
      "timestamp_seconds", "When the checks began, since 1970.",
      Quantity.decimal(Double(max(0, result.started.nanoseconds)) / 1e9, places: 3), to: &text)
  }

  private func metric(
    _ name: String, _ help: String, _ value: String, quantile: String? = nil,
    to text: inout TextBuffer
  ) {
    if quantile == nil || quantile == "0.5" {
      text.put("# HELP ipsecdiag_dpd_\(name) \(help)\n# TYPE ipsecdiag_dpd_\(name) gauge\n")
    }
    text.put("ipsecdiag_dpd_\(name){target=\"")
    let target = naming.redacts ? naming.name(ofIdentity: result.target) : result.target
    for scalar in target.unicodeScalars where TextBuffer.isHarmless(scalar) {
      if scalar == "\\" || scalar == "\"" { text.put("\\") }
      text.put(String(scalar))
    }
    text.put("\",address=\"\(naming.name(of: result.remote.address))\"")
    if let quantile { text.put(",quantile=\"\(quantile)\"") }
    text.put("} \(value)\n")
  }
}
