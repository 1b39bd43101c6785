package import IPsecCrypto
internal import PacketDissector

/// Opens packet after packet of one SA, and takes none twice (RFC 4303, section 3.4).
package struct InboundSA: ~Copyable {
  /// What a packet had inside: the first ``payloadBytes`` octets of where it was opened to, TFC padding
  /// among them.
  package struct Content: Equatable, Sendable {
    package var nextHeader: UInt8
    package var payloadBytes: Int
    /// With its upper half, where there is one.
    package var sequence: UInt64

    package init(nextHeader: UInt8, payloadBytes: Int, sequence: UInt64) {
      self.nextHeader = nextHeader
      self.payloadBytes = payloadBytes
      self.sequence = sequence
    }
  }

  package let parameters: ESPParameters
  package private(set) var window: ReplayWindow
  private var opener: PacketOpener
  private var checker: IntegrityChecker?

  package init(
    _ parameters: ESPParameters, replayWindow: Int = 128
  ) throws(CryptoError) {
    let opener = try PacketOpener(parameters.encryption, keyMaterial: parameters.encryptionKey)
    var checker: IntegrityChecker?
    if let integrity = parameters.integrity, !parameters.encryption.isAEAD {
      checker = try IntegrityChecker(integrity, keyMaterial: parameters.integrityKey)
    }
    self.parameters = parameters
    self.opener = opener
    self.checker = checker
    window = ReplayWindow(size: replayWindow, usesESN: parameters.usesESN)
  }

  /// Checks and decrypts `packet`, from the SPI to the ICV, to the start of `output`, which is at least as
  /// long.
  package mutating func open(
    _ packet: RawSpan, into output: inout [UInt8]
  ) throws(ESPFailure) -> Content {
    let start = 8 + parameters.encryption.explicitIVBytes
    let end = packet.byteCount - parameters.icvBytes
    guard end >= start + 2, packet.byteCount <= output.count else {
      throw .wrongLength(packet.byteCount)
    }
    var reader = ByteReader(packet)
    guard let header = try? ESPHeader(from: &reader) else { throw .wrongLength(packet.byteCount) }
    guard header.spi == parameters.spi else { throw .unknownSPI(header.spi) }
    let sequence = window.sequence(of: header.sequenceNumber)
    try window.check(sequence)
    var high = ByteWriter()
    high.u32(UInt32(truncatingIfNeeded: sequence >> 32))
    if checker != nil {
      checker?.start()
      checker?.update(packet.extracting(first: end))
      if parameters.usesESN { checker?.update(high.bytes.rawBytes) }
      guard checker?.verify(packet.extracting(last: parameters.icvBytes)) == true else {
        throw .wrongICV
      }
    }
    let count = try decrypt(packet, start..<end, sequence, high.bytes, into: &output)
    guard count >= 2 else { throw .wrongTrailer }
    let payloadBytes = count - 2 - Int(output[count - 2])
    guard payloadBytes >= 0 else { throw .wrongTrailer }
    window.accept(sequence)
    return Content(nextHeader: output[count - 1], payloadBytes: payloadBytes, sequence: sequence)
  }

  private mutating func decrypt(
    _ packet: RawSpan, _ body: Range<Int>, _ sequence: UInt64, _ high: [UInt8],
    into output: inout [UInt8]
  ) throws(ESPFailure) -> Int {
    let isAEAD = parameters.encryption.isAEAD
    var implicit = ByteWriter()
    implicit.u64(sequence)
    let ciphertext = packet.extracting(
      body.lowerBound..<(isAEAD ? packet.byteCount : body.upperBound))
    var span = output.mutableSpan
    var target = unsafe span.mutableBytes
    do throws(PacketCipherFailure) {
      let header = ByteReader(packet).copy(0..<8)
      // SPI, upper half, lower half (RFC 4106, section 5).
      let associated =
        parameters.usesESN ? Array(header[..<4]) + high + Array(header[4...]) : header
      let iv =
        parameters.encryption.hasImplicitIV
        ? implicit.bytes : ByteReader(packet).copy(8..<body.lowerBound)
      return try opener.open(
        ciphertext, iv: iv.rawBytes, associated: AssociatedData(associated.rawBytes),
        into: &target)
    } catch .wrongICV {
      throw .wrongICV
    } catch {
      throw .cipherFailed(error)
    }
  }
}
