package import IPsecCrypto
internal import PacketDissector

/// Opens packet after packet of one SA, takes none twice (RFC 4303, section 3.4), and allocates nothing
/// for it.
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
  /// Packets whose ICV did not verify since the last one whose did.
  private var failures: UInt64 = 0
  private let layout: PacketLayout
  private let isAEAD: Bool
  private let hasImplicitIV: Bool
  private var opener: PacketOpener
  private var checker: IntegrityChecker?

  /// `replayWindow` is its size in packets, see ``ReplayWindow``; without an ICV there is none, as anybody
  /// could move it (RFC 4303, section 2.2). `highestSequence` was the peer's last one: zero, unless an SA
  /// is carried on.
  package init(
    _ parameters: ESPParameters, replayWindow: Int = 128, highestSequence: UInt64 = 0
  ) throws(CryptoError) {
    let opener = try PacketOpener(parameters.encryption, keyMaterial: parameters.encryptionKey)
    let checker = try parameters.integrityChecker()
    self.parameters = parameters
    self.opener = opener
    self.checker = checker
    layout = parameters.layout
    isAEAD = parameters.encryption.isAEAD
    hasImplicitIV = parameters.encryption.hasImplicitIV
    window = ReplayWindow(
      size: layout.icvBytes > 0 ? replayWindow : 0, usesESN: parameters.usesESN,
      highest: highestSequence)
  }

  /// Checks and decrypts `packet`, from the SPI to the ICV, to the start of `output`, which is at least as
  /// long.
  package mutating func open(
    _ packet: RawSpan, into output: inout [UInt8]
  ) throws(ESPFailure) -> Content {
    var span = output.mutableSpan
    var bytes = unsafe span.mutableBytes
    return try open(packet, into: &bytes)
  }

  /// The same, into bytes that are no array.
  ///
  /// The replay window moves only after all else is known to be right.
  @_lifetime(output: copy output)
  package mutating func open(
    _ packet: RawSpan, into output: inout MutableRawSpan
  ) throws(ESPFailure) -> Content {
    guard packet.byteCount - layout.bodyStart - layout.icvBytes >= PacketLayout.trailerBytes,
      packet.byteCount <= output.byteCount
    else { throw .wrongLength(packet.byteCount) }
    var reader = ByteReader(packet)
    guard let header = try? ESPHeader(from: &reader) else { throw .wrongLength(packet.byteCount) }
    guard header.spi == parameters.spi else { throw .unknownSPI(header.spi) }
    let sequence = window.sequence(of: header.sequenceNumber)
    try window.check(sequence)
    do throws(ESPFailure) {
      return try open(packet, sequence, into: &output)
    } catch .wrongICV {
      return try openAhead(packet, of: sequence, into: &output)
    } catch {
      throw error
    }
  }

  /// The same for a packet that is taken to have a number.
  @_lifetime(output: copy output)
  private mutating func open(
    _ packet: RawSpan, _ sequence: UInt64, into output: inout MutableRawSpan
  ) throws(ESPFailure) -> Content {
    let number = PacketNumber(sequence, spi: parameters.spi, usesESN: parameters.usesESN)
    try checkICV(packet, number)
    try decrypt(packet, number, into: &output)
    let bodyBytes = packet.byteCount - layout.bodyStart - layout.icvBytes
    let content = try content(output.bytes.extracting(first: bodyBytes), sequence)
    window.accept(sequence)
    failures = 0
    return content
  }

  /// Packets that fail one after the other before the upper half is searched, and between two searches: so
  /// seldom that forgeries add a quarter to their cost at most.
  package static let failuresBeforeSearch: UInt64 = 32
  /// Upper halves that a search tries.
  package static let epochsSearched: UInt64 = 8

  /// Finds a sender again that is an epoch or more ahead, as so much was lost (RFC 4303, appendix A3): by
  /// the first packet whose ICV verifies with a larger upper half.
  @_lifetime(output: copy output)
  private mutating func openAhead(
    _ packet: RawSpan, of sequence: UInt64, into output: inout MutableRawSpan
  ) throws(ESPFailure) -> Content {
    failures &+= 1
    guard parameters.usesESN, layout.icvBytes > 0,
      failures.isMultiple(of: Self.failuresBeforeSearch)
    else { throw .wrongICV }
    for epoch in 1...Self.epochsSearched {
      let (ahead, isPastLast) = sequence.addingReportingOverflow(epoch << 32)
      // A number of before the first epoch has wrapped, and comes back to it here.
      if isPastLast, sequence >> 32 != UInt64(UInt32.max) || window.highest >> 32 > 0 { break }
      do throws(ESPFailure) {
        return try open(packet, ahead, into: &output)
      } catch .wrongICV {
        continue
      } catch {
        throw error
      }
    }
    throw .wrongICV
  }

  /// Checks an ICV that the cipher does not check by itself.
  private mutating func checkICV(
    _ packet: RawSpan, _ number: borrowing PacketNumber
  ) throws(ESPFailure) {
    guard checker != nil else { return }
    checker?.start()
    checker?.update(packet.extracting(droppingLast: layout.icvBytes))
    if parameters.usesESN { checker?.update(number.high) }
    guard checker?.verify(packet.extracting(last: layout.icvBytes)) == true else {
      throw .wrongICV
    }
  }

  @_lifetime(output: copy output)
  private mutating func decrypt(
    _ packet: RawSpan, _ number: borrowing PacketNumber, into output: inout MutableRawSpan
  ) throws(ESPFailure) {
    if hasImplicitIV {
      try decrypt(packet, number, number.whole, into: &output)
    } else {
      let iv = packet.extracting(PacketLayout.headerBytes..<layout.bodyStart)
      try decrypt(packet, number, iv, into: &output)
    }
  }

  @_lifetime(output: copy output)
  private mutating func decrypt(
    _ packet: RawSpan, _ number: borrowing PacketNumber, _ iv: RawSpan,
    into output: inout MutableRawSpan
  ) throws(ESPFailure) {
    // Only AEAD ciphers are given the ICV.
    let body = packet.extracting(droppingFirst: layout.bodyStart)
      .extracting(droppingLast: isAEAD ? 0 : layout.icvBytes)
    do throws(PacketCipherFailure) {
      _ = try opener.open(
        body, iv: iv, associated: AssociatedData(number.associatedData), into: &output)
    } catch .wrongICV {
      throw .wrongICV
    } catch .wrongLength {
      throw .wrongLength(packet.byteCount)
    } catch {
      throw .cipherFailed(error)
    }
  }

  /// What stands before the trailer of `plaintext`, which has at least two octets.
  private func content(
    _ plaintext: RawSpan, _ sequence: UInt64
  ) throws(ESPFailure) -> Content {
    let reader = ByteReader(plaintext)
    let trailer = plaintext.byteCount - PacketLayout.trailerBytes
    guard let padding = reader.peek(trailer), let nextHeader = reader.peek(trailer + 1) else {
      throw .wrongTrailer
    }
    let payloadBytes = trailer - Int(padding)
    guard payloadBytes >= 0 else { throw .wrongTrailer }
    for index in 0..<Int(padding) where reader.peek(payloadBytes + index) != UInt8(index + 1) {
      throw .wrongPadding
    }
    return Content(nextHeader: nextHeader, payloadBytes: payloadBytes, sequence: sequence)
  }
}
