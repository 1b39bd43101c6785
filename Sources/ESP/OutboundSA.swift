package import IPsecCrypto
internal import PacketDissector

/// Seals packet after packet of one SA (RFC 4303, section 3.3), and allocates nothing for it.
package struct OutboundSA: ~Copyable {
  package let parameters: ESPParameters
  /// The number of the next packet; zero once all are used.
  package private(set) var nextSequence: UInt64
  private let lastSequence: UInt64
  private let layout: PacketLayout
  private let ivSource: IVSource
  private var sealer: PacketSealer
  private var checker: IntegrityChecker?
  /// Payload, padding and trailer of the packet under way.
  private var plaintext: [UInt8] = []

  private enum IVSource {
    /// For ciphers that only need IVs to differ (RFC 4106, section 3.1, and the like).
    case sequenceNumber
    /// For CBC, whose IVs must not be foretold (RFC 3602, section 3).
    case random(bytes: Int)
  }

  /// `firstSequence` is the number of the first packet: 1, unless an SA is carried on.
  package init(
    _ parameters: ESPParameters, firstSequence: UInt64 = 1
  ) throws(CryptoError) {
    let sealer = try PacketSealer(parameters.encryption, keyMaterial: parameters.encryptionKey)
    let checker = try parameters.integrityChecker()
    let isBlockCipher = parameters.encryption.blockBytes > 1
    self.parameters = parameters
    self.sealer = sealer
    self.checker = checker
    layout = parameters.layout
    ivSource = isBlockCipher ? .random(bytes: parameters.encryption.ivBytes) : .sequenceNumber
    nextSequence = firstSequence
    lastSequence = parameters.usesESN ? .max : UInt64(UInt32.max)
  }

  /// Leaves numbers out: that of the next packet becomes `sequence`. A number that was passed is never used, so
  /// that none is used twice.
  package mutating func skip(to sequence: UInt64) throws(ESPFailure) {
    guard nextSequence > 0, sequence >= nextSequence, sequence <= lastSequence else {
      throw .sequenceExhausted
    }
    nextSequence = sequence
  }

  /// Writes the packet, from the SPI to the ICV, to the start of `packet`, which must have
  /// ``ESPParameters/packetBytes(payload:)``; how many octets it has.
  ///
  /// `trafficPadding` is octets of TFC padding behind the payload (RFC 4303, section 2.7).
  package mutating func seal(
    _ payload: RawSpan, nextHeader: UInt8, trafficPadding: Int = 0, into packet: inout [UInt8]
  ) throws(ESPFailure) -> Int {
    var span = packet.mutableSpan
    var bytes = unsafe span.mutableBytes
    return try seal(payload, nextHeader: nextHeader, trafficPadding: trafficPadding, into: &bytes)
  }

  /// The same, into bytes that are no array.
  @_lifetime(packet: copy packet)
  package mutating func seal(
    _ payload: RawSpan, nextHeader: UInt8, trafficPadding: Int = 0,
    into packet: inout MutableRawSpan
  ) throws(ESPFailure) -> Int {
    guard nextSequence > 0, nextSequence <= lastSequence else { throw .sequenceExhausted }
    guard trafficPadding >= 0, trafficPadding <= PacketLayout.longest,
      payload.byteCount <= PacketLayout.longest
    else { throw .wrongLength(max(trafficPadding, payload.byteCount)) }
    let total = layout.packetBytes(payload: payload.byteCount + trafficPadding)
    guard total <= PacketLayout.longest, total <= packet.byteCount else {
      throw .wrongLength(total)
    }
    stage(payload, nextHeader, trafficPadding)
    // Spent even if sealing fails, so that no IV comes twice.
    let sequence = nextSequence
    nextSequence &+= 1
    packet.storeBytes(of: parameters.spi.bigEndian, toByteOffset: 0, as: UInt32.self)
    packet.storeBytes(
      of: UInt32(truncatingIfNeeded: sequence).bigEndian, toByteOffset: 4, as: UInt32.self)
    let number = PacketNumber(sequence, spi: parameters.spi, usesESN: parameters.usesESN)
    do throws(PacketCipherFailure) {
      try encrypt(number, into: &packet)
      guard checker != nil else { return total }
      checker?.start()
      checker?.update(packet.bytes.extracting(first: total - layout.icvBytes))
      if parameters.usesESN { checker?.update(number.high) }
      _ = try checker?.finish(into: &packet, at: total - layout.icvBytes)
      return total
    } catch {
      throw .cipherFailed(error)
    }
  }

  /// Lays out what is to be encrypted.
  private mutating func stage(_ payload: RawSpan, _ nextHeader: UInt8, _ trafficPadding: Int) {
    plaintext.removeAll(keepingCapacity: true)
    unsafe payload.withUnsafeBytes { unsafe plaintext.append(contentsOf: $0) }
    if trafficPadding > 0 { plaintext.append(contentsOf: repeatElement(0, count: trafficPadding)) }
    let padding = layout.padding(payload: plaintext.count)
    for index in 0..<padding { plaintext.append(UInt8(truncatingIfNeeded: index + 1)) }
    plaintext.append(UInt8(truncatingIfNeeded: padding))
    plaintext.append(nextHeader)
  }

  /// Writes IV, ciphertext and the ICV that an AEAD cipher makes.
  @_lifetime(packet: copy packet)
  private mutating func encrypt(
    _ number: borrowing PacketNumber, into packet: inout MutableRawSpan
  ) throws(PacketCipherFailure) {
    switch ivSource {
    case .sequenceNumber:
      let iv = number.whole.extracting(first: sealer.transform.ivBytes)
      try encrypt(number, iv, into: &packet)
    case .random(let count):
      // No block has more than 16 octets.
      var random = InlineArray<16, UInt8>(repeating: 0)
      do throws(CryptoError) {
        var span = random.mutableSpan
        var bytes = unsafe span.mutableBytes
        try RandomBytes.fill(&bytes)
      } catch {
        throw .openSSLFailed
      }
      try unsafe encrypt(number, random.span.bytes.extracting(first: count), into: &packet)
    }
  }

  @_lifetime(packet: copy packet)
  private mutating func encrypt(
    _ number: borrowing PacketNumber, _ iv: RawSpan, into packet: inout MutableRawSpan
  ) throws(PacketCipherFailure) {
    for index in 0..<layout.explicitIVBytes {
      let byte = unsafe iv.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      packet.storeBytes(
        of: byte, toByteOffset: PacketLayout.headerBytes + index, as: UInt8.self)
    }
    // Lent apart from the SA, whose sealer changes meanwhile.
    let plaintext = plaintext
    _ = try sealer.seal(
      plaintext.rawBytes, iv: iv, associated: AssociatedData(number.associatedData), into: &packet,
      at: layout.bodyStart)
  }
}
