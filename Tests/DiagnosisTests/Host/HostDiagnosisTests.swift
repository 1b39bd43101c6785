import Diagnosis
import Host
import PacketDissector
import Testing

@Suite("What a machine's own SAs and counters say is wrong")
struct HostDiagnosisTests {
  struct Fault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let before: HostSnapshot
    let after: HostSnapshot
    let counter: String
    let cause: DropCause.Cause
    let finding: FindingID

    init(
      _ name: String, _ sa: KernelSA?, counter: String, _ cause: DropCause.Cause,
      _ finding: FindingID, change: (inout KernelSA) -> Void = { $0.counters.packets += 1000 }
    ) {
      testDescription = name
      var changed = sa ?? SyntheticHost.inbound()
      change(&changed)
      before = SyntheticHost.snapshot(
        [sa ?? SyntheticHost.inbound(), SyntheticHost.outbound()], [counter: 5])
      after = SyntheticHost.snapshot(
        (sa == nil ? [] : [changed]) + [SyntheticHost.outbound()], [counter: 325], after: 10)
      self.counter = counter
      self.cause = cause
      self.finding = finding
    }
  }

  static let faults: [Fault] = [
    Fault(
      "reordering without ESN", SyntheticHost.inbound(), counter: "XfrmInStateSeqError",
      .reordering, .replayWindowTooSmall
    ) {
      $0.counters.packets += 1000
      $0.counters.beforeWindow += 320
    },
    Fault(
      "reordering with ESN", SyntheticHost.inbound(esn: true), counter: "XfrmInStateProtoError",
      .windowUnderESN, .replayWindowTooSmall
    ) {
      $0.counters.packets += 1000
      $0.counters.integrityFailed += 320
    },
    Fault(
      "duplicates", SyntheticHost.inbound(), counter: "XfrmInStateSeqError", .duplicates,
      .replaySuspected
    ) {
      $0.counters.packets += 1000
      $0.counters.replayed += 320
    },
    Fault(
      "a wrong key", SyntheticHost.inbound(), counter: "XfrmInStateProtoError", .wrongKeys,
      .espICVBad
    ) { $0.counters.integrityFailed += 320 },
    Fault(
      "a wrong key under ESN", SyntheticHost.inbound(esn: true), counter: "XfrmInStateProtoError",
      .wrongKeys, .espICVBad
    ) { $0.counters.integrityFailed += 320 },
    Fault(
      "an SPI that no SA has", SyntheticHost.inbound(), counter: "XfrmInNoStates", .missingSA,
      .espUnknownSPI),
    Fault(
      "an SA that is gone", nil, counter: "XfrmInNoStates", .lifetimeEnd, .saExpired),
    Fault(
      "a policy that does not fit", SyntheticHost.inbound(), counter: "XfrmInTmplMismatch",
      .policyMismatch, .policyMismatch),
    Fault(
      "a policy that blocks", SyntheticHost.inbound(), counter: "XfrmInPolBlock",
      .blockedByPolicy, .policyMismatch),
    Fault(
      "nothing to send through", SyntheticHost.inbound(), counter: "XfrmOutNoStates",
      .noOutboundSA, .policyNoSA),
    Fault(
      "the end of a lifetime", SyntheticHost.inbound(), counter: "XfrmInStateExpired",
      .lifetimeEnd, .saExpired),
    Fault(
      "another encapsulation", SyntheticHost.inbound(), counter: "XfrmInStateMismatch",
      .encapsulationMismatch, .encapsulationMismatch),
    Fault(
      "numbers used up", SyntheticHost.inbound(), counter: "XfrmOutStateSeqError",
      .sequenceExhausted, .espSequenceWrap),
    Fault(
      "the other direction", SyntheticHost.inbound(), counter: "XfrmInStateDirError",
      .directionMismatch, .saDirection),
  ]

  @Test("Each fault leads to its own cause first, and to its finding", arguments: faults)
  func fault(_ fault: Fault) throws {
    let diagnosis = HostDiagnosis(fault.after, since: fault.before)
    let drop = try #require(diagnosis.drops.first { $0.counter == fault.counter })
    #expect(drop.count == 320)
    #expect(drop.candidates.first?.cause == fault.cause)
    #expect(diagnosis.findings.first?.id == fault.finding)
    #expect(diagnosis.findings.allSatisfy { !$0.evidence.isEmpty && !$0.remedies.isEmpty })
  }

  @Test("Where the same counters did not rise, nothing is found", arguments: faults)
  func healthyTwin(_ fault: Fault) {
    var later = fault.before
    later.time = fault.after.time
    let diagnosis = HostDiagnosis(later, since: fault.before)
    #expect(diagnosis.drops.isEmpty && diagnosis.findings.isEmpty)
  }

  @Test("Counts since the machine was started are told, and alarm nobody")
  func oldNews() {
    let counters: [String: UInt64] = [
      "XfrmInNoStates": 320, "XfrmInTmplMismatch": 9, "XfrmFwdHdrError": 4, "XfrmNewError": 1,
      "XfrmOutNoStates": 12, "XfrmInStateProtoError": 7,
    ]
    let diagnosis = HostDiagnosis(
      SyntheticHost.snapshot([SyntheticHost.inbound(), SyntheticHost.outbound()], counters))
    #expect(diagnosis.drops.count == 6)
    #expect(diagnosis.findings.count == 4)
    #expect(diagnosis.findings.allSatisfy { $0.severity == .info && $0.confidence == .possible })
    #expect(
      diagnosis.findings.allSatisfy { $0.summary.plain.hasSuffix("since the machine was started") })
    #expect(
      diagnosis.drops.first { $0.counter == "XfrmNewError" }?.candidates.first?.cause == .other)
  }

  @Test("A busy gateway with SAs for each CPU and a rekey between the readings has nothing wrong")
  func busyGateway() {
    let before = (0..<8).flatMap { cpu -> [KernelSA] in
      [SyntheticHost.inbound(0x100 + cpu), SyntheticHost.outbound(0x200 + cpu)]
    }
    let after = [SyntheticHost.inbound(0x900), SyntheticHost.outbound(0xa00)] + before.dropFirst(2)
    let diagnosis = HostDiagnosis(
      SyntheticHost.snapshot(after, ["XfrmInNoStates": 12, "XfrmFwdHdrError": 90], after: 10),
      since: SyntheticHost.snapshot(before, ["XfrmInNoStates": 5, "XfrmFwdHdrError": 10]))
    #expect(diagnosis.findings.allSatisfy { $0.severity == .info })
    #expect(diagnosis.drops.first { $0.counter == "XfrmInNoStates" }?.count == 7)
  }

  @Test("Window 0 is right on an outbound SA, and no protection on an inbound one")
  func protection() {
    let inbound = SyntheticHost.inbound(window: 0)
    let diagnosis = HostDiagnosis(SyntheticHost.snapshot([SyntheticHost.outbound(), inbound]))
    #expect(diagnosis.sas.map(\.role) == [.inbound, .outbound])
    #expect(diagnosis.sas.map(\.protection) == [.off, .notApplicable])
    #expect(diagnosis.findings.map(\.id) == [.replayOff])
    #expect(diagnosis.findings.first?.confidence == .likely)

    var told = inbound
    told.direction = .incoming
    let certain = HostDiagnosis(SyntheticHost.snapshot([told]))
    #expect(certain.findings.first?.confidence == .certain)
    told.direction = .outgoing
    #expect(HostDiagnosis(SyntheticHost.snapshot([told])).findings.isEmpty)
  }

  @Test("Where all packets fail on keys that a daemon agreed on, the length of the ICV is first")
  func shortenedICV() throws {
    var sa = SyntheticHost.inbound(integrity: "hmac(sha256)")
    sa.counters.packets = 0
    sa.counters.integrityFailed = 50
    var snapshot = SyntheticHost.snapshot([sa])
    let byHand = HostDiagnosis(snapshot)
    #expect(byHand.findings.first?.id == .espICVBad)
    var daemon = DaemonState(.strongSwan)
    var ikeSA = DaemonState.IKESA(name: "office", state: "ESTABLISHED")
    var child = DaemonState.ChildSA(name: "net", state: "INSTALLED")
    child.inboundSPI = sa.spi
    ikeSA.children = [child]
    daemon.ikeSAs = [ikeSA]
    snapshot.daemons = [daemon]
    let agreed = HostDiagnosis(snapshot)
    #expect(agreed.findings.first?.id == .espICVLength)
    let owner = try #require(agreed.sas.first?.owner)
    #expect(owner.connection == "office" && owner.child == "net")
  }

  @Test("A million packets a second use up 2^32 numbers in 72 minutes, and 2^64 not at all")
  func exhaustion() throws {
    var before = SyntheticHost.outbound()
    before.replay.outgoing = 0
    var after = before
    after.replay.outgoing = 10_000_000
    let plain = HostDiagnosis(
      SyntheticHost.snapshot([after], after: 10), since: SyntheticHost.snapshot([before]))
    let forecast = try #require(plain.sas.first?.forecast)
    #expect(forecast.perSecond == 1_000_000)
    #expect(forecast.basis == .measured(.seconds(10)))
    #expect((71.0...72.0).contains(forecast.left.seconds / 60))
    #expect(plain.findings.first?.id == .espSequenceWrap)

    after.limits.age.soft = 3600 + 1800
    let rekeyed = HostDiagnosis(
      SyntheticHost.snapshot([after], after: 10), since: SyntheticHost.snapshot([before]))
    #expect(rekeyed.findings.isEmpty)
    after.limits = .init()
    after.usesESN = true
    let extended = HostDiagnosis(
      SyntheticHost.snapshot([after], after: 10), since: SyntheticHost.snapshot([before]))
    #expect(extended.findings.isEmpty)
  }

  @Test(
    "A child that is to stand and has no SA is down; one that waits for traffic or is made on demand may rest"
  )
  func tunnelDown() {
    var daemon = DaemonState(.strongSwan)
    var connection = DaemonState.Connection(name: "office")
    var child = DaemonState.ConfiguredChild(name: "net")
    child.isWanted = true
    connection.children = [child]
    daemon.connections = [connection]
    var snapshot = SyntheticHost.snapshot([])
    snapshot.daemons = [daemon]
    #expect(HostDiagnosis(snapshot).findings.map(\.id) == [.tunnelDown])
    snapshot.daemons[0].connections[0].children[0].isTrapped = true
    #expect(HostDiagnosis(snapshot).findings.isEmpty)
    snapshot.daemons[0].connections[0].children[0].isTrapped = false
    snapshot.daemons[0].connections[0].children[0].isWanted = false
    #expect(HostDiagnosis(snapshot).findings.isEmpty)
  }

  @Test("What could not be read is told with its reason")
  func blindSpots() {
    var snapshot = SyntheticHost.snapshot([])
    snapshot.missing = [.init(.policies, "it takes CAP_NET_ADMIN", isPermission: true)]
    let spots = HostDiagnosis(snapshot).blindSpots.map(\.plain)
    #expect(spots.contains("the kernel's policies could not be read: it takes CAP_NET_ADMIN"))
  }

  @Test("Ten thousand SAs take a moment in a debug build")
  func many() {
    let sas = (1...UInt32(10_000)).map { SyntheticHost.inbound($0) }
    let clock = ContinuousClock()
    let before = SyntheticHost.snapshot(sas)
    let time = clock.measure {
      #expect(
        HostDiagnosis(SyntheticHost.snapshot(sas, after: 10), since: before).sas.count == 10_000)
    }
    #expect(time < .seconds(5))
  }
}
