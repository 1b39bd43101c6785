import Testing

@testable import IKE

@Suite("Deadlines of many sessions")
struct DeadlineQueueTests {
  @Test("the next deadline is the earliest that still holds, as a plain list has it")
  func likeAList() {
    var random = SplitMix64(state: 11)
    var queue = DeadlineQueue()
    var list: [Int: Instant] = [:]
    for _ in 0..<20_000 {
      let session = Int(random.next() % 50)
      switch random.next() % 4 {
      case 0:
        queue.set(nil, for: session)
        list[session] = nil
      case 1:
        let now = Instant(nanoseconds: Int64(random.next() % 1000))
        while let due = queue.popDue(at: now) {
          #expect(list[due].map { $0 <= now } == true)
          list[due] = nil
        }
        #expect(list.values.allSatisfy { $0 > now })
      default:
        let deadline = Instant(nanoseconds: Int64(random.next() % 1000))
        queue.set(deadline, for: session)
        list[session] = deadline
      }
      let next = queue.next()
      #expect(next == list.values.min())
    }
  }

  @Test("a rate limit lets through so many in a second, and as many in the next")
  func rateLimit() {
    var limit = RateLimit(perSecond: 3)
    let start = Instant(nanoseconds: 0)
    let first = (0..<10).map { limit.allows(at: start + .milliseconds($0)) }
    #expect(first.count { $0 } == 3)
    let next = (0..<10).map { limit.allows(at: start + .milliseconds(1000 + $0)) }
    #expect(next.count { $0 } == 3)
  }
}
