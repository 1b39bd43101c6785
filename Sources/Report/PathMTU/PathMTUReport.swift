internal import Diagnosis
package import Measurement
internal import PacketDissector

/// What `ipsecdiag mtu TARGET` found, and what it comes to in one line.
package struct PathMTUReport {
  package let result: PathResult
  package let advice: PathAdvice
  let naming: Naming

  package init(_ result: PathResult, _ advice: PathAdvice, _ naming: Naming) {
    self.result = result
    self.advice = advice
    self.naming = naming
  }

  /// OK where nothing is wrong, and nothing that was asked is left open.
  package var word: Verdict.Word {
    switch result.findings.map(\.severity).max() {
    case .critical: .critical
    case .warning: .warning
    case .info, nil: result.isIncomplete ? .unknown : .ok
    }
  }

  /// "packets of up to 1400 bytes pass; 1 finding: mtu-blackhole"
  package var phrase: String {
    let problems = result.findings.filter { $0.severity > .info }
    var ids: [String] = []
    for finding in problems where !ids.contains(finding.id.rawValue) {
      ids.append(finding.id.rawValue)
    }
    let found =
      problems.isEmpty
      ? "" : "; \(Verdict.counted(problems.count, "finding")): \(ids.joined(separator: ", "))"
    return size + found + (result.isInterrupted ? "; interrupted" : "")
  }

  private var size: String {
    guard let pathMTU = result.pathMTU else { return "nothing was answered" }
    guard !result.isLimited else { return "packets of up to \(pathMTU) bytes pass" }
    let isAll = pathMTU == result.local?.interfaceMTU
    return
      "packets of up to \(pathMTU) bytes pass, \(isAll ? "all that this machine's interface sends" : "the largest that were tried")"
  }

  /// The name that was asked for; an address by its own name.
  var target: String {
    if IPAddress(text: result.target) != nil { return address }
    return naming.name(ofIdentity: result.target)
  }

  /// Why a class could not be measured; the reason may name this machine's addresses.
  func reason(_ words: String) -> String {
    naming.redacts ? "this machine could not send such packets" : words
  }

  var address: String { naming.name(of: result.address).description }
}
