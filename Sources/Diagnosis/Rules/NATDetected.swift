internal import PacketDissector

/// Who is behind NAT, by the hashes of IKE_SA_INIT.
enum NATDetected {
  static let rule = Rule([.natDetected]) { evidence in
    var order: [Translated] = []
    var sessions: [Translated: [IKESession]] = [:]
    for session in evidence.sessions.sessions {
      guard let translated = Translated(session) else { continue }
      if sessions[translated] == nil { order.append(translated) }
      sessions[translated, default: []].append(session)
    }
    return order.compactMap { translated in finding(sessions[translated] ?? []) }
  }

  /// Whose address is translated: with many peers that is still one NAT.
  private struct Translated: Hashable {
    let initiator: IPAddress?
    let responder: IPAddress?

    init?(_ session: IKESession) {
      let nat = session.nat
      guard nat.initiatorIsBehindNAT || nat.responderIsBehindNAT else { return nil }
      initiator = nat.initiatorIsBehindNAT ? session.initiator.address : nil
      responder = nat.responderIsBehindNAT ? session.responder.address : nil
    }
  }

  private static func finding(_ sessions: [IKESession]) -> Finding? {
    guard let session = sessions.first else { return nil }
    let nat = session.nat
    let (initiator, responder) = (session.latestInitiator, session.latestResponder)
    let mapped = [initiator, responder].filter { ![0, 500, 4500].contains($0.port) }
    let who: Statement
    switch (nat.initiatorIsBehindNAT, nat.responderIsBehindNAT) {
    case (true, true): who = "\(initiator.address) and \(responder.address)"
    case (true, false): who = "\(initiator.address), the initiator"
    default: who = "\(responder.address), the responder"
    }
    var facts = [
      Finding.Evidence(
        "the hashes of NAT detection do not fit the addresses and ports of the packets", nat.frames)
    ]
    for end in mapped {
      facts.append(
        Finding.Evidence(
          "port \("\(end.port)") of \(end.address) is none of IKE's own: a NAT's, most likely",
          [session.last]))
    }
    if mapped.isEmpty {
      facts.append(
        Finding.Evidence("all ports are as they were chosen: a NAT would have to keep them"))
    }
    let peers = Set(sessions.flatMap { [$0.initiator.address, $0.responder.address] }).count - 2
    if peers > 0 {
      facts.append(Finding.Evidence("the same with \(peers) further peers"))
    }
    return Finding(
      .natDetected, mapped.isEmpty ? .possible : .likely, about: session.subject,
      mapped.isEmpty
        ? "\(who), behind NAT or forcing UDP encapsulation: the NAT detection hashes do not fit"
        : "NAT in front of \(who): the NAT detection hashes do not fit, and ports are mapped",
      meaning: "ESP goes in UDP 4500, which keepalives must hold open", evidence: facts)
  }
}
