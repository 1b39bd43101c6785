internal import IPsecCrypto
internal import PacketDissector

/// One direction's cipher and MAC, opening message after message of an IKE SA.
struct MessageOpener: ~Copyable {
  private var opener: PacketOpener
  private var checker: IntegrityChecker?
  private let ivBytes: Int
  private let icvBytes: Int
  /// 0 beside an AEAD cipher, whose opener takes the ICV itself.
  private let macBytes: Int

  init(_ suite: IKESuite, encryption: Secret, integrity: Secret) throws(CryptoError) {
    let cipher = suite.encryption
    let opener = try PacketOpener(cipher, keyMaterial: encryption)
    var checker: IntegrityChecker?
    if let transform = suite.integrity {
      checker = try IntegrityChecker(transform, keyMaterial: integrity)
    }
    self.opener = opener
    self.checker = checker
    ivBytes = cipher.explicitIVBytes
    macBytes = suite.integrity?.icvBytes ?? 0
    icvBytes = cipher.isAEAD ? cipher.icvBytes : macBytes
  }

  /// The payloads that a whole message holds, without padding; `headerBytes` stand before its IV.
  mutating func open(_ packet: RawSpan, headerBytes: Int) throws(OpenFailure) -> [UInt8] {
    let start = headerBytes + ivBytes
    guard packet.byteCount > start + icvBytes else { throw .malformed }
    let end = packet.byteCount - macBytes
    if checker != nil {
      checker?.start()
      checker?.update(packet.extracting(first: end))
      guard checker?.verify(packet.extracting(last: macBytes)) == true else { throw .wrongICV }
    }
    let iv = packet.extracting(headerBytes..<start)
    var plaintext = [UInt8](repeating: 0, count: end - start)
    let count: Int
    do throws(PacketCipherFailure) {
      var span = plaintext.mutableSpan
      // Any bytes may be written over bytes.
      var target = unsafe span.mutableBytes
      count = try opener.open(
        packet.extracting(start..<end), iv: iv,
        associated: AssociatedData(packet.extracting(first: headerBytes)), into: &target)
    } catch .wrongICV {
      throw .wrongICV
    } catch {
      throw .malformed
    }
    plaintext.removeLast(plaintext.count - count)
    guard let padding = plaintext.popLast(), Int(padding) <= plaintext.count else {
      throw .malformed
    }
    plaintext.removeLast(Int(padding))
    return plaintext
  }
}
