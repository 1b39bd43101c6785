import Diagnosis
import Testing

@Suite("Retransmission schedules")
struct RetransmissionScheduleTests {
  private static func rounded(_ seconds: [Double]) -> [Double] {
    seconds.map { ($0 * 100).rounded() / 100 }
  }

  @Test("strongSwan as installed waits 4 s × 1.8ⁿ and gives up after 165.06 s")
  func strongSwan() {
    let schedule = RetransmissionSchedule.strongSwan
    #expect(Self.rounded(schedule.gaps) == [4, 7.2, 12.96, 23.33, 41.99, 75.58])
    #expect(Self.rounded([schedule.total]) == [165.06])
    #expect(schedule.retransmissions == 5)
    #expect(Self.rounded(schedule.retransmissionTimes) == [4, 11.2, 24.16, 47.49, 89.48])
  }

  @Test("libreswan as installed sends the first gap twice: 7 retransmissions, 64 s")
  func libreswan() {
    let schedule = RetransmissionSchedule.libreswan
    #expect(schedule.gaps == [0.5, 0.5, 1, 2, 4, 8, 16, 32])
    #expect(schedule.total == 64)
    #expect(schedule.retransmissions == 7)
    #expect(schedule.gaps.dropFirst().reduce(0, +) == 63.5)
  }

  @Test("OpenIKED doubles from 2 s and gives up after 126 s")
  func iked() {
    #expect(RetransmissionSchedule.iked.gaps == [2, 4, 8, 16, 32, 64])
    #expect(RetransmissionSchedule.iked.total == 126)
  }

  @Test("A limit caps each of strongSwan's gaps, jitter shortens them by 20 % at most")
  func limitAndJitter() {
    var settings = RetransmissionSchedule.StrongSwan(limit: 20)
    #expect(
      Self.rounded(RetransmissionSchedule(.strongSwan(settings)).gaps) == [
        4, 7.2, 12.96, 20, 20, 20,
      ])
    settings.jitter = 10
    #expect(
      Self.rounded([RetransmissionSchedule(.strongSwan(settings)).shortestTotal]) == [75.74])
    settings.jitter = 90
    #expect(
      Self.rounded([RetransmissionSchedule(.strongSwan(settings)).shortestTotal]) == [67.33])
  }

  @Test(
    "libreswan doubles only while the gap stays below the timeout, and sends 12 times again at most"
  )
  func libreswanLimits() {
    let short = RetransmissionSchedule(.libreswan(.init(interval: 0.5, timeout: 3)))
    #expect(short.gaps == [0.5, 0.5, 1, 2])
    let flat = RetransmissionSchedule(.libreswan(.init(interval: 1.5, timeout: 6)))
    #expect(flat.gaps == [1.5, 1.5, 3])
    let many = RetransmissionSchedule(.libreswan(.init(interval: 0.001, timeout: 3600)))
    #expect(many.retransmissions == 12)
    #expect(RetransmissionSchedule(.libreswan(.init(interval: 5, timeout: 1))).gaps == [5])
  }

  @Test("Settings without sense give a finite schedule")
  func extremes() {
    let huge = RetransmissionSchedule(
      .strongSwan(.init(timeout: 1e300, base: 1e300, tries: .max, limit: nil)))
    #expect(huge.gaps.count == 1001)
    #expect(huge.total.isFinite)
    #expect(RetransmissionSchedule(.strongSwan(.init(tries: .min))).gaps == [4])
    #expect(RetransmissionSchedule(.libreswan(.init(interval: 0, timeout: 60))).gaps.count == 13)
  }
}

@Suite("Naming a daemon by its retransmissions")
struct ScheduleMatchTests {
  private static func match(_ gaps: [Double]) -> ScheduleMatch? {
    RetransmissionSchedule.matching(gaps: gaps)
  }

  @Test(
    "Every standard schedule is told by two gaps or three, a tenth of a second off",
    arguments: [
      (RetransmissionSchedule.strongSwan, 2...5), (.libreswan, 3...7), (.iked, 2...5),
    ])
  func standard(schedule: RetransmissionSchedule, counts: ClosedRange<Int>) throws {
    for count in counts {
      let gaps = schedule.gaps.prefix(count).enumerated().map { $1 + ($0 % 2 == 0 ? 0.03 : -0.02) }
      let match = try #require(Self.match(gaps), "\(count) gaps")
      #expect(match.owner == .standard(schedule), "\(count) gaps")
      #expect(match.firstGap == 0)
      #expect(match.daemon == schedule.daemon)
    }
  }

  @Test("strongSwan's jitter of a tenth still is strongSwan's schedule")
  func jitter() {
    #expect(Self.match([3.7, 6.9, 11.8])?.owner == .standard(.strongSwan))
    #expect(Self.match([4, 6.6, 12.9, 21.2])?.owner == .standard(.strongSwan))
  }

  @Test("Doubling from 4 s is no strongSwan as installed, though two gaps are within 15 %")
  func doubling() throws {
    for gaps in [[4.0, 8.0], [4, 8, 16], [1, 2, 4, 8]] {
      let match = try #require(Self.match(gaps))
      guard case .geometric(let timeout, let base) = match.owner else {
        Issue.record("\(gaps) is \(match.owner)")
        continue
      }
      #expect(abs(timeout - gaps[0]) < 0.01)
      #expect(base == 2)
      #expect(match.daemon == nil)
      #expect(match.confidence == .possible)
    }
  }

  @Test("Other settings of strongSwan give their timeout and base")
  func geometric() throws {
    let match = try #require(Self.match([1.5, 2.25, 3.4, 5.1]))
    guard case .geometric(let timeout, let base) = match.owner else {
      Issue.record("\(match.owner)")
      return
    }
    #expect(abs(timeout - 1.5) < 0.05)
    #expect(abs(base - 1.5) < 0.05)
    #expect(match.name == "1.5 s × 1.5ⁿ")
  }

  @Test("libreswan with another interval is known by its first gap, which comes twice")
  func libreswanInterval() throws {
    let match = try #require(Self.match([1, 1.01, 2, 4]))
    guard case .libreswan(let interval) = match.owner else {
      Issue.record("\(match.owner)")
      return
    }
    #expect(abs(interval - 1) < 0.02)
    #expect(match.daemon == .libreswan)
    #expect(match.name == "libreswan's schedule with retransmit-interval 1005 ms")
  }

  @Test("A schedule whose start was not seen is known by the gaps that were")
  func late() throws {
    let match = try #require(Self.match([12.96, 23.33, 41.99]))
    #expect(match.owner == .standard(.strongSwan))
    #expect(match.firstGap == 2)
    #expect(match.confidence == .likely)
    #expect(Self.match([7.2, 12.96])?.confidence == .possible)
  }

  @Test("The name says whose schedule it is and how it goes")
  func name() {
    #expect(
      Self.match([4, 7.2, 13])?.name == "strongSwan's default schedule, 4.0 s × 1.8ⁿ")
    #expect(
      Self.match([0.5, 0.5, 1, 2])?.name
        == "libreswan's default schedule, 0.5 s, doubled from the second on")
  }

  @Test("A constant interval is one of base 1")
  func constant() throws {
    let match = try #require(Self.match([2, 2.02, 1.99, 2.01]))
    guard case .geometric(let timeout, let base) = match.owner else {
      Issue.record("\(match.owner)")
      return
    }
    #expect(abs(timeout - 2) < 0.05)
    #expect((1...1.02).contains(base))
  }

  @Test(
    "Too few gaps, gaps of nothing and gaps without rule name nobody",
    arguments: [
      [], [4], [0, 0], [-1, 2], [.nan, 1], [.infinity, 1], [1, 9, 2, 30], [8, 4, 2],
      [0.0001, 4, 0.0001],
    ] as [[Double]])
  func nobody(gaps: [Double]) {
    #expect(Self.match(gaps) == nil)
  }
}
