internal import PacketDissector

/// What all hunts of a search have in common.
struct HuntRules: Sendable {
  let catalogue: ProposalCatalogue
  /// Octets of UDP payload that no request reaches.
  let byteLimit: Int
  /// Whether a responder may be brought to accept, and so to keep a half-open SA for a while.
  var mayLeaveHalfOpen = true
  /// Methods that were accepted somewhere, and those that were taken where a refusal was expected.
  var accepted = Alternatives.none
  var spoiled = Alternatives.none
  /// Offered with every suite, to a peer that takes none without (RFC 9370).
  var additional: [KeyExchangeMethod] = []

  /// Proposals in a request: some responders read only so many.
  static let proposalLimit = 8
  /// Octets of a share that leaves room for many proposals.
  private static let smallShare = 132

  init(_ catalogue: ProposalCatalogue, byteLimit: Int) {
    self.catalogue = catalogue
    self.byteLimit = byteLimit
  }

  /// The non-ESP marker, the header, the SA payload's own header, that of KE, a nonce of 32 octets, the
  /// longest cookie and an announcement.
  private static let overhead = 4 + 28 + 4 + 8 + 36 + 72 + 8

  /// Octets that are left for proposals beside a share.
  func room(beside share: Int) -> Int {
    byteLimit - 1 - Self.overhead - (catalogue.shareBytes(share) ?? byteLimit)
  }

  /// Octets of a proposal, with a further method and the additional key exchanges.
  func bytes(_ box: SuiteBox) -> Int { catalogue.bytes(box) + 8 + 8 * additional.count }

  func fits(_ boxes: [SuiteBox], beside share: Int) -> Bool {
    boxes.count <= Self.proposalLimit
      && boxes.reduce(0) { $0 + bytes($1) } <= room(beside: share)
  }

  /// A method with a small share that none of the boxes has and that the peer will hardly take: rare ones,
  /// which stand last in the catalogue, go first. One that was accepted before only as a last resort.
  func decoy(for boxes: [SuiteBox]) -> Int? {
    let candidates = decoys(for: boxes)
    return candidates.first { !accepted.contains($0) } ?? candidates.first
  }

  private func decoys(for boxes: [SuiteBox]) -> [Int] {
    let unusable = boxes.reduce(spoiled) { $0.union($1.keyExchange) }
    return catalogue.methods.indices.reversed().filter { index in
      guard !unusable.contains(index), let bytes = catalogue.shareBytes(index) else { return false }
      return bytes <= Self.smallShare
    }
  }

  /// The method among those offered whose share goes with the request: one that was accepted before, or
  /// else the catalogue's first. Nil where no share is short enough to leave room for many proposals.
  func guess(_ offered: Alternatives) -> Int? {
    let able = offered.indices.filter { index in
      catalogue.shareBytes(index).map { $0 <= 256 } ?? false
    }
    return able.first(where: accepted.contains) ?? able.first
  }

  /// Takes as many boxes off the front as fit a request; one that does not by itself is halved first.
  /// Without a share of its own, the request must leave a method for the decoy.
  func pack(from pending: inout [SuiteBox], share: Int?) -> [SuiteBox] {
    var packed: [SuiteBox] = []
    while let box = pending.first {
      let boxes = packed + [box]
      let beside = share ?? decoys(for: boxes).first { !accepted.contains($0) }
      if let beside, fits(boxes, beside: beside) {
        packed = boxes
        pending.removeFirst()
      } else if !packed.isEmpty {
        break
      } else if let (left, right) = halves(box, leavingMethod: beside == nil) {
        pending.replaceSubrange(0..<1, with: [left, right])
      } else if let last = decoy(for: [box]), share == nil, fits([box], beside: last) {
        pending.removeFirst()
        return [box]
      } else {
        break
      }
    }
    return packed
  }

  /// To leave a method, the rarest with a small share goes by itself.
  private func halves(_ box: SuiteBox, leavingMethod: Bool) -> (SuiteBox, SuiteBox)? {
    guard leavingMethod else { return box.halves() }
    let rarest = box.keyExchange.indices.last { index in
      catalogue.shareBytes(index).map { $0 <= Self.smallShare } ?? false
    }
    guard let rarest, box.keyExchange.count > 1 else { return nil }
    let alone = Alternatives.one(rarest)
    return (
      box.with(.keyExchange, box.keyExchange.subtracting(alone)), box.with(.keyExchange, alone)
    )
  }
}
