internal import Diagnosis
internal import Host
internal import Report

/// `mtu --local`: what this machine knows of packet sizes.
struct MTULocal {
  let verdict: VerdictOptions
  let isJSON: Bool

  func run() throws {
    let snapshot = HostSnapshot.read([.securityAssociations, .addresses, .network])
    let sizes = LocalSizes(snapshot)
    let report = LocalSizesReport(sizes, verdict.naming)
    try StandardOutput.write { output in
      if isJSON {
        report.writeJSON(toolVersion: Ipsecdiag.version, to: &output.text)
      } else {
        report.writeText(verdict.textOptions, to: &output.text)
      }
    }
    let hasNothing = sizes.tunnels.isEmpty
    try verdict.end(
      HostVerdict(
        findings: sizes.findings,
        lacksPermission: hasNothing && snapshot.missing.contains(where: \.isPermission),
        hasNothing: hasNothing))
  }
}
