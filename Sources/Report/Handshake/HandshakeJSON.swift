internal import Diagnosis
internal import IKE
internal import IPsecCrypto
internal import Measurement
package import PacketDissector

/// What `ipsecdiag handshake --json` prints. Schemas/handshake-1.schema.json describes it.
package struct HandshakeJSON {
  private let report: HandshakeReport
  private let naming: Naming

  package init(_ report: HandshakeReport, _ naming: Naming) {
    self.report = report
    self.naming = naming
  }

  package func write(toolVersion: String, to text: inout TextBuffer) {
    text.put("{\"schema\":\"ipsecdiag.handshake/1\",\"tool_version\":")
    text.json(toolVersion)
    text.put(",\"redacted\":")
    text.json(naming.redacts)
    text.put(",\"target\":")
    text.json(naming.name(ofIdentity: report.target))
    text.put(",\"address\":")
    text.json(report.address, naming)
    text.put(",\"state\":")
    text.json(report.word.rawValue.lowercased())
    text.put(",\"interrupted\":")
    text.json(report.isInterrupted)
    text.member("succeeded", UInt64(report.succeeded))
    text.durations(report.totals)
    text.put(",\"runs\":")
    text.list(report.runs) { run($1, to: &$0) }
    text.put(",\"findings\":")
    text.list(report.findings) { $0.json($1, naming) }
    text.put("}\n")
  }

  private func run(_ run: HandshakeRun, to text: inout TextBuffer) {
    text.put("{\"failure\":")
    if run.failure != nil { text.json(report.failureWords(run, naming)) } else { text.put("null") }
    text.member("total_ms", milliseconds: run.trace.total?.span)
    text.member("waited_to_repeat_ms", milliseconds: run.trace.waitedToRepeat.span)
    text.member("cpu_ms", milliseconds: run.trace.computed.span)
    text.member("packets", UInt64(max(0, run.trace.packets)))
    text.member("octets", UInt64(max(0, run.trace.octets)))
    text.put(",\"exchanges\":")
    text.list(run.trace.exchanges) { $0.exchange($1) }
    text.put(",\"sa\":")
    if let sa = run.established { self.sa(sa, to: &text) } else { text.put("null") }
    text.put("}")
  }

  private func sa(_ sa: EstablishedSA, to text: inout TextBuffer) {
    text.put("{\"key_exchanges\":")
    let suite = sa.algorithms.suite
    text.list([suite.keyExchange] + suite.additional) { $0.json($1) }
    text.put(",\"local_method\":")
    text.json(sa.localMethod)
    text.put(",\"remote_method\":")
    text.json(sa.remoteMethod)
    text.put(",\"eap\":")
    text.json(sa.eapUserName != nil)
    text.put(",\"ppk\":")
    text.json(sa.usesPPK)
    text.put(",\"ike_fragments\":")
    text.json(sa.usesFragmentation)
    text.put(",\"peer_identity\":")
    text.json(naming.name(ofIdentity: "\(sa.peerIdentity)"))
    text.put("}")
  }
}
