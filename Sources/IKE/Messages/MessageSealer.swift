internal import IPsecCrypto
internal import PacketDissector

/// One direction's cipher and MAC, sealing message after message of an IKE SA.
struct MessageSealer: ~Copyable {
  private var sealer: PacketSealer
  private var checker: IntegrityChecker?
  /// The next IV of a cipher whose IVs need only differ; it starts anywhere.
  private var counter: UInt64
  let ivBytes: Int
  let blockBytes: Int
  let icvBytes: Int
  /// CBC's IVs must not be foretold (RFC 7296, section 3.14).
  private let hasRandomIV: Bool

  init(_ suite: IKESuite, encryption: Secret, integrity: Secret) throws(CryptoError) {
    let cipher = suite.encryption
    let sealer = try PacketSealer(cipher, keyMaterial: encryption)
    var checker: IntegrityChecker?
    if let transform = suite.integrity {
      checker = try IntegrityChecker(transform, keyMaterial: integrity)
    }
    counter = try RandomBytes.make(8).reduce(0) { $0 << 8 | UInt64($1) }
    self.sealer = sealer
    self.checker = checker
    ivBytes = cipher.explicitIVBytes
    blockBytes = cipher.blockBytes
    icvBytes = cipher.isAEAD ? cipher.icvBytes : suite.integrity?.icvBytes ?? 0
    hasRandomIV = cipher.blockBytes > 1
  }

  /// How many bytes follow the header of a payload that holds `count` bytes of payloads.
  func sealedBytes(_ count: Int) -> Int {
    let padded = (count + 1 + blockBytes - 1) / blockBytes * blockBytes
    return ivBytes + padded + icvBytes
  }

  /// How many bytes of payloads have room in `available` behind a payload's header; negative if none.
  func contentBytes(in available: Int) -> Int {
    let cipherBytes = available - ivBytes - icvBytes
    return cipherBytes / blockBytes * blockBytes - 1
  }

  /// The whole message: `head` up to the end of the payload's header, its lengths filled in, then IV,
  /// ciphertext and ICV of `content`.
  mutating func seal(
    _ content: ArraySlice<UInt8>, behind head: [UInt8]
  ) throws(SealFailure) -> [UInt8] {
    let padding = (blockBytes - (content.count + 1) % blockBytes) % blockBytes
    var plaintext = Array(content)
    plaintext.append(contentsOf: repeatElement(0, count: padding))
    // A block has at most 16 bytes.
    plaintext.append(UInt8(truncatingIfNeeded: padding))
    let iv = try nextIV()
    var message = head + iv
    var output = [UInt8](repeating: 0, count: plaintext.count + sealer.transform.icvBytes)
    do throws(PacketCipherFailure) {
      var span = output.mutableSpan
      // Any bytes may be written over bytes.
      var target = unsafe span.mutableBytes
      _ = try sealer.seal(
        plaintext.rawBytes, iv: iv.rawBytes, associated: AssociatedData(head.rawBytes),
        into: &target)
    } catch {
      throw .cipherFailed
    }
    message += output
    if checker != nil { message += try integrity(of: message) }
    return message
  }

  private mutating func integrity(of message: [UInt8]) throws(SealFailure) -> [UInt8] {
    checker?.start()
    checker?.update(message.rawBytes)
    var icv = [UInt8](repeating: 0, count: icvBytes)
    do throws(PacketCipherFailure) {
      var span = icv.mutableSpan
      // Any bytes may be written over bytes.
      var target = unsafe span.mutableBytes
      _ = try checker?.finish(into: &target)
    } catch {
      throw .cipherFailed
    }
    return icv
  }

  private mutating func nextIV() throws(SealFailure) -> [UInt8] {
    if hasRandomIV {
      do throws(CryptoError) {
        return try RandomBytes.make(ivBytes)
      } catch {
        throw .cipherFailed
      }
    }
    var writer = ByteWriter()
    writer.u64(counter)
    // 2^64 messages of one SA are never sent.
    counter &+= 1
    return Array(writer.bytes.suffix(ivBytes))
  }
}
