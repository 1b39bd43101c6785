import Host
import Testing

@Suite("What VICI tells of strongSwan")
struct VICIStateTests {
  private static func message(_ text: String) throws -> VICIMessage {
    try VICIText.message(text)
  }

  /// As charon 5.9.8 told it in the lab, by `swanctl --raw`.
  private static func answers() throws -> VICIAnswers {
    var answers = VICIAnswers()
    answers.version = try message("daemon=charon version=5.9.8 sysname=Linux")
    answers.connections = [
      try message(
        """
        net {local_addrs=[10.1.0.2] remote_addrs=[10.2.0.2] version=IKEv2 reauth_time=0 \
        rekey_time=14400 unique=UNIQUE_NO dpd_delay=30 local-1 {class=psk groups=[] certs=[]} \
        children {net {mode=TUNNEL rekey_time=3600 dpd_action=none close_action=none \
        local-ts=[10.98.0.0/24] remote-ts=[10.99.0.0/24]}}}
        """),
      try message(
        """
        down {local_addrs=[10.1.0.2] remote_addrs=[10.2.0.9] version=IKEv2 reauth_time=0 \
        rekey_time=14400 children {down {mode=TUNNEL dpd_action=start close_action=trap \
        local-ts=[10.98.0.0/24] remote-ts=[10.77.0.0/24]}}}
        """),
      try message(
        """
        any {local_addrs=[%any] remote_addrs=[%any] version=IKEv1/2 \
        children {one {dpd_action=restart local-ts=[dynamic] remote-ts=[dynamic]} two {}}}
        """),
    ]
    answers.policies = [
      try message("net/net {child=net ike=net mode=TUNNEL local-ts=[10.98.0.0/24]}")
    ]
    answers.sas = [
      try message(
        """
        net {uniqueid=2 version=2 state=ESTABLISHED local-host=10.1.0.2 local-port=4500 \
        local-id=10.1.0.2 remote-host=10.2.0.2 remote-port=4500 remote-id=10.2.0.2 initiator=yes \
        initiator-spi=e9b2fdb388f0ba08 responder-spi=9557aacd3afab659 nat-remote=yes established=2 \
        rekey-time=14173 child-sas {net-2 {name=net uniqueid=2 reqid=1 state=INSTALLED mode=TUNNEL \
        protocol=ESP encap=yes spi-in=bf0c2e3c spi-out=1a4579ca encr-alg=AES_GCM_16 esn=1 \
        bytes-in=252 packets-in=3 use-in=1 bytes-out=168 packets-out=2 use-out=4 rekey-time=-19 \
        life-time=3958 install-time=2 local-ts=[10.98.0.0/24] remote-ts=[10.99.0.0/24]}}}
        """),
      try message(
        """
        down {uniqueid=1 version=2 state=CONNECTING local-host=10.1.0.2 remote-host=10.2.0.9 \
        remote-id=%any initiator=yes initiator-spi=cdbfefd49620ef05 \
        responder-spi=0000000000000000 tasks-active=[IKE_INIT CHILD_CREATE] child-sas {}}
        """),
    ]
    let counters = try message("down {ike-init-out-req=1} net {ike-rekey-init=2 odd=x}")
    answers.counters.entries =
      [.init("", .section(try message("invalid=3 ike-init-out-req=2")))] + counters.entries
    return answers
  }

  @Test("SAs have their SPIs, counters and times")
  func sas() throws {
    let state = DaemonState(try Self.answers())
    #expect(state.kind == .strongSwan && state.version == "5.9.8")
    let ike = try #require(state.ikeSAs.first)
    #expect(ike.name == "net" && ike.state == "ESTABLISHED" && ike.ikeVersion == 2)
    #expect(ike.initiatorSPI == 0xE9B2_FDB3_88F0_BA08 && ike.responderSPI == 0x9557_AACD_3AFA_B659)
    #expect(ike.isInitiator == true && ike.age == 2 && ike.rekeyIn == 14173)
    #expect(ike.localAddress == "10.1.0.2" && ike.remoteIdentity == "10.2.0.2")
    let child = try #require(ike.children.first)
    #expect(child.name == "net" && child.state == "INSTALLED" && child.reqID == 1)
    #expect(child.inboundSPI == 0xBF0C_2E3C && child.outboundSPI == 0x1A45_79CA)
    #expect(child.isEncapsulated == true && child.usesESN == true)
    #expect(child.bytesIn == 252 && child.packetsIn == 3 && child.idleIn == 1)
    #expect(child.bytesOut == 168 && child.packetsOut == 2 && child.idleOut == 4)
    #expect(child.rekeyIn == -19 && child.endsIn == 3958 && child.age == 2)
    #expect(child.localSelectors == ["10.98.0.0/24"])
    #expect(state.ikeSAs.last?.responderSPI == nil)
    #expect(state.owner(ofSPI: 0xBF0C_2E3C).map { "\($0.connection) \($0.child)" } == "net net")
  }

  @Test("Connections are told as configured, with what is wanted of them and how they stand")
  func connections() throws {
    let state = DaemonState(try Self.answers())
    #expect(state.connections.map(\.name) == ["net", "down", "any"])
    #expect(state.connections.map(\.ikeVersion) == [2, 2, nil])
    #expect(state.connections.map(\.dpdDelay) == [30, nil, nil])
    let children = state.connections.flatMap(\.children)
    #expect(children.map(\.isWanted) == [true, true, nil, nil])
    #expect(children.map(\.isTrapped) == [true, false, false, false])
    #expect(children.allSatisfy { $0.replayWindow == nil })
    let stands = DaemonState.Standings(state)
    let standings = state.connections.flatMap { connection in
      connection.children.map { stands.standing(of: $0, in: connection) }
    }
    #expect(standings == [.up, .connecting, .down, .down])
    var idle = state
    idle.ikeSAs = []
    let rest = DaemonState.Standings(idle)
    #expect(
      idle.connections.prefix(2).map { rest.standing(of: $0.children[0], in: $0) }
        == [.waitsForTraffic, .down])
  }

  @Test("Counters are those of all, and of each connection")
  func counters() throws {
    let state = DaemonState(try Self.answers())
    #expect(state.counters == [.init("invalid", 3), .init("ike-init-out-req", 2)])
    #expect(state.connections[0].counters == [.init("ike-rekey-init", 2)])
    #expect(state.connections[1].counters == [.init("ike-init-out-req", 1)])
  }

  @Test("An older charon names a child by its key, and a trap by its child")
  func older() throws {
    var answers = try Self.answers()
    answers.policies = [try Self.message("down {mode=TUNNEL}")]
    answers.sas = [try Self.message("net {state=ESTABLISHED child-sas {net {state=INSTALLED}}}")]
    let state = DaemonState(answers)
    #expect(state.ikeSAs.first?.children.first?.name == "net")
    #expect(state.connections.flatMap(\.children).map(\.isTrapped) == [false, true, false, false])
  }

  @Test("What charon did not answer is not made up")
  func nothing() throws {
    let state = DaemonState(VICIAnswers())
    #expect(state.version == nil && state.connections.isEmpty && state.ikeSAs.isEmpty)
    var answers = VICIAnswers()
    answers.sas = [
      try Self.message("net {child-sas {c {spi-in=xyz spi-out=1ffffffff bytes-in=-1}}}")
    ]
    let child = try #require(DaemonState(answers).ikeSAs.first?.children.first)
    #expect(child.inboundSPI == nil && child.outboundSPI == nil && child.bytesIn == nil)
    #expect(child.state == "" && !child.carriesTraffic)
  }

  @Test("Events tell what came up, what went, and what replaced what")
  func events() throws {
    func event(_ name: String, _ text: String) throws -> VICIEvent? {
      VICIEvent(VICIPacket(.event, name, try Self.message(text)), at: .now)
    }
    let up = try #require(
      try event("child-updown", "up=yes net {state=ESTABLISHED child-sas {net-1 {name=net}}}"))
    #expect(up.isUp == true && up.ikeSA?.children.first?.name == "net")
    let down = try #require(try event("ike-updown", "net {uniqueid=7 state=DELETING}"))
    #expect(down.isUp == false && down.ikeSA?.uniqueID == "7")
    let child = try #require(
      try event(
        "child-rekey",
        "net {uniqueid=1 child-sas {net {old {spi-in=00000001} new {spi-in=00000002}}}}"))
    #expect(child.isUp == nil && child.oldChildren.first?.inboundSPI == 1)
    #expect(child.ikeSA?.children.first?.inboundSPI == 2)
    let ike = try #require(
      try event("ike-rekey", "net {old {uniqueid=1} new {uniqueid=2}}"))
    #expect(ike.oldIKESA?.uniqueID == "1" && ike.ikeSA?.uniqueID == "2")
    #expect(try event("list-sa", "") == nil)
    #expect(try event("child-rekey", "")?.ikeSA == nil)
  }
}

/// Reads the form in which `swanctl --raw` prints messages, for fixtures.
enum VICIText {
  static func message(_ text: String) throws -> VICIMessage {
    var tokens: [String] = []
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      var rest = word
      var tail: [String] = []
      while rest.hasSuffix("}") {
        tail.append("}")
        rest = rest.dropLast()
      }
      if rest.hasPrefix("{") {
        tokens.append("{")
        rest = rest.dropFirst()
      }
      if !rest.isEmpty { tokens.append(String(rest)) }
      tokens += tail
    }
    var place = 0
    let message = try section(tokens, &place)
    try #require(place == tokens.count)
    return message
  }

  private static func section(_ tokens: [String], _ place: inout Int) throws -> VICIMessage {
    var message = VICIMessage()
    while place < tokens.count, tokens[place] != "}" {
      let token = tokens[place]
      place += 1
      if let equals = token.firstIndex(of: "=") {
        let name = String(token[..<equals])
        var value = String(token[token.index(after: equals)...])
        guard value.hasPrefix("[") else {
          message.entries.append(.init(name, .text(value)))
          continue
        }
        while !value.hasSuffix("]"), place < tokens.count {
          value += " " + tokens[place]
          place += 1
        }
        let items = value.dropFirst().dropLast().split(separator: " ").map(String.init)
        message.entries.append(.init(name, .list(items)))
      } else {
        try #require(place < tokens.count && tokens[place] == "{")
        place += 1
        message.entries.append(.init(token, .section(try section(tokens, &place))))
        try #require(place < tokens.count)
        place += 1
      }
    }
    return message
  }
}
