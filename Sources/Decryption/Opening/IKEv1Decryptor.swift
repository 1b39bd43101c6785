internal import IPsecCrypto
internal import PacketDissector

/// Opens the encrypted messages of IKEv1 (RFC 2409, appendix B).
///
/// There is no ICV: the IV of each message follows from the one before, and a key is believed where
/// what comes out is a whole payload chain of the kind that is due.
final class IKEv1Decryptor {
  enum Outcome {
    case opened(IKEv1PayloadChain, candidate: Int)
    case noKey
    case doesNotVerify
    /// The messages that the first IV is computed from are not in the capture.
    case phase1Missing
    case unsupported(String)
  }

  final class Candidate {
    let key: IKEv1Key
    fileprivate(set) var opened: UInt64 = 0
    fileprivate(set) var failed: UInt64 = 0

    init(_ key: IKEv1Key) {
      self.key = key
    }
  }

  let candidates: [Candidate]
  private var byCookie: [UInt64: [Int]] = [:]
  private var associations: [UInt64: IKEv1Association] = [:]
  /// Associations followed at once; the oldest goes first.
  private static let associationLimit = 4096
  private var order: [UInt64] = []

  init(_ keys: [IKEv1Key]) {
    candidates = keys.map(Candidate.init)
    for (index, key) in keys.enumerated() {
      byCookie[key.initiatorCookie, default: []].append(index)
    }
  }

  /// Takes every IKEv1 message in the capture's order; nil for one that is not encrypted.
  func open(_ message: IKEv1Message, from source: IPAddress) -> Outcome? {
    let cookie = message.header.initiatorSPI
    guard let known = byCookie[cookie] else { return message.encrypted == nil ? nil : .noKey }
    let association = association(cookie)
    guard message.encrypted != nil else {
      association.learn(message, from: source)
      return nil
    }
    var result = Outcome.doesNotVerify
    for number in known {
      let candidate = candidates[number]
      do throws(IKEv1Association.Fault) {
        let chain = try association.open(message, with: candidate.key.cipherKey)
        candidate.opened += 1
        return .opened(chain, candidate: number)
      } catch {
        switch error {
        case .phase1Missing: result = .phase1Missing
        case .unsupported(let name): result = .unsupported(name)
        case .doesNotVerify: candidate.failed += 1
        }
      }
    }
    return result
  }

  private func association(_ cookie: UInt64) -> IKEv1Association {
    if let known = associations[cookie] { return known }
    if order.count >= Self.associationLimit {
      associations.removeValue(forKey: order.removeFirst())
    }
    let new = IKEv1Association()
    associations[cookie] = new
    order.append(cookie)
    return new
  }
}

/// What one IKEv1 SA's clear messages tell, and the IVs of its encrypted ones.
final class IKEv1Association {
  enum Fault: Error {
    case phase1Missing
    case unsupported(String)
    case doesNotVerify
  }

  private var initiator: IPAddress?
  private var initiatorPublic: [UInt8]?
  private var responderPublic: [UInt8]?
  private var suite: Result<IKEv1Suite, CryptoError>?
  /// The last ciphertext block of phase 1, from which each phase 2 exchange starts.
  private var lastPhase1Block: [UInt8]?
  /// The IV that the next message of a message ID has.
  private var nextIV: [UInt32: [UInt8]] = [:]
  /// The IV that a message had, by its ciphertext: a retransmission has it again.
  private var usedIV: [[UInt8]: [UInt8]] = [:]

  /// Takes key exchange values and the chosen transform from a message in the clear.
  func learn(_ message: IKEv1Message, from source: IPAddress) {
    if message.header.responderSPI == 0 || initiator == nil { initiator = source }
    for payload in message.payloads {
      switch payload.body {
      case .keyExchange(let value):
        if source == initiator { initiatorPublic = value } else { responderPublic = value }
      case .securityAssociation(let association) where source != initiator:
        // The answer holds the one transform that was chosen.
        if let transform = association.proposals.first?.transforms.first { choose(transform) }
      default: break
      }
    }
  }

  private func choose(_ transform: IKEv1Transform) {
    suite = Result { () throws(CryptoError) in try IKEv1Suite(transform) }
  }

  func open(_ message: IKEv1Message, with key: Secret) throws(Fault) -> IKEv1PayloadChain {
    guard let chosen = self.suite else { throw .phase1Missing }
    let suite: IKEv1Suite
    var opener: PacketOpener
    do throws(CryptoError) {
      suite = try chosen.get()
      opener = try PacketOpener(suite.encryption, keyMaterial: key)
    } catch {
      throw .unsupported(error.description)
    }
    let messageID = message.header.messageID
    let iv = try startingIV(message, suite)
    var plaintext = [UInt8](repeating: 0, count: message.ciphertext.count)
    let count: Int
    do {
      var span = plaintext.mutableSpan
      var target = unsafe span.mutableBytes
      count = try opener.open(
        message.ciphertext.rawBytes, iv: iv.rawBytes, associated: AssociatedData(), into: &target)
    } catch {
      throw .doesNotVerify
    }
    let chain = Self.chain(
      Array(plaintext.prefix(count)), message.header, hashBytes: suite.hash.byteCount)
    guard let chain else { throw .doesNotVerify }
    // The chain of IVs moves on only where the message made sense.
    let lastBlock = suite.lastBlock(of: message.ciphertext)
    usedIV[message.ciphertext] = iv
    nextIV[messageID] = lastBlock
    if messageID == 0 { lastPhase1Block = lastBlock }
    return chain
  }

  private func startingIV(
    _ message: IKEv1Message, _ suite: IKEv1Suite
  ) throws(Fault) -> [UInt8] {
    if let used = usedIV[message.ciphertext] { return used }
    let messageID = message.header.messageID
    if let next = nextIV[messageID] { return next }
    let iv: Result<[UInt8], CryptoError>
    if messageID == 0 {
      guard let initiatorPublic, let responderPublic else { throw .phase1Missing }
      iv = Result { () throws(CryptoError) in
        try suite.phase1IV(initiatorPublic: initiatorPublic, responderPublic: responderPublic)
      }
    } else {
      guard let lastPhase1Block else { throw .phase1Missing }
      iv = Result { () throws(CryptoError) in
        try suite.laterIV(lastPhase1Block: lastPhase1Block, messageID: messageID)
      }
    }
    return try iv.mapError { Fault.unsupported($0.description) }.get()
  }

  /// The payloads, if they are such that only the right key can have yielded them: a chain without a
  /// flaw, hashes as long as the negotiated hash, and in phase 2 a hash first (RFC 2409, section 5).
  /// Padding may be anything: some stacks send whole blocks of noise.
  private static func chain(
    _ plaintext: [UInt8], _ header: IKEHeader, hashBytes: Int
  ) -> IKEv1PayloadChain? {
    let first = IKEv1PayloadType(rawValue: header.nextPayload)
    guard header.messageID == 0 || first == .hash else { return nil }
    var reader = ByteReader(plaintext.rawBytes)
    let chain = IKEv1Payload.chain(first: first, from: &reader, padded: true)
    guard chain.payloads.last?.nextPayload == IKEv1PayloadType.none,
      chain.payloads.allSatisfy({ payload in
        if case .hash(let hash) = payload.body, hash.count != hashBytes { return false }
        return payload.stop == nil && payload.type.name != nil
      })
    else { return nil }
    return IKEv1PayloadChain(payloads: chain.payloads)
  }
}
