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
    let code = verdict.exitCode(of: sizes.findings)
    if code != 0 { throw Failure(nil, exitCode: code) }
    guard sizes.tunnels.isEmpty else { return }
    let isForbidden = snapshot.missing.contains { $0.isPermission }
    throw Failure(nil, exitCode: isForbidden ? ExitCodes.noPermission : ExitCodes.unknown)
  }
}
