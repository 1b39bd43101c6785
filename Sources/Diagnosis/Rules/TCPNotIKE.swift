internal import PacketDissector

/// A TCP port that takes the connection, and speaks something else than IKE (RFC 9329).
enum TCPNotIKE {
  static let rule = Rule([.tcpNotIKE]) { evidence in
    var seen: Set<Endpoint> = []
    // Of segments that were cut, records cannot be put together.
    guard evidence.quality.cut == 0 else { return [] }
    return evidence.tcp.connections.compactMap { connection in
      guard !seen.contains(connection.server), !speaksIKE(connection.server, evidence),
        connection.records == 0, connection.answeredBytes > 0 || connection.closed != nil
      else { return nil }
      seen.insert(connection.server)
      return finding(connection, evidence)
    }
  }

  /// On some connection it did.
  private static func speaksIKE(_ server: Endpoint, _ evidence: CaptureEvidence) -> Bool {
    evidence.tcp.connections.contains { $0.server == server && $0.records > 0 }
  }

  private static func finding(
    _ connection: TCPTracker.Connection, _ evidence: CaptureEvidence
  ) -> Finding? {
    let attempts = evidence.tcp.connections.filter { $0.server == connection.server }
    let answered = attempts.filter { $0.answeredBytes > 0 }
    // Closed without a word: a peer that refuses, or none that speaks IKE. Once may be chance.
    guard !answered.isEmpty || attempts.count(where: { $0.closed != nil }) >= 2 else { return nil }
    var facts = [
      Finding.Evidence(
        "\(connection.client.address) connects and sends the prefix IKETCP, \(Quantity.times(UInt64(attempts.count)))",
        attempts.prefix(4).map(\.prefix))
    ]
    if let answer = answered.first, let frame = answer.firstAnswer {
      facts.append(
        Finding.Evidence(
          answer.greeting.map { "the answer begins with \"\(identity: $0)\"" }
            ?? "the answer, \(answer.answeredBytes) bytes, is neither IKE nor ESP", [frame]))
    }
    let closed = attempts.compactMap(\.closed)
    if !closed.isEmpty {
      facts.append(
        Finding.Evidence("the server ends the connection", Array(closed.prefix(4))))
    }
    let server = connection.server
    return Finding(
      .tcpNotIKE, answered.contains { $0.greeting != nil } ? .certain : .likely,
      about: .peers(connection.client.address, server.address),
      "TCP port \("\(server.port)") of \(server.address) answers, but does not speak IKE",
      meaning: "another service or a proxy has the port: IKE over TCP (RFC 9329) cannot work there",
      evidence: facts,
      remedies: [
        Finding.Remedy(
          "check the port that the peer listens on for IKE over TCP (4500 by default), and what has this one",
          [
            .init(.shell, "ss -ltnp 'sport = :\("\(server.port)")'"),
            .init(.libreswan, "listen-tcp=yes"), .init(.libreswan, "tcp-remoteport=4500"),
          ]),
        Finding.Remedy(
          "check that no proxy or load balancer stands between, which speaks HTTP or TLS"),
      ])
  }
}
