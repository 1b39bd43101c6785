import Diagnosis
import ESP
import IKE
import Measurement
import PacketDissector
import Synchronization
import Testing

@Suite("Echoes over loopback", .timeLimit(.minutes(1)))
struct EchoLoopbackTests {
  /// Answers ESP echo as a peer with one pair of SAs does; `loses` is asked of each packet.
  private static func run(
    loses: @escaping @Sendable (Int) -> Bool = { _ in false },
    _ plan: PingPlan, _ body: @escaping @Sendable (PingResult) -> Void
  ) {
    let responder = Mutex((responder: EchoResponder(), packets: 0))
    let left = EchoingGateway.run(answer: { payload in
      responder.withLock { state in
        state.packets += 1
        if loses(state.packets) { return nil }
        if let reply = InnerEcho.reply(to: payload) { return reply }
        let now = Instant.now
        let answer = state.responder.answer(payload, partnerSPI: 1, peerSPIs: [1], at: now)
        guard case .reply(let reply, _) = answer else { return nil }
        return reply
      }
    }) { tunnel in
      let established = try tunnel.establish { false }
      var ping = TunnelPing(tunnel, established, plan)
      body(ping.run { false })
    }
    #expect(left == 0)
  }

  private static func plan(_ probe: PingPlan.Probe, count: Int = 10) -> PingPlan {
    var plan = PingPlan(probe)
    plan.count = count
    plan.interval = .milliseconds(10)
    plan.timeout = .milliseconds(300)
    return plan
  }

  @Test(
    "All echoes of either format are answered, and IKE is alive",
    arguments: [
      ESPEchoFormat.merged, .draft03,
    ])
  func formats(_ format: ESPEchoFormat) {
    Self.run(Self.plan(.encrypted(format, .partner))) { result in
      #expect(result.sent == 10 && result.answered == 10 && result.lost == 0)
      #expect(result.liveness.isAlive)
      #expect(result.onAnotherPath == 0 && result.wrongData == 0 && result.shortened == 0)
      #expect(result.findings.isEmpty)
      #expect(result.requests.allSatisfy { ($0.datagramBytes ?? 0) > $0.dataBytes })
    }
  }

  @Test("A one-way probe is answered by nobody, and that is no loss")
  func oneWay() {
    Self.run(Self.plan(.encrypted(.merged, .none))) { result in
      #expect(result.sent == 10 && result.answered == 0 && result.lost == 0)
      #expect(result.findings.isEmpty)
    }
  }

  @Test("ICMP echoes inside the Child SA are answered with their data")
  func inner() {
    let probe = PingPlan.Probe.inner(
      source: IPAddress(v4: 0x0A01_0001), destination: IPAddress(v4: 0x0A02_0001))
    Self.run(Self.plan(probe)) { result in
      #expect(result.answered == 10 && result.wrongData == 0 && result.shortened == 0)
    }
  }

  @Test("A third of the packets lost shows as that")
  func loss() {
    Self.run(loses: { $0 % 3 == 0 }, Self.plan(.encrypted(.merged, .partner), count: 12)) {
      result in
      #expect(result.answered == 8 && result.lost == 4)
      #expect(result.findings.map(\.id) == [.espLoss])
    }
  }

  @Test("Silence is no finding where the peer has announced nothing")
  func silence() {
    Self.run(loses: { _ in true }, Self.plan(.encrypted(.merged, .partner), count: 3)) { result in
      #expect(result.answered == 0 && result.lost == 3)
      #expect(result.liveness.isAlive)
      #expect(result.findings.isEmpty)
      // With the announcement of both sides the same silence is a dead data path.
      var announced = result
      announced.established?.announced = [.espEchoSupported]
      #expect(announced.findings.map(\.id) == [.espBlocked])
      announced.otherPackets = 1
      #expect(announced.findings.map(\.id) == [.espOneWay])
    }
  }

  @Test("IKE that gives up while echoes are answered is another finding than a dead peer")
  func deadIKE() {
    Self.run(Self.plan(.encrypted(.merged, .partner), count: 2)) { result in
      var dead = result
      dead.ending = .session(.noAnswer(.informational))
      #expect(dead.findings.map(\.id) == [.dpdFalseDeath])
      dead = PingResult(result.plan, from: result.local, to: result.remote)
      dead.ending = .session(.noAnswer(.informational))
      #expect(dead.findings.map(\.id) == [.dpdPeerDead])
    }
  }
}
