import Diagnosis
import Testing

@Suite("Time until a dead peer is noticed")
struct DetectionTimeTests {
  private static func settings(
    _ daemon: Daemon, _ version: DetectionTime.IKEVersion = .v2, delay: Double,
    timeout: Double? = nil
  ) -> DetectionTime.Settings {
    var settings = DetectionTime.Settings(daemon, version: version, delay: delay)
    settings.timeout = timeout
    return settings
  }

  private static func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 0.005 }

  @Test("IKEv2 ignores the timeout: the delay and the retransmission schedule decide")
  func ignoredTimeout() {
    let strongSwan = DetectionTime(Self.settings(.strongSwan, delay: 3, timeout: 5))
    #expect(Self.isNear(strongSwan.longest, 168.06))
    #expect(Self.isNear(strongSwan.average, 166.56))
    #expect(strongSwan.ignoredTimeout == 5)
    #expect(strongSwan.transmissions == 6)
    #expect(Self.isNear(strongSwan.survivedOutage, 89.48))
    let libreswan = DetectionTime(Self.settings(.libreswan, delay: 3, timeout: 5))
    #expect(libreswan.longest == 67)
    #expect(libreswan.longest - 3 - libreswan.gaps[0] == 63.5)
    #expect(libreswan.ignoredTimeout == 5)
    #expect(libreswan.survivedOutage == 32)
  }

  @Test("IKEv1 uses the timeout, and checks every delay until then")
  func ikev1() {
    let strongSwan = DetectionTime(Self.settings(.strongSwan, .v1, delay: 30, timeout: 150))
    #expect(strongSwan.longest == 180)
    #expect(strongSwan.ignoredTimeout == nil)
    #expect(strongSwan.gaps == [30, 30, 30, 30, 30])
    let libreswan = DetectionTime(Self.settings(.libreswan, .v1, delay: 30, timeout: 100))
    #expect(libreswan.longest == 160)
    #expect(libreswan.average == 115)
    #expect(libreswan.gaps == [30, 30, 30, 10])
    #expect(libreswan.survivedOutage == 90)
  }

  @Test("strongSwan's IKEv1 without a timeout waits as long as for an IKEv2 request")
  func ikev1WithoutTimeout() {
    let time = DetectionTime(Self.settings(.strongSwan, .v1, delay: 60))
    #expect(Self.isNear(time.longest, 225.06))
    #expect(time.transmissions == 3)
  }

  @Test("Without a delay, and for libreswan's IKEv1 without a timeout, nobody checks")
  func off() {
    #expect(DetectionTime(Self.settings(.strongSwan, delay: 0)).off == .noDelay)
    #expect(DetectionTime(Self.settings(.libreswan, .v1, delay: 30)).off == .noTimeout)
    #expect(DetectionTime(Self.settings(.libreswan, delay: 30)).off == nil)
  }

  @Test("iked may let two delays pass before it checks")
  func iked() {
    let time = DetectionTime(Self.settings(.iked, delay: 60))
    #expect(time.longest == 246)
    #expect(time.average == 216)
  }

  @Test("Settings that an outage of 3 s defeats, or two lost packets, are known as such")
  func risks() {
    var settings = Self.settings(.strongSwan, delay: 1)
    #expect(DetectionTime(settings).risks == [])
    settings.strongSwan = .init(timeout: 1, base: 1.5, tries: 2)
    #expect(DetectionTime(settings).risks == [.shortOutage])
    settings.strongSwan = .init(timeout: 10, base: 1.5, tries: 1)
    #expect(DetectionTime(settings).risks == [.fewTransmissions])
    settings.strongSwan = .init(timeout: 1, base: 1, tries: 0)
    #expect(DetectionTime(settings).risks == [.shortOutage, .fewTransmissions])
  }

  @Test("A timeout of thousands of delays gives a schedule of bounded length")
  func manyChecks() {
    let time = DetectionTime(Self.settings(.strongSwan, .v1, delay: 0.001, timeout: 300_000_000))
    #expect(time.gaps.count == 1000)
    #expect(Self.isNear(time.afterCheck, 300_000_000))
  }
}

@Suite("Settings that notice a dead peer in time")
struct DetectionTargetTests {
  private static func target(
    _ seconds: Double, _ daemon: Daemon, _ version: DetectionTime.IKEVersion = .v2,
    delay: Double = 30
  ) -> DetectionTarget {
    DetectionTarget(seconds, DetectionTime.Settings(daemon, version: version, delay: delay))
  }

  @Test("strongSwan for 10 s: 2 retransmissions after 1.5 s, a factor of 1.5, 9.1 s in all")
  func strongSwan() throws {
    let target = Self.target(10, .strongSwan, delay: 3)
    #expect(!target.isMet)
    let best = try #require(target.proposals.first)
    #expect(best.settings.strongSwan == .init(timeout: 1.5, base: 1.5, tries: 2))
    #expect(best.settings.delay == 2)
    #expect(best.longest == 9.125)
    #expect(best.survivedOutage == 3.75)
  }

  @Test("strongSwan for 20 s: 2 retransmissions after 3 s")
  func strongSwan20() {
    #expect(
      Self.target(20, .strongSwan).proposals.first?.settings.strongSwan
        == .init(timeout: 3, base: 1.5, tries: 2))
  }

  @Test("libreswan for 10 s: a retransmit-timeout of 8 s")
  func libreswan() throws {
    let best = try #require(Self.target(10, .libreswan).proposals.first)
    #expect(best.settings.libreswan == .init(interval: 0.5, timeout: 8))
    #expect(best.longest == 10)
  }

  @Test("IKEv1 gets a shorter timeout, of several checks")
  func ikev1() throws {
    let strongSwan = try #require(Self.target(10, .strongSwan, .v1).proposals.first)
    #expect(strongSwan.settings.delay == 2)
    #expect(strongSwan.settings.timeout == 8)
    #expect(strongSwan.transmissions == 4)
    let libreswan = try #require(Self.target(20, .libreswan, .v1).proposals.first)
    #expect(libreswan.settings.timeout == 12)
    #expect(libreswan.longest == 20)
  }

  @Test(
    "Every proposal keeps its promise, and those that take loss for death come last and say so",
    arguments: Daemon.allCases, DetectionTime.IKEVersion.allCases)
  func allProposals(daemon: Daemon, version: DetectionTime.IKEVersion) {
    for tenths in stride(from: 1, through: 4000, by: 7) {
      let seconds = Double(tenths) / 10
      let target = Self.target(seconds, daemon, version, delay: 500)
      let risky = target.proposals.map { !$0.risks.isEmpty }
      #expect(risky == risky.sorted { !$0 && $1 }, "\(seconds) s")
      for proposal in target.proposals {
        #expect(proposal.longest <= seconds + 0.001, "\(seconds) s")
        #expect(proposal.off == nil, "\(seconds) s")
        #expect(proposal.settings.delay >= 1)
        #expect(proposal.settings.delay == proposal.settings.delay.rounded())
      }
    }
  }

  @Test("Too short a target gets no proposal without a warning, but the shortest that needs none")
  func tooShort() throws {
    for daemon in [Daemon.strongSwan, .libreswan] {
      let target = Self.target(4, daemon)
      #expect(target.proposals.allSatisfy { !$0.risks.isEmpty })
      let safe = try #require(target.shortestSafe)
      #expect(safe.risks == [])
      #expect((4...8).contains(safe.longest))
    }
    #expect(Self.target(10, .iked).proposals.isEmpty)
    #expect(Self.target(10, .iked).shortestSafe?.longest == 128)
  }

  @Test("Settings that do are left alone")
  func met() {
    let target = Self.target(200, .strongSwan)
    #expect(target.isMet)
    #expect(target.proposals.isEmpty)
  }

  @Test("Where the installed schedule fits, only the delay changes")
  func installedSchedule() {
    let target = Self.target(300, .strongSwan, delay: 600)
    #expect(target.proposals.map(\.settings.strongSwan) == [.init()])
    #expect(target.proposals.map(\.settings.delay) == [60])
  }
}
