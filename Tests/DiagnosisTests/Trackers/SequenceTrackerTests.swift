import Testing

@testable import Diagnosis

@Suite("Sequence numbers of one SA")
struct SequenceTrackerTests {
  private func tracker(_ numbers: some Sequence<UInt32>) -> SequenceTracker {
    var iterator = numbers.makeIterator()
    var tracker = SequenceTracker(first: iterator.next() ?? 0)
    while let number = iterator.next() { _ = tracker.add(number) }
    return tracker
  }

  @Test("Numbers in order need no memory of them")
  func inOrder() {
    let tracker = tracker(1...20_000)
    #expect(tracker.received == 20_000 && tracker.highest == 20_000)
    #expect(tracker.lost == 0 && tracker.late == 0 && tracker.repeated == 0)
    #expect(tracker.disorder == nil)
  }

  @Test("Gaps are counted, soon and long after", arguments: [200 as UInt32, 9000, 40_000])
  func gaps(upTo last: UInt32) {
    let tracker = tracker((1...last).filter { !(100...109).contains($0) && $0 != 150 })
    #expect(tracker.lost == 11 && tracker.late == 0)
    let bursts = tracker.disorder?.allBursts
    #expect(bursts?.longest == 10)
    #expect(bursts?.byLogarithm.reduce(0, +) == 2)
    #expect(bursts?.byLogarithm[0] == 1 && bursts?.byLogarithm[3] == 1)
  }

  @Test("A gap across the edge of what is remembered is one gap")
  func gapAcrossTheEdge() {
    for last in stride(from: 8200 as UInt32, through: 8400, by: 7) {
      let tracker = tracker([1, 2, 200] + (201...last))
      #expect(tracker.lost == 197)
      #expect(tracker.disorder?.allBursts.longest == 197, "up to \(last)")
      #expect(tracker.disorder?.allBursts.byLogarithm.reduce(0, +) == 1, "up to \(last)")
    }
  }

  @Test("A gap as long as can be is lost in whole")
  func longestGap() {
    let tracker = tracker([1, 2, 2 + (1 << 20), 3 + (1 << 20)])
    #expect(tracker.leaps == 0)
    #expect(tracker.lost == (1 << 20) - 1)
    #expect(tracker.disorder?.allBursts.longest == (1 << 20) - 1)
  }

  @Test("A longer one is a counter that was set, and forgets no loss before it")
  func leap() {
    let tracker = tracker([1, 2, 5, 6, 7 + (1 << 20), 8 + (1 << 20)])
    #expect(tracker.leaps == 1)
    #expect(tracker.lost == 2)
  }

  @Test("What comes late is counted by its distance, and is not lost")
  func late() {
    var tracker = SequenceTracker(first: 1)
    #expect(tracker.add(5) == .ahead(missing: 3))
    #expect(tracker.add(3) == .late(by: 2))
    #expect(tracker.add(3) == .again)
    #expect(tracker.add(5) == .again)
    #expect(tracker.add(6) == .ahead(missing: 0))
    #expect(tracker.received == 4 && tracker.repeated == 2 && tracker.late == 1)
  }

  @Test("A capture that begins amid reordering has late packets, and no loss before its first")
  func beginning() {
    let tracker = tracker([10, 8, 9, 7, 11, 12, 13, 14, 15, 16])
    #expect(tracker.late == 3 && tracker.repeated == 0 && tracker.lost == 0)
  }

  @Test("A number below the capture's first that comes twice is late once, and repeated once")
  func repeatedBelowTheFirst() {
    let tracker = tracker([1000, 998, 999, 998, 1001, 1002])
    #expect(tracker.late == 2 && tracker.repeated == 1 && tracker.received == 5)
  }

  @Test("Numbers go on past 2^32")
  func wrap() {
    let tracker = tracker((0..<200).map { UInt32.max - 99 &+ $0 }.filter { $0 != 3 })
    #expect(tracker.wraps == 1 && tracker.highest == 99)
    #expect(tracker.received == 199 && tracker.lost == 1 && tracker.late == 0)
  }

  @Test("A run far behind is a counter that began anew; its packets were not late")
  func restart() {
    let tracker = tracker(Array(100_000...100_050) + Array(1...40))
    #expect(tracker.restarts == 1 && tracker.highest == 40)
    #expect(tracker.late == 0 && tracker.lost == 0)
    #expect(tracker.disorder?.dropped.allSatisfy { $0 == 0 } == true)
    #expect(tracker.disorder?.distances.total == 0)
  }

  @Test("Old packets between new ones are no restart")
  func oldPackets() {
    let pairs = (0..<40 as Range<UInt32>).flatMap { [100_000 + $0, 1 + $0] }
    let tracker = tracker(pairs)
    #expect(tracker.restarts == 0 && tracker.highest == 100_039)
    #expect(tracker.disorder?.dropped.last == 40)
  }

  @Test("A packet far behind that is found to be a repeated one was not late")
  func corrected() {
    var tracker = tracker(1...20_000)
    #expect(tracker.add(5) == .farBehind(by: 19_995))
    tracker.correctToRepeated(by: 19_995)
    #expect(tracker.late == 0 && tracker.repeated == 1 && tracker.received == 20_000)
    #expect(tracker.disorder?.dropped == [0, 0, 0, 0, 0, 0, 0, 0])
  }

  /// Everything kept, nothing forgotten.
  private struct Model {
    private let first: UInt32
    private(set) var seen: Set<UInt32>
    private(set) var highest: UInt32
    private(set) var late = 0
    private(set) var repeated = 0
    private(set) var largest: UInt32 = 0

    init(_ numbers: [UInt32]) {
      first = numbers[0]
      seen = [numbers[0]]
      highest = numbers[0]
      for number in numbers.dropFirst() { add(number) }
    }

    private mutating func add(_ number: UInt32) {
      if !seen.insert(number).inserted {
        repeated += 1
      } else if number < highest {
        late += 1
        largest = max(largest, highest - number)
      }
      highest = max(highest, number)
    }

    var lost: Int {
      guard highest > largest, first + largest + 1 < highest - largest else { return 0 }
      return (first + largest + 1..<highest - largest).count { !seen.contains($0) }
    }
  }

  /// Numbers from `first` on: some left out, some delayed by up to `delay`, some sent twice.
  static func stream(
    from first: UInt32, count: Int, delay: Int, _ random: inout SplitMix
  ) -> [UInt32] {
    var keyed: [(key: Int, number: UInt32)] = []
    for index in 0..<count where Int.random(in: 0..<20, using: &random) > 0 {
      let late = Int.random(in: 0..<4, using: &random) == 0
      let shift = late ? Int.random(in: 0...delay, using: &random) : 0
      keyed.append((index + shift, first + UInt32(index)))
      if Int.random(in: 0..<30, using: &random) == 0 {
        keyed.append((index + Int.random(in: 0...delay, using: &random), first + UInt32(index)))
      }
    }
    return keyed.enumerated().sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }
      .map(\.element.number)
  }

  @Test("Shuffled, lost and repeated numbers are counted as by a model that forgets nothing")
  func againstModel() {
    for _ in 0..<60 {
      let seed = UInt64.random(in: .min ... .max)
      var random = SplitMix(seed: seed)
      let numbers = Self.stream(
        from: .random(in: 1...5000, using: &random), count: .random(in: 2...6000, using: &random),
        delay: .random(in: 1...300, using: &random), &random)
      guard numbers.count > 1 else { continue }
      let tracker = tracker(numbers)
      let model = Model(numbers)
      #expect(tracker.late == UInt64(model.late), "seed \(seed)")
      #expect(tracker.repeated == UInt64(model.repeated), "seed \(seed)")
      #expect(tracker.received == UInt64(numbers.count - model.repeated), "seed \(seed)")
      #expect(tracker.highest == model.highest, "seed \(seed)")
      #expect(tracker.lost == UInt64(model.lost), "seed \(seed)")
    }
  }

  @Test(
    "What windows drop is what RFC 4303's window drops, of every size and of the one asked about")
  func windows() {
    for _ in 0..<40 {
      let seed = UInt64.random(in: .min ... .max)
      var random = SplitMix(seed: seed)
      let asked = UInt32.random(in: 1...5000, using: &random)
      let numbers = Self.stream(
        from: 1, count: 6000, delay: .random(in: 1...5500, using: &random), &random)
      var tracker = SequenceTracker(first: numbers[0], askedWindow: asked)
      for number in numbers.dropFirst() { _ = tracker.add(number) }
      for (index, window) in Disorder.windows.enumerated() {
        #expect(
          tracker.disorder?.dropped[index] == Self.drops(numbers, window: window),
          "window \(window), seed \(seed)")
      }
      #expect(
        tracker.disorder?.droppedByAsked == Self.drops(numbers, window: asked), "seed \(seed)")
    }
  }

  /// A receiver after RFC 4303, appendix A2, with a bit a number; what it drops though it never came.
  private static func drops(_ numbers: [UInt32], window: UInt32) -> UInt64 {
    var top: UInt32 = 0
    var bits: [Bool] = Array(repeating: false, count: Int(window))
    var came: Set<UInt32> = []
    var drops: UInt64 = 0
    for number in numbers {
      let isNew = came.insert(number).inserted
      if number > top {
        for skipped in top + 1...number where number - skipped < window {
          bits[Int(skipped % window)] = false
        }
        top = number
        bits[Int(number % window)] = true
      } else if top - number >= window {
        if isNew { drops += 1 }
      } else {
        bits[Int(number % window)] = true
      }
    }
    return drops
  }
}
