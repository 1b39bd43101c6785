package import IPsecCrypto
package import PacketDissector

/// The keys of an IKE SA that are in force, both directions, for one of its ends: what turns payloads
/// into protected messages and back (RFC 7296, section 3.14; RFC 5282; RFC 7383).
///
/// A class, as the contexts of its ciphers cannot be copied; IVs must not be, either.
package final class MessageProtection {
  package enum Opened: Equatable {
    /// The payloads of a whole message, and its A | P of RFC 9242. Their chain may be malformed: then it
    /// is the peer that sent it so.
    case message(PayloadChain, authenticated: [UInt8])
    /// A fragment that verified and is held; others of its message are missing.
    case fragment(number: UInt16, total: UInt16)
  }

  package let suite: IKESuite
  private var sealer: MessageSealer
  private var opener: MessageOpener
  private var requests = FragmentCollector()
  private var responses = FragmentCollector()

  /// `isInitiator`: whether this end is the IKE SA's original initiator.
  package init(suite: IKESuite, keys: IKEKeys, isInitiator: Bool) throws(CryptoError) {
    self.suite = suite
    sealer = try MessageSealer(
      suite, encryption: isInitiator ? keys.ei : keys.er,
      integrity: isInitiator ? keys.ai : keys.ar)
    opener = try MessageOpener(
      suite, encryption: isInitiator ? keys.er : keys.ei,
      integrity: isInitiator ? keys.ar : keys.ai)
  }

  /// Octets of both directions' fragments that wait for the rest of their message.
  var heldFragmentBytes: Int { requests.heldBytes + responses.heldBytes }

  /// Protects a message, whose header gets its next payload and length here.
  ///
  /// Where the message would be longer than `fragmentBytes` octets of IKE, it becomes several of at most
  /// that length; nil never fragments. Beside the datagrams, in their order, comes A | P of RFC 9242,
  /// section 3.3.2, the same however the message is cut.
  package func seal(
    _ header: IKEHeader, _ payloads: [IKEPayload], fragmentBytes: Int?
  ) throws(SealFailure) -> (datagrams: [[UInt8]], authenticated: [UInt8]) {
    var writer = ByteWriter()
    PayloadChain(payloads: payloads).write(to: &writer)
    let content = writer.bytes
    let first = payloads.first?.type ?? .none
    let bodyBytes = sealer.sealedBytes(content.count)
    let authenticated =
      MessageHead.encrypted(header, first, bodyBytes: content.count).bytes + content
    if let fragmentBytes, MessageHead.encryptedBytes + bodyBytes > fragmentBytes, !content.isEmpty {
      let datagrams = try fragments(header, first, content, fragmentBytes)
      return (datagrams, authenticated)
    }
    guard MessageHead.encryptedBytes + bodyBytes <= Self.byteLimit else {
      throw .tooLarge(bytes: bodyBytes)
    }
    let head = MessageHead.encrypted(header, first, bodyBytes: bodyBytes)
    return ([try sealer.seal(content[...], behind: head.bytes)], authenticated)
  }

  /// The length of a payload has two octets, and so has that of UDP, which is the lower limit: with its
  /// header and the non-ESP marker it leaves this many octets of IKE.
  private static let byteLimit = 65_535 - 8 - 4

  private func fragments(
    _ header: IKEHeader, _ first: PayloadType, _ content: [UInt8], _ fragmentBytes: Int
  ) throws(SealFailure) -> [[UInt8]] {
    let limit = min(fragmentBytes, Self.byteLimit)
    let room = sealer.contentBytes(in: limit - MessageHead.fragmentBytes)
    guard room >= 1 else { throw .fragmentTooSmall(bytes: fragmentBytes) }
    guard content.count <= FragmentCollector.byteLimit,
      let total = UInt16(exactly: (content.count + room - 1) / room),
      total <= FragmentCollector.fragmentLimit
    else { throw .tooLarge(bytes: content.count) }
    var datagrams: [[UInt8]] = []
    for number in 1...max(1, total) {
      let start = (Int(number) - 1) * room
      let piece = content[start..<min(start + room, content.count)]
      let head = MessageHead.fragment(
        header, number == 1 ? first : .none, number: number, total: total,
        bodyBytes: sealer.sealedBytes(piece.count))
      datagrams.append(try sealer.seal(piece, behind: head.bytes))
    }
    return datagrams
  }

  /// Opens a message that was decoded from `bytes`, which hold nothing else.
  ///
  /// What throws changes no state but that of fragments that came before: anyone may have sent it.
  package func open(_ message: IKEMessage, in bytes: [UInt8]) throws(OpenFailure) -> Opened {
    guard let last = message.payloads.last, last.isEncrypted else { throw .notProtected }
    guard message.stop == nil, last.stop == nil, message.range == bytes.indices else {
      throw .malformed
    }
    switch last.body {
    case .encrypted(let payload):
      let head = payload.contentRange.lowerBound
      let content = try opener.open(bytes.rawBytes, headerBytes: head)
      return opened(
        payload.firstPayload, content, head: MessageHead(Array(bytes[..<head])))
    case .encryptedFragment(let fragment):
      // RFC 9242 does not say what A would be with other payloads in front of one fragment.
      guard message.payloads.count == 1 else { throw .malformed }
      return try open(fragment, message.header, bytes)
    default:
      throw .malformed
    }
  }

  private func open(
    _ fragment: EncryptedFragmentPayload, _ header: IKEHeader, _ bytes: [UInt8]
  ) throws(OpenFailure) -> Opened {
    let isResponse = header.isResponse
    let collector = isResponse ? responses : requests
    if let fault = collector.objection(to: fragment, messageID: header.messageID) {
      throw .badFragment(fault)
    }
    let content = try opener.open(
      bytes.rawBytes, headerBytes: fragment.contentRange.lowerBound)
    let joined =
      isResponse
      ? try responses.add(content, of: fragment, messageID: header.messageID)
      : try requests.add(content, of: fragment, messageID: header.messageID)
    guard let joined else {
      return .fragment(number: fragment.number, total: fragment.total)
    }
    let head = MessageHead.encrypted(header, joined.first, bodyBytes: joined.content.count)
    return opened(joined.first, joined.content, head: head)
  }

  private func opened(
    _ first: PayloadType, _ content: [UInt8], head: consuming MessageHead
  ) -> Opened {
    var reader = ByteReader(content.rawBytes)
    let chain = PayloadChain(first: first, from: &reader)
    head.setLengths(bodyBytes: content.count)
    return .message(chain, authenticated: head.bytes + content)
  }
}
