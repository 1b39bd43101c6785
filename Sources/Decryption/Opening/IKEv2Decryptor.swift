internal import IPsecCrypto
internal import PacketDissector

/// Opens the SK and SKF payloads of IKEv2 with whichever candidate key their ICV proves.
///
/// The keys of an SA change with each IKE_INTERMEDIATE (RFC 9370), so that one pair of SPIs may have
/// several; the one that fitted last is tried first.
final class IKEv2Decryptor {
  enum Outcome {
    case opened(PayloadChain, candidate: Int)
    /// A fragment that verifies; others of its message are missing still.
    case fragmentHeld(candidate: Int)
    case noKey
    case doesNotVerify
    case unsupported(candidate: Int)
  }

  final class Candidate {
    let key: IKEv2Key
    fileprivate let fromInitiator: PacketKey?
    fileprivate let fromResponder: PacketKey?
    let fault: CryptoError?
    fileprivate(set) var opened: UInt64 = 0
    fileprivate(set) var failed: UInt64 = 0

    init(_ key: IKEv2Key) {
      self.key = key
      var fault: CryptoError?
      func make(_ cipherKey: Secret, _ integrityKey: Secret) -> PacketKey? {
        do throws(CryptoError) {
          return try PacketKey(
            cipher: key.cipher, cipherKey: cipherKey, integrity: key.integrity,
            integrityKey: integrityKey, icvBytes: key.icvBytes)
        } catch {
          fault = error
          return nil
        }
      }
      fromInitiator = make(key.initiatorCipherKey, key.initiatorIntegrityKey)
      fromResponder = make(key.responderCipherKey, key.responderIntegrityKey)
      self.fault = fault
    }
  }

  let candidates: [Candidate]
  private var bySPI: [UInt64: [Int]] = [:]
  private var plaintext = [UInt8](repeating: 0, count: 1 << 16)
  private var fragments = IKEFragments()

  init(_ keys: [IKEv2Key]) {
    candidates = keys.map(Candidate.init)
    for (index, key) in keys.enumerated() { bySPI[key.initiatorSPI, default: []].append(index) }
  }

  /// Opens a message that was decoded from `bytes`; nil if nothing in it is encrypted.
  func open(_ message: IKEMessage, in bytes: RawSpan) -> Outcome? {
    guard let last = message.payloads.last else { return nil }
    let content: Range<Int>
    let first: PayloadType
    var fragment: (number: UInt16, total: UInt16)?
    switch last.body {
    case .encrypted(let payload):
      content = payload.contentRange
      first = payload.firstPayload
    case .encryptedFragment(let payload):
      content = payload.contentRange
      first = payload.firstPayload
      fragment = (payload.number, payload.total)
    default:
      return nil
    }
    let range = message.range.lowerBound..<content.upperBound
    guard range.upperBound <= bytes.byteCount else { return .doesNotVerify }
    let packet = bytes.extracting(range)
    return open(
      packet, headerBytes: content.lowerBound - range.lowerBound, message.header, first, fragment)
  }

  private func open(
    _ packet: RawSpan, headerBytes: Int, _ header: IKEHeader, _ first: PayloadType,
    _ fragment: (number: UInt16, total: UInt16)?
  ) -> Outcome {
    let known = bySPI[header.initiatorSPI] ?? []
    var result = Outcome.noKey
    for (place, number) in known.enumerated() {
      let candidate = candidates[number]
      if let spi = candidate.key.responderSPI, spi != header.responderSPI, header.responderSPI != 0
      {
        continue
      }
      guard
        let key = header.isFromInitiator ? candidate.fromInitiator : candidate.fromResponder
      else {
        if case .noKey = result { result = .unsupported(candidate: number) }
        continue
      }
      guard
        let count = try? key.open(packet, headerBytes: headerBytes, into: &plaintext),
        count > 0, count <= plaintext.count, Int(plaintext[count - 1]) < count
      else {
        candidate.failed += 1
        result = .doesNotVerify
        continue
      }
      let content = Array(plaintext[..<(count - 1 - Int(plaintext[count - 1]))])
      // What is in a fragment but the first begins anywhere; it waits for the first.
      let canTell = fragment.map { $0.number == 1 } ?? true
      guard
        key.provesCipher || !canTell
          || Self.isPlausible(content, first, isFragment: fragment != nil)
      else {
        candidate.failed += 1
        result = .doesNotVerify
        continue
      }
      candidate.opened += 1
      if place > 0 { bySPI[header.initiatorSPI]?.swapAt(0, place) }
      return finish(content, header, first, fragment, number)
    }
    return result
  }

  /// Where a MAC beside the cipher has verified, that one's key is right; the cipher's is, too, where
  /// the first payload has a header (RFC 7296, section 3.2). A message may be malformed further on.
  private static func isPlausible(
    _ content: [UInt8], _ first: PayloadType, isFragment: Bool
  ) -> Bool {
    if first == .none || content.isEmpty { return first == .none && content.isEmpty }
    guard content.count >= 4 else { return isFragment }
    let next = PayloadType(rawValue: content[0])
    let length = Int(content[2]) << 8 | Int(content[3])
    return (next.name != nil || next.rawValue >= 128) && content[1] & 0x7F == 0 && length >= 4
      && (isFragment || length <= content.count)
  }

  private func finish(
    _ content: [UInt8], _ header: IKEHeader, _ first: PayloadType,
    _ fragment: (number: UInt16, total: UInt16)?, _ candidate: Int
  ) -> Outcome {
    var whole = content
    var first = first
    if let fragment {
      guard let joined = fragments.add(content, first, fragment.number, of: fragment.total, header)
      else { return .fragmentHeld(candidate: candidate) }
      (whole, first) = joined
    }
    var reader = ByteReader(whole.rawBytes)
    return .opened(PayloadChain(first: first, from: &reader), candidate: candidate)
  }
}

/// Joins the decrypted fragments of IKEv2 messages (RFC 7383, section 2.6), in bounded memory.
struct IKEFragments {
  private struct Key: Hashable {
    let initiatorSPI: UInt64
    let responderSPI: UInt64
    let messageID: UInt32
    /// The I and R flags: who sent it, and whether it is a response.
    let flags: UInt8
  }

  private struct Pending {
    let total: UInt16
    let order: Int
    var first = PayloadType.none
    var pieces: [UInt16: [UInt8]] = [:]
  }

  /// Messages held at once, and bytes of one of them; an empty fragment costs, too.
  static let messageLimit = 64
  static let byteLimit = 1 << 18

  private var pending: [Key: Pending] = [:]
  private var order = 0

  init() {}

  /// Adds a fragment; returns the content and its first payload's type once all are there.
  mutating func add(
    _ content: [UInt8], _ first: PayloadType, _ number: UInt16, of total: UInt16,
    _ header: IKEHeader
  ) -> ([UInt8], PayloadType)? {
    guard number >= 1, number <= total else { return nil }
    let key = Key(
      initiatorSPI: header.initiatorSPI, responderSPI: header.responderSPI,
      messageID: header.messageID, flags: header.flags & 0x28)
    order += 1
    var message = pending.removeValue(forKey: key) ?? Pending(total: total, order: order)
    // A sender that tries smaller fragments starts over; a smaller total is an old one.
    if total > message.total { message = Pending(total: total, order: order) }
    guard total == message.total else {
      pending[key] = message
      return nil
    }
    message.pieces[number] = content
    if number == 1 { message.first = first }
    if message.pieces.count == Int(total) {
      let whole = message.pieces.sorted { $0.key < $1.key }.flatMap(\.value)
      return (whole, message.first)
    }
    let size = message.pieces.values.reduce(0) { $0 + $1.count + 64 }
    guard size <= Self.byteLimit else { return nil }
    if pending.count >= Self.messageLimit,
      let oldest = pending.min(by: { $0.value.order < $1.value.order })
    {
      pending.removeValue(forKey: oldest.key)
    }
    pending[key] = message
    return nil
  }
}
