/// How a peer's anti-replay protection behaves, by the packets that it took.
package struct ReplayBehaviour: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    /// Every packet is taken, also late ones and repeated ones.
    case off
    /// None is taken twice, and none that is late by so many numbers or more.
    case window(Int)
    /// None is taken twice, and all are that were late by less than this.
    case windowOfAtLeast(Int)
    /// Neither of these: what was seen is all that can be said.
    case odd
    /// Too little was answered.
    case unknown
  }

  package let kind: Kind
  /// Whether a repeated packet was taken: the newest one, and an older one.
  package let repeatOfNewest: WindowTallies.Verdict
  package let repeatOfOlder: WindowTallies.Verdict
  /// The latest packet that was taken was late by this; zero where none was.
  package let longestTaken: Int
  /// The least late packet behind it that was dropped; nil where none was.
  package let shortestDropped: Int?
  /// Packets that were dropped though later ones were taken: how late they were.
  package let droppedBefore: [Int]

  package init(_ tallies: WindowTallies) {
    let taken = tallies.longestTaken
    longestTaken = taken
    let dropped = tallies.askedDistances.filter { tallies.verdict(.late($0)) == .dropped }
    shortestDropped = dropped.first { $0 > taken }
    droppedBefore = dropped.filter { $0 < taken }
    let isExact = shortestDropped == taken + 1
    // Who drops late packets and seems to take repeated ones may have a path behind it that doubles.
    let isBlind = isExact && tallies.hasDoubledReplies
    repeatOfNewest = isBlind ? .undecided : tallies.verdict(.repeatOfNewest)
    repeatOfOlder = isBlind ? .undecided : tallies.verdict(.repeatOfOlder)
    let isUnlimited = tallies.edge == nil && taken > 0
    let repeats = [repeatOfNewest, repeatOfOlder]
    if !droppedBefore.isEmpty {
      kind = .odd
    } else if isBlind {
      kind = .window(taken + 1)
    } else if repeats.contains(.undecided) || !isExact && !isUnlimited {
      kind = .unknown
    } else if repeats == [.taken, .taken], isUnlimited {
      kind = .off
    } else if repeats.contains(.taken) {
      kind = .odd
    } else {
      kind = isExact ? .window(taken + 1) : .windowOfAtLeast(taken + 1)
    }
  }
}
