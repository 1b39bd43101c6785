internal import IPsecCrypto
internal import PacketDissector

/// Encrypts and decrypts the messages of an IKEv1 SA, and keeps the chain of IVs of its phase 1
/// (RFC 2409, appendix B).
///
/// There is no ICV: what comes out is as good as the hash in it.
struct IKEv1Protection: Sendable {
  let keys: IKEv1Keys
  /// g^xi and g^xr.
  let publicValues: (initiator: [UInt8], responder: [UInt8])
  /// The IV of phase 1's next message, from which that of every later exchange is made.
  private(set) var phase1IV: [UInt8]

  init(
    _ keys: IKEv1Keys, publicValues: (initiator: [UInt8], responder: [UInt8])
  ) throws(CryptoError) {
    self.keys = keys
    self.publicValues = publicValues
    phase1IV = try keys.suite.phase1IV(
      initiatorPublic: publicValues.initiator, responderPublic: publicValues.responder)
  }

  /// The decrypted content of a message.
  struct Content {
    let bytes: [UInt8]
    let payloads: [IKEv1Payload]

    /// The body of a payload as it came.
    func body(of payload: IKEv1Payload) -> [UInt8] {
      Array(bytes[payload.range.clamped(to: bytes.indices)].dropFirst(IKEv1Payload.headerByteCount))
    }

    /// What follows the first payload, without padding.
    var behindFirst: [UInt8] {
      guard let first = payloads.first, let last = payloads.last,
        first.range.upperBound <= last.range.upperBound
      else { return [] }
      let behind = first.range.upperBound..<last.range.upperBound
      return Array(bytes[behind.clamped(to: bytes.indices)])
    }
  }

  /// The whole message with these payloads; `header` says all but the lengths and what is encrypted.
  func seal(
    _ header: IKEHeader, _ payloads: [IKEv1Payload]
  ) throws(CryptoError) -> [UInt8] {
    var writer = ByteWriter()
    IKEv1Payload.writeChain(payloads, to: &writer)
    let block = keys.suite.encryption.blockBytes
    let excess = writer.count % block
    if excess > 0 { writer.zeros(block - excess) }
    var header = header
    header.nextPayload = (payloads.first?.type ?? .none).rawValue
    header.flags |= 0x01
    let message = IKEv1Message(
      header: header, ciphertext: try encrypt(writer.bytes, iv: try iv(header.messageID)))
    var output = ByteWriter()
    message.write(to: &output)
    return output.bytes
  }

  /// The content of an encrypted message; nil where it does not decrypt to a chain of payloads, as under
  /// another key. Padding may be anything: some stacks send whole blocks of noise.
  func open(_ message: IKEv1Message) throws(CryptoError) -> Content? {
    guard message.encrypted != nil, message.stop == nil, !message.ciphertext.isEmpty,
      let bytes = try decrypt(message.ciphertext, iv: try iv(message.header.messageID))
    else { return nil }
    var reader = ByteReader(bytes.rawBytes)
    let chain = IKEv1Payload.chain(
      first: IKEv1PayloadType(rawValue: message.header.nextPayload), from: &reader, padded: true)
    guard chain.payloads.last?.nextPayload == IKEv1PayloadType.none else { return nil }
    return Content(bytes: bytes, payloads: chain.payloads)
  }

  /// Moves the chain of IVs on: a message of phase 1 was sent, or believed.
  mutating func advance(past ciphertext: [UInt8]) {
    phase1IV = keys.suite.lastBlock(of: ciphertext)
  }

  private func iv(_ messageID: UInt32) throws(CryptoError) -> [UInt8] {
    guard messageID != 0 else { return phase1IV }
    return try keys.suite.laterIV(lastPhase1Block: phase1IV, messageID: messageID)
  }

  private func encrypt(_ plaintext: [UInt8], iv: [UInt8]) throws(CryptoError) -> [UInt8] {
    var sealer = try PacketSealer(keys.suite.encryption, keyMaterial: keys.cipherKey)
    var output = [UInt8](repeating: 0, count: plaintext.count)
    do throws(PacketCipherFailure) {
      var span = output.mutableSpan
      var target = unsafe span.mutableBytes
      _ = try sealer.seal(
        plaintext.rawBytes, iv: iv.rawBytes, associated: AssociatedData(), into: &target)
    } catch {
      // Whole blocks and a whole IV leave nothing but OpenSSL itself.
      throw .openSSLFailed(keys.suite.encryption.name)
    }
    return output
  }

  /// Nil where these are no whole blocks.
  private func decrypt(_ ciphertext: [UInt8], iv: [UInt8]) throws(CryptoError) -> [UInt8]? {
    var opener = try PacketOpener(keys.suite.encryption, keyMaterial: keys.cipherKey)
    var output = [UInt8](repeating: 0, count: ciphertext.count)
    do throws(PacketCipherFailure) {
      var span = output.mutableSpan
      var target = unsafe span.mutableBytes
      _ = try opener.open(
        ciphertext.rawBytes, iv: iv.rawBytes, associated: AssociatedData(), into: &target)
    } catch {
      return nil
    }
    return output
  }
}
