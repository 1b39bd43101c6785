internal import PacketDissector

/// Who is behind NAT, by the hashes of IKE_SA_INIT.
enum NATDetected {
  static let rule = Rule([.natDetected]) { evidence in
    var seen: Set<OuterPath> = []
    return evidence.sessions.sessions.compactMap { session in
      let path = OuterPath(
        source: session.initiator.address, destination: session.responder.address)
      guard session.nat.initiatorIsBehindNAT || session.nat.responderIsBehindNAT,
        !seen.contains(path), !seen.contains(path.back)
      else { return nil }
      seen.insert(path)
      return finding(session)
    }
  }

  private static func finding(_ session: IKESession) -> Finding {
    let nat = session.nat
    let (initiator, responder) = (session.latestInitiator, session.latestResponder)
    let summary: Statement
    switch (nat.initiatorIsBehindNAT, nat.responderIsBehindNAT) {
    case (true, true):
      summary =
        "NAT between \(initiator.address) and \(responder.address), or a side that forces UDP encapsulation"
    case (true, false):
      summary =
        "the initiator behind \(initiator.address) is behind NAT, or forces UDP encapsulation"
    default:
      summary =
        "the responder behind \(responder.address) is behind NAT, or forces UDP encapsulation"
    }
    var facts = [
      Finding.Evidence(
        "the hashes of NAT detection do not fit the addresses and ports of the packets", nat.frames)
    ]
    for end in [initiator, responder] where end.port != 500 && end.port != 4500 && end.port != 0 {
      facts.append(
        Finding.Evidence(
          "port \("\(end.port)") of \(end.address) is one that a NAT gave", [session.last]))
    }
    return Finding(
      .natDetected, .certain, about: session.subject, summary,
      meaning: "ESP goes in UDP 4500, which keepalives must hold open", evidence: facts)
  }
}
