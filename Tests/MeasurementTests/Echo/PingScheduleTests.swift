import IKE
import PacketDissector
import Testing

@testable import Measurement

@Suite("When echoes are due")
struct PingScheduleTests {
  private let start = Instant(nanoseconds: 1_000)

  private func schedule(_ count: Int?) -> PingSchedule {
    let address = IPAddress(v4: 0xC000_0201)
    var plan = PingPlan(.inner(source: address, destination: address))
    plan.count = count
    plan.interval = .milliseconds(200)
    return PingSchedule(plan, from: start)
  }

  @Test("Requests leave an interval apart, and the last one's reply is awaited")
  func intervalAndEnd() {
    var schedule = schedule(2)
    let second = start + .milliseconds(200)
    let deadline = second + .seconds(1)
    #expect(schedule.step(at: start, awaitingUntil: deadline) == .send(0))
    #expect(schedule.step(at: start, awaitingUntil: deadline) == .wait(until: second))
    #expect(schedule.step(at: second, awaitingUntil: deadline) == .send(1))
    #expect(schedule.step(at: second, awaitingUntil: deadline) == .wait(until: deadline))
    #expect(schedule.step(at: deadline, awaitingUntil: deadline) == .done)
  }

  @Test("With every reply there, a series is over at once")
  func nothingAwaited() {
    var schedule = schedule(1)
    #expect(schedule.step(at: start, awaitingUntil: nil) == .send(0))
    #expect(schedule.step(at: start, awaitingUntil: nil) == .done)
  }

  @Test("What was late is caught up with, and a series without a count goes on")
  func catchesUp() {
    var schedule = schedule(nil)
    let late = start + .milliseconds(500)
    for number in 0..<3 { #expect(schedule.step(at: late, awaitingUntil: nil) == .send(number)) }
    #expect(
      schedule.step(at: late, awaitingUntil: nil) == .wait(until: start + .milliseconds(600)))
  }
}
