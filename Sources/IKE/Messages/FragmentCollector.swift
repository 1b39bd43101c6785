internal import PacketDissector

/// Joins the decrypted fragments of one message at a time (RFC 7383, section 2.6): requests and
/// responses have a collector each, as with a window of one there is no second message to wait for.
struct FragmentCollector {
  /// Fragments of a message, and bytes of their content.
  static let fragmentLimit: UInt16 = 256
  static let byteLimit = 1 << 18

  struct Joined {
    let content: [UInt8]
    let first: PayloadType
  }

  private struct Pending {
    let messageID: UInt32
    let total: UInt16
    var first = PayloadType.none
    var pieces: [UInt16: [UInt8]] = [:]
    var byteCount = 0
  }

  private var pending: Pending?

  /// Octets of content that wait for the rest of their message.
  var heldBytes: Int { pending?.byteCount ?? 0 }

  /// What is wrong with a fragment before its ICV is looked at; nil if it may be new.
  func objection(
    to fragment: EncryptedFragmentPayload, messageID: UInt32
  ) -> FragmentFault? {
    let (number, total) = (fragment.number, fragment.total)
    guard number >= 1, number <= total else { return .impossibleNumber(number, of: total) }
    guard total <= Self.fragmentLimit else { return .tooMany(total) }
    guard (number == 1) == (fragment.firstPayload != .none) else { return .wrongNextPayload }
    guard let pending else { return nil }
    guard messageID >= pending.messageID else { return .olderMessage }
    guard messageID == pending.messageID else { return nil }
    if total < pending.total { return .smallerTotal(total, held: pending.total) }
    if total == pending.total, pending.pieces[number] != nil { return .repeated(number) }
    return nil
  }

  /// Adds a fragment that ``objection(to:messageID:)`` had nothing against and that verified; returns the
  /// whole once it is there.
  mutating func add(
    _ content: [UInt8], of fragment: EncryptedFragmentPayload, messageID: UInt32
  ) throws(OpenFailure) -> Joined? {
    var held = pending ?? Pending(messageID: messageID, total: fragment.total)
    // A later message, or one that its sender cuts into smaller fragments now: start over.
    if held.messageID != messageID || held.total != fragment.total {
      held = Pending(messageID: messageID, total: fragment.total)
    }
    pending = nil
    held.byteCount += content.count
    guard held.byteCount <= Self.byteLimit else { throw .tooLarge }
    held.pieces[fragment.number] = content
    if fragment.number == 1 { held.first = fragment.firstPayload }
    guard held.pieces.count == Int(held.total) else {
      pending = held
      return nil
    }
    let whole = held.pieces.sorted { $0.key < $1.key }.flatMap(\.value)
    return Joined(content: whole, first: held.first)
  }
}
