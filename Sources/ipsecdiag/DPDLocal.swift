internal import Diagnosis
internal import Host
internal import Report

/// `dpd --local`: who of this machine's connections checks whether its peer lives.
struct DPDLocal {
  let vici: String?
  let verdict: VerdictOptions
  let isJSON: Bool

  func run() throws {
    let snapshot = HostSnapshot.read([.daemon], vici: vici)
    let liveness = LocalLiveness(snapshot)
    let report = LocalLivenessReport(liveness, verdict.naming)
    try StandardOutput.write { output in
      if isJSON {
        report.writeJSON(toolVersion: Ipsecdiag.version, to: &output.text)
      } else {
        report.writeText(verdict.textOptions, to: &output.text)
      }
    }
    try verdict.end(
      HostVerdict(
        findings: liveness.findings,
        lacksPermission: snapshot.daemons.isEmpty
          && snapshot.missing.contains(where: \.isPermission),
        hasNothing: liveness.connections.isEmpty))
  }
}
