internal import IPsecCrypto
internal import PacketDissector

/// One direction's cipher and MAC, ready for packet after packet of ESP or IKE.
///
/// Both have the same shape: bytes that are authenticated only, the IV, the ciphertext, the ICV. A
/// class, as it stands in tables and its parts cannot be copied.
final class PacketKey {
  private var opener: PacketOpener
  private var checker: IntegrityChecker?
  let ivBytes: Int
  let icvBytes: Int
  let cipher: EncryptionTransform
  /// Nil where there is none, or none that is known.
  let integrity: IntegrityTransform?
  private let isAEAD: Bool

  /// Without a MAC that can be computed only the plaintext's own shape speaks for a key.
  var isChecked: Bool { isAEAD || hasChecker }
  private let hasChecker: Bool
  /// The ICV proves the cipher's key, too, or there is none: a MAC beside a cipher proves its own.
  let provesCipher: Bool

  /// `icvBytes` is the length of the ICV where it differs from what the algorithms say.
  init(
    cipher: KeyCipher, cipherKey: Secret, integrity: KeyIntegrity, integrityKey: Secret,
    icvBytes: Int?
  ) throws(CryptoError) {
    let transform = try Self.transform(cipher, keyMaterialBytes: cipherKey.count)
    opener = try PacketOpener(transform, keyMaterial: cipherKey)
    self.cipher = transform
    ivBytes = transform.explicitIVBytes
    isAEAD = transform.isAEAD
    if transform.isAEAD {
      checker = nil
      self.integrity = nil
      hasChecker = false
      provesCipher = true
      self.icvBytes = transform.icvBytes
      return
    }
    switch integrity {
    case .algorithm(let id) where id.rawValue != 0:
      var mac = try IntegrityTransform(id)
      if let icvBytes, icvBytes != mac.icvBytes { mac = try mac.truncated(to: icvBytes) }
      checker = try IntegrityChecker(mac, keyMaterial: integrityKey)
      self.integrity = mac
      hasChecker = true
      provesCipher = transform.keyBytes == 0
      self.icvBytes = mac.icvBytes
    case .algorithm, .unchecked:
      checker = nil
      self.integrity = nil
      hasChecker = false
      provesCipher = false
      self.icvBytes = icvBytes ?? 0
    case .unsupported(let name):
      throw .notImplemented(name)
    }
  }

  /// The transform whose key material has this many bytes: a table gives keys, not key lengths.
  private static func transform(
    _ cipher: KeyCipher, keyMaterialBytes count: Int
  ) throws(CryptoError) -> EncryptionTransform {
    let id: EncryptionAlgorithm
    switch cipher {
    case .algorithm(let algorithm): id = algorithm
    case .unsupported(let name): throw .notImplemented(name)
    }
    // The salt is 4 bytes long, 3 with CCM, or absent.
    for keyBits in [nil, count * 8, (count - 4) * 8, (count - 3) * 8] as [Int?] {
      if let transform = try? EncryptionTransform(id, keyBits: keyBits),
        transform.keyMaterialBytes == count
      {
        return transform
      }
    }
    let needed = try? EncryptionTransform(id, keyBits: 128)
    // Says what is wrong with the algorithm itself, if that is the reason.
    if needed == nil { _ = try EncryptionTransform(id, keyBits: nil) }
    throw .badKeyMaterial("\(id)", needed: needed?.keyMaterialBytes ?? 0, given: count)
  }

  /// Checks and decrypts a packet.
  ///
  /// - Parameters:
  ///   - packet: From its first authenticated byte to the end of its ICV.
  ///   - headerBytes: Bytes before the IV.
  ///   - high: The upper half of an extended sequence number, which is not sent (RFC 4303, section
  ///     2.2.1): 4 bytes, or none.
  ///   - output: Takes the plaintext, padding included; at least as long as the packet.
  /// - Returns: The bytes of plaintext.
  /// - Throws: Why there is none.
  func open(
    _ packet: RawSpan, headerBytes: Int, high: RawSpan = RawSpan(), into output: inout [UInt8]
  ) throws(PacketCipherFailure) -> Int {
    let bodyStart = headerBytes + ivBytes
    guard packet.byteCount >= bodyStart + icvBytes else { throw .wrongLength }
    let end = packet.byteCount - icvBytes
    if hasChecker {
      checker?.start()
      checker?.update(packet.extracting(first: end))
      checker?.update(high)
      guard checker?.verify(packet.extracting(last: icvBytes)) == true else { throw .wrongICV }
    }
    let body = packet.extracting(bodyStart..<(isAEAD ? packet.byteCount : end))
    guard cipher.hasImplicitIV else {
      let iv = packet.extracting(headerBytes..<bodyStart)
      return try decrypt(body, iv, packet.extracting(first: headerBytes), high, into: &output)
    }
    // The 64-bit sequence number (RFC 8750, section 3), the lower half of which ends ESP's header.
    let upper = ByteReader(high).peekWord().map(UInt64.init) ?? 0
    let low = ByteReader(packet).peekWord(headerBytes - 4).map(UInt64.init) ?? 0
    let number = upper << 32 | low
    let iv = InlineArray<8, UInt8> { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
    return try unsafe decrypt(
      body, iv.span.bytes, packet.extracting(first: headerBytes), high, into: &output)
  }

  private func decrypt(
    _ body: RawSpan, _ iv: RawSpan, _ header: RawSpan, _ high: RawSpan, into output: inout [UInt8]
  ) throws(PacketCipherFailure) -> Int {
    var span = output.mutableSpan
    var target = unsafe span.mutableBytes
    if high.byteCount == 0 {
      return try opener.open(body, iv: iv, associated: AssociatedData(header), into: &target)
    }
    // ESP's header: the SPI, the high half, the low half (RFC 4106, section 5).
    return try opener.open(
      body, iv: iv,
      associated: AssociatedData(
        header.extracting(first: 4), high, header.extracting(droppingFirst: 4)),
      into: &target)
  }
}
