import Diagnosis
import PacketDissector
import Testing

/// What two made-up captures of one path must show: clocks, NAT, order and gaps of every kind.
@Suite("Comparing two captures")
struct ComparisonTests {
  private func alarms(_ diagnosis: CaptureDiagnosis) -> [String] {
    diagnosis.findings.filter { $0.severity > .info }.map(\.id.rawValue)
  }

  private func healthy(
    _ path: SyntheticPath = SyntheticPath(), until end: Double = 20
  ) -> SyntheticPath {
    var path = path
    path.establish(until: end)
    path.traffic(from: 0.5, to: end)
    return path
  }

  @Test(
    "Clocks that differ by seconds are found out to half the round trip", arguments: [-3.0, 0, 3])
  func offset(_ seconds: Double) throws {
    let diagnosis = healthy(SyntheticPath(offset: seconds)).diagnosis
    let comparison = try #require(diagnosis.comparison)
    #expect(comparison.clock.basis == .bothWays)
    #expect(abs(comparison.clock.offset.seconds - seconds) < 0.001)
    let uncertainty = try #require(comparison.clock.uncertainty)
    #expect(abs(uncertainty.seconds - 0.02) < 0.001)
    #expect(comparison.clock.drift == 0)
    #expect(alarms(diagnosis).isEmpty)
    let path = try #require(comparison.paths.first)
    #expect(comparison.paths.count == 1)
    for direction in path.directions {
      #expect(direction.esp.sent == direction.esp.arrived)
      #expect(direction.total { _ in true }.unsent == 0)
      #expect(direction.hops == 3...3)
      let delay = try #require(direction.counts[.espSmall]?.medianDelay)
      #expect(abs(delay.seconds - 0.02) < 0.002)
    }
  }

  @Test("Ways of different length put the offset off by no more than the uncertainty says")
  func asymmetry() throws {
    let comparison = try #require(
      healthy(SyntheticPath(offset: 1, delay: 0.05, delayBack: 0.01)).diagnosis.comparison)
    let uncertainty = try #require(comparison.clock.uncertainty)
    #expect(abs(comparison.clock.offset.seconds - 1) <= uncertainty.seconds + 0.0001)
    #expect(abs(comparison.clock.offset.seconds - 1.02) < 0.001)
  }

  @Test("A clock that drifts is followed", arguments: [-200e-6, 100e-6])
  func drift(_ rate: Double) throws {
    let diagnosis = healthy(SyntheticPath(offset: -2, drift: rate), until: 300).diagnosis
    let clock = try #require(diagnosis.comparison?.clock)
    #expect(abs(clock.drift - rate) < 2e-6)
    #expect(abs(clock.offset.seconds + 2) < 0.002)
    #expect(alarms(diagnosis).isEmpty)
  }

  @Test("Which capture is named first changes nothing but the letters")
  func order() throws {
    var path = SyntheticPath(offset: 2.5)
    path.establish(until: 30)
    path.traffic(from: 0.5, to: 30) { fromA, second in !fromA && second > 10 }
    let (one, other) = (path.diagnosis, path.swapped)
    #expect(alarms(one) == ["esp-one-way"])
    #expect(alarms(other) == ["esp-one-way"])
    #expect(one.findings.first?.summary.plain.contains("from B to A") == true)
    #expect(other.findings.first?.summary.plain.contains("from A to B") == true)
    #expect(abs((other.comparison?.clock.offset.seconds ?? 0) + 2.5) < 0.001)
    let ways = try #require(other.comparison?.paths.first)
    #expect(ways.hostAtA == SyntheticPath.b.address)
    #expect(ways.fromB.esp.lost == 0)
  }

  @Test("Addresses and ports that NAT changes hide nothing, and are told")
  func translation() throws {
    var path = SyntheticPath(offset: -3)
    let outside = IPAddress(v4: 0xC612_0001)
    path.outside = [500: Endpoint(outside, 1024), 4500: Endpoint(outside, 61001)]
    let diagnosis = healthy(path).diagnosis
    let comparison = try #require(diagnosis.comparison)
    let ways = try #require(comparison.paths.first)
    #expect(comparison.paths.count == 1)
    #expect(ways.fromA.esp.lost == 0 && ways.fromB.esp.lost == 0)
    #expect(
      Set(ways.translations.map { [$0.atA.port, $0.atB.port] }) == [[500, 1024], [4500, 61001]])
    #expect(alarms(diagnosis).isEmpty)
    let nat = diagnosis.findings.filter { $0.id == .natDetected }
    #expect(nat.count == 1)
    #expect(nat.first?.confidence == .certain)
    #expect(nat.first?.evidence.contains { $0.text.plain.contains("port 61001") } == true)
  }

  @Test("Another client behind the same NAT is not taken for lost packets")
  func neighbour() throws {
    var path = SyntheticPath()
    let outside = IPAddress(v4: 0xC612_0001)
    path.outside = [500: Endpoint(outside, 1024), 4500: Endpoint(outside, 61001)]
    path = healthy(path)
    // Seen at B only: it does not pass A.
    for sequence in 1...50 as ClosedRange<UInt32> {
      path.send(
        .esp(0xC1, sequence, from: SyntheticPath.b, to: Endpoint(outside, 61002)), fromA: false,
        at: 2 + Double(sequence) * 0.1, isLost: true)
    }
    let comparison = try #require(path.diagnosis.comparison)
    #expect(comparison.elsewhereAtB == 50)
    #expect(comparison.paths.first?.fromB.esp.lost == 0)
  }

  @Test("What a mirror copied counts once")
  func copies() throws {
    var path = SyntheticPath()
    path.establish(until: 10)
    for sequence in 1...60 as ClosedRange<UInt32> {
      path.send(
        .esp(0xA1, sequence, from: SyntheticPath.a, to: SyntheticPath.b), fromA: true,
        at: 1 + Double(sequence) * 0.1, copies: 2)
    }
    let comparison = try #require(path.diagnosis.comparison)
    #expect(comparison.copiesAtA == 60 && comparison.copiesAtB == 60)
    #expect(comparison.paths.first?.fromA.esp.sent == 60)
    #expect(comparison.paths.first?.fromA.esp.arrived == 60)
  }

  @Test("Captures of different times lose nothing to each other")
  func apart() throws {
    var path = healthy(until: 40)
    path.cutB(from: 30, to: 60)
    let diagnosis = path.diagnosis
    #expect(alarms(diagnosis).isEmpty)
    let comparison = try #require(diagnosis.comparison)
    #expect(comparison.outsideAtA > 500)
    #expect(comparison.paths.first?.fromA.esp.lost == 0)
    #expect(
      abs(
        (comparison.overlap.map { Double($0.upperBound.nanoseconds - $0.lowerBound.nanoseconds) }
          ?? 0) - 9.9e9) < 0.3e9)
    path.cutB(from: 60, to: 70)
    let none = path.diagnosis
    #expect(none.comparison?.matched == 0)
    #expect(none.comparison?.overlap == nil)
    #expect(none.blindSpots.contains { $0.plain.hasPrefix("no packet is in both") })
  }

  @Test("Losses are counted with their bursts, and said to lie between")
  func loss() throws {
    var path = SyntheticPath(offset: 0.7)
    path.establish(until: 60)
    path.traffic(from: 0.5, to: 60) { fromA, second in
      fromA && second.truncatingRemainder(dividingBy: 10) < 0.5
    }
    let diagnosis = path.diagnosis
    #expect(alarms(diagnosis) == ["esp-loss"])
    let finding = try #require(diagnosis.findings.first)
    #expect(finding.confidence == .certain)
    #expect(finding.summary.plain.contains("from A to B"))
    #expect(finding.evidence.first?.capture == .a)
  }

  @Test("ESP that stops both ways while IKE goes on is blocked; with IKE, the path is down")
  func blocked() throws {
    var path = SyntheticPath(offset: 3)
    path.establish(until: 30)
    path.traffic(from: 0.5, to: 30) { _, second in second > 8 }
    #expect(alarms(path.diagnosis) == ["esp-blocked"])
    #expect(path.diagnosis.findings.first?.confidence == .certain)
    var always = SyntheticPath(offset: 3)
    always.establish(until: 30)
    always.traffic(from: 0.5, to: 30) { _, _ in true }
    #expect(alarms(always.diagnosis) == ["esp-blocked"])
  }

  @Test("The largest size that arrives is told to the byte")
  func ladder() throws {
    var path = SyntheticPath()
    path.establish(until: 30)
    var sequence: UInt32 = 1
    for round in 0..<3 {
      for size in stride(from: 100, through: 1400, by: 4) {
        let packet = SyntheticPacket.esp(
          0xA1, sequence, bytes: size, from: SyntheticPath.a, to: SyntheticPath.b)
        path.send(
          packet, fromA: true, at: 1 + Double(round) * 8 + Double(size) / 200,
          isLost: packet.bytes.count > 1300)
        sequence += 1
      }
    }
    let diagnosis = path.diagnosis
    #expect(alarms(diagnosis) == ["mtu-blackhole"])
    #expect(diagnosis.findings.first?.summary.plain.contains("above 1,300 bytes") == true)
    #expect(diagnosis.findings.first?.confidence == .certain)
  }

  @Test("A band of sizes that is lost is no limit")
  func band() throws {
    var path = SyntheticPath()
    path.establish(until: 30)
    var sequence: UInt32 = 1
    for round in 0..<4 {
      for size in stride(from: 400, through: 1400, by: 20) {
        let packet = SyntheticPacket.esp(
          0xA1, sequence, bytes: size, from: SyntheticPath.a, to: SyntheticPath.b)
        path.send(
          packet, fromA: true, at: 1 + Double(round) * 6 + Double(size) / 300,
          isLost: (900...1000).contains(packet.bytes.count))
        sequence += 1
      }
    }
    let diagnosis = path.diagnosis
    #expect(alarms(diagnosis) == ["mtu-band"])
    #expect(diagnosis.findings.first?.summary.plain.contains("908 to 988 bytes") == true)
  }

  @Test(
    "Requests that never arrive, and requests that no one answers, are told apart",
    arguments: [true, false])
  func noAnswer(isLost: Bool) throws {
    var path = SyntheticPath(offset: -1)
    let sa = SyntheticIKE().floated
    path.send(SyntheticIKE().initRequest(), fromA: true, at: 0)
    path.send(SyntheticIKE().initResponse(), fromA: false, at: 0.03)
    for second in [0.1, 4.1, 11.3, 24.3] {
      path.send(
        sa.request(.ikeAuth, id: 1, [.encrypted(.identificationInitiator, 320)]), fromA: true,
        at: second, isLost: isLost)
    }
    // Something that shows that both captures ran on.
    var other = SyntheticIKE()
    other.initiatorSPI = 9
    path.send(other.initRequest(), fromA: true, at: 30)
    path.send(other.initResponse(), fromA: false, at: 30.03)
    let diagnosis = path.diagnosis
    let findings = diagnosis.findings.filter { $0.id == .ikeNoAnswer }
    #expect(findings.count == 1)
    #expect(findings.first?.confidence == .certain)
    let words = findings.first?.summary.plain ?? ""
    #expect(words.contains(isLost ? "is lost from A to B" : "sends no answer"), "\(words)")
  }

  @Test("Retransmissions are matched in order: the ones that arrive are not the ones that are lost")
  func retransmissions() throws {
    var path = healthy(SyntheticPath(offset: 3), until: 40)
    let sa = SyntheticIKE().floated
    for (second, isLost) in [(20.0, true), (24, true), (31.2, false)] {
      path.send(
        sa.request(.createChildSA, id: 9, [.encrypted(.securityAssociation, 200)]), fromA: true,
        at: second, isLost: isLost)
    }
    path.send(
      sa.response(.createChildSA, id: 9, [.encrypted(.securityAssociation, 200)]), fromA: false,
      at: 31.23)
    let ways = try #require(path.diagnosis.comparison?.paths.first)
    let count = try #require(ways.fromA.counts[.ikeSmall])
    #expect(count.lost == 2)
    #expect(try #require(count.highDelay).seconds < 0.03)
  }

  @Test("Order, DSCP and keepalives are followed")
  func theRest() throws {
    var path = SyntheticPath()
    path.establish(until: 20)
    for sequence in 1...20 as ClosedRange<UInt32> {
      path.send(
        SyntheticPacket.esp(0xA1, sequence, from: SyntheticPath.a, to: SyntheticPath.b)
          .with(dscp: 46), fromA: true, at: 1 + Double(sequence) * 0.1,
        late: sequence == 5 ? 0.25 : 0, dscp: 0)
    }
    for second in [3.0, 8, 13] {
      path.send(
        .keepalive(from: SyntheticPath.a, to: SyntheticPath.b), fromA: true, at: second,
        isLost: second == 8)
    }
    let ways = try #require(path.diagnosis.comparison?.paths.first)
    #expect(ways.fromA.overtaken == 1)
    #expect(ways.fromA.classChanges.map { [$0.sent, $0.arrived] } == [[46, 0]])
    #expect(ways.fromA.counts[.natKeepalive]?.sent == 3)
    #expect(ways.fromA.counts[.natKeepalive]?.arrived == 2)
  }

  @Test("Two empty captures, and one against nothing, are no trouble")
  func empty() {
    #expect(SyntheticPath().diagnosis.findings.isEmpty)
    var path = healthy()
    path.cutB(from: 1000, to: 1001)
    #expect(path.diagnosis.comparison?.matched == 0)
    #expect(path.swapped.comparison?.matched == 0)
  }
}
