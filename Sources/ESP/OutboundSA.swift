package import IPsecCrypto
internal import PacketDissector

/// Seals packet after packet of one SA (RFC 4303, section 3.3).
package struct OutboundSA: ~Copyable {
  package let parameters: ESPParameters
  /// The number of the next packet; zero once all are used.
  package private(set) var nextSequence: UInt64
  private var sealer: PacketSealer
  private var checker: IntegrityChecker?
  private var plaintext: [UInt8] = []

  package init(
    _ parameters: ESPParameters, firstSequence: UInt64 = 1
  ) throws(CryptoError) {
    let sealer = try PacketSealer(parameters.encryption, keyMaterial: parameters.encryptionKey)
    var checker: IntegrityChecker?
    if let integrity = parameters.integrity, !parameters.encryption.isAEAD {
      checker = try IntegrityChecker(integrity, keyMaterial: parameters.integrityKey)
    }
    self.parameters = parameters
    self.sealer = sealer
    self.checker = checker
    nextSequence = firstSequence
  }

  private var lastSequence: UInt64 { parameters.usesESN ? .max : UInt64(UInt32.max) }

  /// Writes the packet, from the SPI to the ICV, to the start of `packet`, which must have
  /// ``ESPParameters/packetBytes(payload:)``; how many octets it has.
  ///
  /// `trafficPadding` is octets of TFC padding behind the payload (RFC 4303, section 2.7).
  package mutating func seal(
    _ payload: RawSpan, nextHeader: UInt8, trafficPadding: Int = 0, into packet: inout [UInt8]
  ) throws(ESPFailure) -> Int {
    guard nextSequence > 0, nextSequence <= lastSequence else { throw .sequenceExhausted }
    let total = parameters.packetBytes(payload: payload.byteCount + trafficPadding)
    guard total <= packet.count, trafficPadding >= 0 else { throw .wrongLength(total) }
    pad(payload, nextHeader, trafficPadding)
    let sequence = nextSequence
    nextSequence &+= 1
    let iv = try iv(for: sequence)
    var header = ByteWriter()
    header.u32(parameters.spi)
    header.u32(UInt32(truncatingIfNeeded: sequence))
    var high = ByteWriter()
    high.u32(UInt32(truncatingIfNeeded: sequence >> 32))
    let start = 8 + parameters.encryption.explicitIVBytes
    packet.replaceSubrange(0..<8, with: header.bytes)
    packet.replaceSubrange(8..<start, with: iv.prefix(start - 8))
    var sealed = [UInt8](repeating: 0, count: plaintext.count + parameters.encryption.icvBytes)
    do throws(PacketCipherFailure) {
      var span = sealed.mutableSpan
      var target = unsafe span.mutableBytes
      let plaintext = plaintext
      // SPI, upper half, lower half (RFC 4106, section 5).
      let associated =
        parameters.usesESN
        ? Array(header.bytes[..<4]) + high.bytes + Array(header.bytes[4...]) : header.bytes
      _ = try sealer.seal(
        plaintext.rawBytes, iv: iv.rawBytes, associated: AssociatedData(associated.rawBytes),
        into: &target)
      packet.replaceSubrange(start..<start + sealed.count, with: sealed)
      guard checker != nil else { return total }
      checker?.start()
      checker?.update(packet.rawBytes.extracting(first: start + sealed.count))
      if parameters.usesESN { checker?.update(high.bytes.rawBytes) }
      var icv = [UInt8](repeating: 0, count: parameters.icvBytes)
      var icvSpan = icv.mutableSpan
      var icvTarget = unsafe icvSpan.mutableBytes
      _ = try checker?.finish(into: &icvTarget)
      packet.replaceSubrange(start + sealed.count..<total, with: icv)
      return total
    } catch {
      throw .cipherFailed(error)
    }
  }

  private mutating func pad(_ payload: RawSpan, _ nextHeader: UInt8, _ trafficPadding: Int) {
    plaintext.removeAll(keepingCapacity: true)
    var reader = ByteReader(payload)
    plaintext += reader.rest()
    plaintext += repeatElement(0, count: trafficPadding)
    let alignment = parameters.encryption.espAlignment
    let padding = (alignment - (plaintext.count + 2) % alignment) % alignment
    for index in 0..<padding { plaintext.append(UInt8(truncatingIfNeeded: index + 1)) }
    plaintext.append(UInt8(truncatingIfNeeded: padding))
    plaintext.append(nextHeader)
  }

  /// Ciphers that only need IVs to differ get the sequence number; CBC's must not be foretold.
  private func iv(for sequence: UInt64) throws(ESPFailure) -> [UInt8] {
    let count = parameters.encryption.ivBytes
    if parameters.encryption.blockBytes > 1 {
      do throws(CryptoError) {
        return try RandomBytes.make(count)
      } catch {
        throw .cipherFailed(.openSSLFailed)
      }
    }
    var writer = ByteWriter()
    writer.u64(sequence)
    return Array(writer.bytes.suffix(count))
  }
}
