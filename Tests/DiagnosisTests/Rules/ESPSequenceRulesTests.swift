import Capture
import Diagnosis
import PacketDissector
import Testing

private let ends = SyntheticIKE()

private func esp(_ sequence: UInt32, variant: UInt8 = 0, spi: UInt32 = 0xC0DE) -> SyntheticPacket {
  .esp(spi, sequence, variant: variant, from: ends.plainInitiator, to: ends.plainResponder)
}

/// `numbers` a hundredth of a second apart.
private func capture(_ numbers: some Sequence<UInt32>, every gap: Double = 0.01) -> SyntheticCapture
{
  var capture = SyntheticCapture()
  for (index, number) in numbers.enumerated() {
    capture.send(esp(number), at: Double(index) * gap)
  }
  return capture
}

@Suite("Lost packets")
struct ESPLossTests {
  @Test("One packet in fifty missing is loss, with its rate and its gaps")
  func loss() throws {
    let capture = capture((1...1000).filter { $0 % 50 != 0 || $0 == 1000 }.map(UInt32.init))
    #expect(capture.packetFindings == ["esp-loss warning"])
    let finding = try #require(capture.finding(.espLoss))
    #expect(finding.summary.plain.contains("1.9 %"))
    #expect(finding.summary.plain.contains("19 of 1,000"))
    #expect(finding.evidence.first?.frames.isEmpty == false)
  }

  @Test("All packets, a few missing, or one in two hundred: no finding")
  func healthy() {
    #expect(capture((1...1000).map(UInt32.init)).packetFindings.isEmpty)
    #expect(capture((1...1000).filter { $0 % 200 != 0 }.map(UInt32.init)).packetFindings.isEmpty)
    #expect(capture((1...90).filter { $0 % 30 != 0 }.map(UInt32.init)).packetFindings.isEmpty)
  }

  @Test("One long gap is an outage or a pause of the capture, not a rate of loss")
  func outage() {
    let numbers = Array(1...100) + Array(150...300)
    #expect(capture(numbers.map(UInt32.init)).packetFindings.isEmpty)
  }

  @Test("A capture that holds every third packet says nothing on loss, and the blind spots say so")
  func sample() {
    let capture = capture(stride(from: 1, through: 900, by: 3).map(UInt32.init))
    #expect(capture.packetFindings.isEmpty)
    #expect(capture.diagnosis.blindSpots.contains { $0.plain.contains("selection") })
  }

  /// Nineteen of 1,000 numbers missing, in a live capture that lost so many packets itself.
  private func live(lost: UInt64) -> CaptureDiagnosis {
    var evidence = capture((1...1000).filter { $0 % 50 != 0 || $0 == 1000 }.map(UInt32.init))
      .evidence
    evidence.note(
      LiveCapture.Statistics(received: 981 + lost, droppedByKernel: lost, droppedByInterface: 0))
    return CaptureDiagnosis(evidence)
  }

  @Test("What a live capture may have lost itself is a note, with the capture's own count")
  func ownLoss() throws {
    for lost: UInt64 in [10, 19, 1000] {
      let diagnosis = live(lost: lost)
      let finding = try #require(diagnosis.findings.first { $0.id == .espLoss })
      #expect(finding.severity == .info && finding.confidence == .possible)
      #expect(diagnosis.blindSpots.contains { $0.plain.contains("the capture lost") })
      #expect(ReplayDiagnosis(diagnosis.evidence).blindSpots.count == 1)
    }
  }

  @Test("What it cannot have lost itself stays a warning")
  func otherLoss() throws {
    let finding = try #require(live(lost: 5).findings.first { $0.id == .espLoss })
    #expect(finding.severity == .warning)
    #expect(finding.evidence.contains { $0.text.plain.contains("at least 14 were lost elsewhere") })
    let lossless = try #require(live(lost: 0).findings.first { $0.id == .espLoss })
    #expect(lossless.severity == .warning && lossless.confidence == .likely)
    #expect(lossless.meaning?.plain.contains("the capture itself lost nothing") == true)
    #expect(lossless.remedies.count == 2)
    #expect(live(lost: 0).blindSpots.allSatisfy { !$0.plain.contains("the capture lost") })
  }

  @Test("What comes out of order is not lost")
  func disorder() {
    var numbers = (1...1000).map(UInt32.init)
    for index in stride(from: 20, to: 980, by: 40) { numbers.swapAt(index, index + 5) }
    #expect(capture(numbers).packetFindings.isEmpty)
  }
}

@Suite("Sequence numbers used twice, and used up")
struct ESPSequenceNumberTests {
  @Test("Other bytes under the same numbers are reuse")
  func reuse() throws {
    var capture = SyntheticCapture()
    for number in UInt32(1)...40 {
      capture.send(esp(number), at: Double(number))
      capture.send(esp(number, variant: 1).with(hopLimit: 61), at: Double(number) + 0.3)
    }
    #expect(capture.packetFindings == ["esp-seq-reuse critical"])
    let finding = try #require(capture.finding(.espSequenceReuse))
    #expect(finding.summary.plain.contains("40 sequence numbers"))
  }

  @Test("A peer that takes the same SPI for a new Child SA reuses nothing")
  func sameSPIAgain() {
    var capture = SyntheticCapture()
    var sa = SyntheticIKE()
    sa.establish(in: &capture, at: 0)
    for number in UInt32(1)...20 { capture.send(esp(number), at: 1 + Double(number)) }
    sa.initiatorSPI = 0x9999
    sa.establish(in: &capture, at: 30)
    for number in UInt32(1)...20 { capture.send(esp(number, variant: 1), at: 31 + Double(number)) }
    #expect(!capture.packetFindings.contains { $0.hasPrefix("esp-seq-reuse") })
  }

  @Test("A fast flow near the end of its numbers is warned of, a slow one or one with ESN is not")
  func wrap() throws {
    let last: UInt32 = .max - 1_000_000
    let fast = capture((last - 12_000)...last, every: 0.0002)
    #expect(fast.packetFindings == ["esp-seq-wrap warning"])
    let finding = try #require(fast.finding(.espSequenceWrap))
    #expect(finding.summary.plain.contains("200 s"))
    #expect(capture(UInt32(1)...12_000, every: 0.0002).packetFindings.isEmpty)
    let over = capture((0..<12_000).map { UInt32.max - 6000 &+ UInt32($0) }, every: 0.0002)
    #expect(over.packetFindings.isEmpty, "numbers that wrap are extended ones")
  }
}

@Suite("Packets that come again")
struct RepeatedPacketsTests {
  private func twice(after delay: Double, count: UInt32 = 30, hopLimit: UInt8 = 64)
    -> SyntheticCapture
  {
    var sends: [(Double, SyntheticPacket)] = []
    for number in 1...count {
      sends.append((Double(number) * 0.02, esp(number)))
      sends.append((Double(number) * 0.02 + delay, esp(number).with(hopLimit: hopLimit)))
    }
    var capture = SyntheticCapture()
    for (seconds, packet) in sends.sorted(by: { $0.0 < $1.0 }) { capture.send(packet, at: seconds) }
    return capture
  }

  @Test("Each packet twice at once is a mirror's doing")
  func mirrored() {
    #expect(twice(after: 0.0001).packetFindings == ["capture-duplicated info"])
  }

  @Test("IKE messages twice at once are, too")
  func mirroredIKE() {
    var once = SyntheticCapture()
    SyntheticIKE().establish(in: &once)
    var doubled = SyntheticCapture()
    for packet in once.packets {
      for delay in [0, 0.0002] {
        doubled.send(SyntheticPacket(whole: packet.bytes), at: packet.seconds + delay)
      }
    }
    #expect(doubled.packetFindings == ["capture-duplicated info"])
    #expect(once.packetFindings.isEmpty)
  }

  @Test("A few copies at once are the network's, and no finding")
  func fewCopies() {
    var capture = SyntheticCapture()
    for number in UInt32(1)...100 {
      capture.send(esp(number), at: Double(number) * 0.02)
      if number % 10 == 0 { capture.send(esp(number), at: Double(number) * 0.02 + 0.0001) }
    }
    #expect(capture.packetFindings.isEmpty)
  }

  @Test("The same bytes seconds later by another way are suspected to be replayed")
  func replayed() throws {
    let capture = twice(after: 5, hopLimit: 61)
    #expect(capture.packetFindings == ["replay-suspected warning"])
    let finding = try #require(capture.finding(.replaySuspected))
    #expect(finding.confidence == .likely)
    #expect(finding.evidence.contains { $0.text.plain.contains("another TTL") })
  }

  @Test("Copies a few milliseconds later by the same way are the network's")
  func delayedCopies() {
    #expect(twice(after: 0.015).packetFindings.isEmpty)
  }
}

@Suite("Packets later than a replay window")
struct ReplayWindowTests {
  /// Of every 250 packets, one of `dscp` comes `distance` late.
  private func late(by distance: Int, dscp: UInt8 = 0) -> SyntheticCapture {
    var numbers = Array(1...2000)
    for index in stride(from: 20, to: 1700, by: 250) {
      let number = numbers.remove(at: index)
      numbers.insert(number, at: index + distance)
    }
    var capture = SyntheticCapture()
    let isLate = Set(stride(from: 20, to: 1700, by: 250).map { numbers[$0 + distance] })
    for (index, number) in numbers.enumerated() {
      let packet = esp(UInt32(number))
      capture.send(
        isLate.contains(number) ? packet.with(dscp: dscp) : packet, at: Double(index) * 0.001)
    }
    return capture
  }

  @Test("Packets 100 late are dropped by a window of 64; the smallest that holds them is advised")
  func tooSmall() throws {
    let capture = late(by: 100)
    #expect(capture.packetFindings == ["replay-window-too-small warning"])
    let finding = try #require(capture.finding(.replayWindowTooSmall))
    #expect(finding.confidence == .possible)
    let settings = finding.remedies.flatMap(\.settings).map(\.line.plain)
    #expect(settings.contains("replay_window = 128"))
    #expect(!settings.contains { $0.contains("replay_window = 0") }, "never switched off")
  }

  @Test("That they are of another class makes a queue likely")
  func otherClass() throws {
    let finding = try #require(late(by: 100, dscp: 8).finding(.replayWindowTooSmall))
    #expect(finding.confidence == .likely)
    #expect(finding.evidence.contains { $0.text.plain.contains("DSCP 8") })
  }

  @Test(
    "Packets 40 late are a hint, for those who have strongSwan's 32; packets 20 late are nothing")
  func small() {
    #expect(late(by: 40).packetFindings == ["replay-window-too-small info"])
    #expect(late(by: 20).packetFindings.isEmpty)
  }
}

extension SyntheticPacket {
  /// An IPv4 packet without options, once more.
  init(whole bytes: [UInt8]) {
    self.init(
      source: IPAddress(octets: bytes[12..<16]) ?? IPAddress(v4: 0),
      destination: IPAddress(octets: bytes[16..<20]) ?? IPAddress(v4: 0), ipProtocol: bytes[9],
      payload: Array(bytes[20...]))
    hopLimit = bytes[8]
  }
}
