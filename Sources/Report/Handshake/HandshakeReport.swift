package import Diagnosis
internal import IKE
package import Measurement
package import PacketDissector

/// What `ipsecdiag handshake` found: one or more handshakes with a peer.
package struct HandshakeReport {
  package let target: String
  package let address: IPAddress
  package let runs: [HandshakeRun]
  package let isInterrupted: Bool
  /// What the failures mean, each kind once, and what is worth knowing besides.
  package let findings: [Finding]
  package let totals: DurationStatistics

  package init(
    target: String, address: IPAddress, _ runs: [HandshakeRun], isInterrupted: Bool
  ) {
    self.target = target
    self.address = address
    self.runs = runs
    self.isInterrupted = isInterrupted
    totals = DurationStatistics(runs.compactMap(\.trace.total))
    var findings: [Finding] = []
    for finding in runs.compactMap(\.finding)
    where !findings.contains(where: { $0.id == finding.id }) {
      findings.append(finding)
    }
    if findings.isEmpty, let repeated = HandshakeLoss(runs).finding { findings.append(repeated) }
    self.findings = findings
  }

  package var succeeded: Int { runs.count { $0.trace.established != nil } }

  package var word: Verdict.Word {
    switch findings.map(\.severity).max() {
    case .critical: .critical
    case .warning: .warning
    case .info, nil: succeeded == runs.count && !runs.isEmpty ? .ok : .unknown
    }
  }

  /// What the first line says behind the word.
  func phrase(_ naming: Naming) -> String {
    let peer = Self.peer(target, address, naming)
    guard let last = runs.last else { return "no handshake with \(peer)" }
    guard runs.count > 1 else {
      guard let total = last.trace.total else {
        return "no tunnel with \(peer): \(failureWords(last, naming))"
      }
      return
        "SA with \(peer) after \(total.words): \(Verdict.counted(last.trace.exchanges.count, "exchange")), \(Verdict.counted(last.trace.packets, "packet")), \(repeatWords(last.trace))"
    }
    let made = "\(Quantity.grouped(Int64(succeeded))) of \(Quantity.grouped(Int64(runs.count)))"
    guard let median = totals.median, let late = totals.percentile(95), let most = totals.largest
    else { return "\(made) handshakes with \(peer) succeeded: \(failureWords(last, naming))" }
    return
      "\(made) handshakes with \(peer): median \(median.words), p95 \(late.words), longest \(most.words)"
  }

  static func peer(_ target: String, _ address: IPAddress, _ naming: Naming) -> String {
    let shown = naming.name(of: address).description
    return target == address.description || naming.redacts ? shown : "\(target) (\(shown))"
  }

  private func repeatWords(_ trace: HandshakeTrace) -> String {
    trace.repeated == 0
      ? "nothing sent again"
      : "\(Verdict.counted(trace.repeated, "request")) sent again"
  }

  func failureWords(_ run: HandshakeRun, _ naming: Naming) -> String {
    if let finding = run.finding { return naming.unescaped(finding.summary) }
    guard let failure = run.failure else { return "it was not tried" }
    return switch failure {
    case .interrupted: "interrupted"
    case .socket(let error): "\(error)"
    case .session(let failure): "\(failure)"
    case .refusedChild: "the peer made no Child SA"
    case .ended: "the SA was deleted"
    case .noChild: "there is no Child SA"
    case .esp, .crypto: "this machine cannot compute its keys"
    }
  }
}

/// Requests that had to be sent again, over many handshakes.
struct HandshakeLoss {
  private let runs: [HandshakeRun]
  private var sent: Int { runs.reduce(0) { $0 + $1.trace.transmissions } }
  private var repeated: Int { runs.reduce(0) { $0 + $1.trace.repeated } }

  init(_ runs: [HandshakeRun]) { self.runs = runs }

  /// As a probe's: from three on, and from a twentieth of all on.
  var finding: Finding? {
    guard repeated >= 3, repeated * 20 >= sent, let subject = runs.last?.subject else { return nil }
    let share = Quantity.percent(UInt64(repeated), of: UInt64(sent))
    return Finding(
      .ikeRetransmits, .likely, about: subject,
      "\(repeated) of \(sent) requests had to be sent again (\(share))",
      meaning: "packets are lost on the way, or the peer answers late",
      evidence: [
        Finding.Evidence(
          "\(runs.count) handshakes, \(sent) requests sent, \(repeated) of them again")
      ],
      remedies: [
        Finding.Remedy(
          "see what that costs, and what other settings would",
          [.init(.shell, "ipsecdiag handshake --loss-model --loss 5 --retransmit strongswan")])
      ])
  }
}
