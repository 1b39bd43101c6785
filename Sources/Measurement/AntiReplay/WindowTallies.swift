/// What is asked of a peer's anti-replay protection, one packet at a time.
package enum WindowQuestion: Hashable, Sendable {
  /// Whether a packet is taken whose number is so much lower than the peer's highest.
  case late(Int)
  /// Whether the packet with the peer's highest number is taken once more.
  case repeatOfNewest
  /// Whether one a few numbers before is.
  case repeatOfOlder
}

/// How each question fared so far, and which are open.
package struct WindowTallies: Equatable, Sendable {
  package struct Tally: Equatable, Sendable {
    package var asked = 0
    package var answered = 0
    /// Not answered, though the peer was there before and after.
    package var missed = 0
  }

  /// The raw value is what people and JSON call it.
  package enum Verdict: String, Sendable {
    case taken, dropped
    case undecided = "not known"
  }

  package private(set) var questions: [WindowQuestion: Tally] = [:]
  /// Packets that nothing but the path can lose, once the first was answered.
  private var controls = Tally()
  /// A packet that was sent once had two different replies: something doubles requests before a peer that takes
  /// both, or packets behind one that takes one.
  package private(set) var hasDoubledReplies = false
  private let rungs: [Int]
  private let misses: Int

  /// Distances in which those between the last that is taken and the first that is not are cut.
  private static let parts = 8
  private static let mostMisses = 12

  init(rungs: [Int], misses: Int) {
    self.rungs = rungs.filter { $0 > 0 }.sorted()
    self.misses = misses
  }

  mutating func asked(_ question: WindowQuestion) {
    questions[question, default: Tally()].asked += 1
  }

  mutating func answered(_ question: WindowQuestion) {
    questions[question, default: Tally()].answered += 1
  }

  mutating func missed(_ question: WindowQuestion) {
    questions[question, default: Tally()].missed += 1
  }

  mutating func noteDoubledReply() { hasDoubledReplies = true }

  mutating func noteControls(sent: Int, answered: Int) {
    controls.asked += sent
    controls.answered += answered
  }

  // MARK: Verdicts

  package func verdict(_ question: WindowQuestion) -> Verdict {
    guard let tally = questions[question] else { return .undecided }
    if tally.answered > 0 { return .taken }
    var needed = neededMisses
    // That a packet is dropped and a later one taken would be odd: it takes more to believe it.
    if case .late(let distance) = question, distance < longestTaken { needed += misses }
    return tally.missed >= needed ? .dropped : .undecided
  }

  /// Packets sent that the peer is known to take, and how many of them were answered.
  package var known: (sent: Int, answered: Int) {
    var sum = (sent: controls.asked, answered: controls.answered)
    for case (.late, let tally) in questions where tally.answered > 0 {
      sum.sent += tally.asked
      sum.answered += min(tally.answered, tally.asked)
    }
    return sum
  }

  /// So many that chance alone does it once in 10,000 times, by the loss seen so far; more than are ever made
  /// where so much is lost that silence means nothing.
  private var neededMisses: Int {
    let known = known
    let loss = (Double(known.sent - known.answered) + 0.5) / (Double(known.sent) + 1)
    var count = 0
    var chance = 1.0
    while count < misses || chance > 0.0001 {
      chance *= loss
      count += 1
      if count > Self.mostMisses { return .max / 2 }
    }
    return count
  }

  /// The latest that was taken, in numbers behind the highest; zero for none.
  package var longestTaken: Int {
    askedDistances.last { questions[.late($0)]?.answered ?? 0 > 0 } ?? 0
  }

  /// All distances that were asked, smallest first.
  package var askedDistances: [Int] {
    questions.keys.compactMap { if case .late(let distance) = $0 { distance } else { nil } }
      .sorted()
  }

  /// The smallest distance without an answer behind the longest that was taken.
  package var edge: Int? {
    let taken = longestTaken
    return askedDistances.first { $0 > taken }
  }

  // MARK: What is open

  var repetitionsToAsk: [WindowQuestion] {
    [.repeatOfNewest, .repeatOfOlder].filter { verdict($0) == .undecided }
  }

  /// The distances of the next round, smallest first.
  ///
  /// First the rungs. Then the first that was not answered, and some between it and the last that was; in the
  /// end some all over the window. What lies before the latest one taken must come to be taken as well.
  var distancesToAsk: [Int] {
    let asked = askedDistances
    guard !asked.isEmpty else { return rungs }
    let taken = longestTaken
    var wanted = Set(asked.filter { $0 < taken })
    if let last = rungs.last { wanted.insert(last) }
    var isNarrowed = true
    if let edge {
      wanted.insert(edge)
      isNarrowed = edge - taken == 1
      for part in 1..<Self.parts { wanted.insert(taken + (edge - taken) * part / Self.parts) }
    }
    if isNarrowed {
      for part in 1...Self.parts { wanted.insert(taken * part / Self.parts) }
    }
    return wanted.filter { $0 > 0 && verdict(.late($0)) == .undecided }.sorted()
  }
}
