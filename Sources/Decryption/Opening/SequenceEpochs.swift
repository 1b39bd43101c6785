/// The upper half of extended sequence numbers, which is not sent but in the ICV (RFC 4303 and RFC
/// 4302, section 2.2.1 and 2.5.1): followed from packet to packet, and searched where a capture
/// starts late.
struct SequenceEpochs {
  /// Nil until a packet has proved it.
  private(set) var usesESN: Bool?
  private var isKnown = false
  private var epoch: UInt32 = 0
  private var highest: UInt32 = 0
  private var searches = 0

  /// How many upper halves are tried for a capture that starts late, and on how many packets.
  static let epochLimit: UInt32 = 4096
  static let searchLimit = 3

  /// The upper half of the highest number that verified; nil before one did.
  var provenEpoch: UInt32? { isKnown ? epoch : nil }

  init(usesESN: Bool?) {
    self.usesESN = usesESN
  }

  /// Whether a packet with the lower half `sequence` verifies with an upper half that may be its own,
  /// or with none.
  mutating func find(_ sequence: UInt32, _ verifies: (UInt32?) -> Bool) -> Bool {
    if usesESN != true, verifies(nil) {
      usesESN = false
      return true
    }
    if usesESN == false { return false }
    return isKnown ? follow(sequence, verifies) : search(sequence, verifies)
  }

  /// RFC 4303, appendix A2: the upper half is the one that puts the number nearest to the highest
  /// seen.
  private mutating func follow(_ sequence: UInt32, _ verifies: (UInt32?) -> Bool) -> Bool {
    let ahead = sequence &- highest
    let wraps = ahead < 1 << 31 && sequence < highest
    let lags = ahead >= 1 << 31 && sequence > highest && epoch > 0
    let near = wraps ? epoch &+ 1 : lags ? epoch - 1 : epoch
    guard verifies(near) else { return false }
    if !lags, wraps || sequence > highest {
      epoch = near
      highest = sequence
    }
    return true
  }

  private mutating func search(_ sequence: UInt32, _ verifies: (UInt32?) -> Bool) -> Bool {
    guard searches < Self.searchLimit else { return false }
    searches += 1
    for candidate in 0..<Self.epochLimit where verifies(candidate) {
      usesESN = true
      isKnown = true
      epoch = candidate
      highest = sequence
      return true
    }
    return false
  }
}
