internal import IPsecCrypto
internal import PacketDissector

/// Opens ESP packets with whichever candidate key their ICV proves.
final class ESPDecryptor {
  /// What became of one packet.
  enum Outcome: Equatable {
    /// The plaintext's first `payloadBytes` are what the packet carried.
    case opened(nextHeader: UInt8, payloadBytes: Int, candidate: Int)
    case noKey
    case doesNotVerify
    /// The one key that fits needs an algorithm that is not to be had here.
    case unsupported(candidate: Int)
  }

  /// One key and what is known of it so far.
  final class Candidate {
    let key: ESPKey
    let packetKey: PacketKey?
    /// Why the key cannot be used.
    let fault: CryptoError?
    /// The same key with an ICV of 12 bytes, where that is a known misreading.
    let shortKey: PacketKey?
    fileprivate(set) var opened: UInt64 = 0
    fileprivate(set) var failed: UInt64 = 0
    /// Packets verified with the ICV cut to 96 bits.
    fileprivate(set) var openedShort: UInt64 = 0
    fileprivate(set) var sequence: SequenceEpochs

    init(_ key: ESPKey) {
      self.key = key
      sequence = SequenceEpochs(usesESN: key.usesESN)
      func make(_ icvBytes: Int?) throws(CryptoError) -> PacketKey {
        try PacketKey(
          cipher: key.cipher, cipherKey: key.cipherKey, integrity: key.integrity,
          integrityKey: key.integrityKey, icvBytes: icvBytes)
      }
      var fault: CryptoError?
      do throws(CryptoError) {
        packetKey = try make(key.icvBytes)
      } catch {
        packetKey = nil
        fault = error
      }
      self.fault = fault
      // HMAC-SHA2-256 is 5 in the registry; old kernels cut it to 96 bits (RFC 4868 demands 128).
      let isSHA256 = key.integrity == .algorithm(.hmacSHA2_256_128)
      shortKey = isSHA256 && key.icvBytes != 12 ? try? make(12) : nil
    }
  }

  let candidates: [Candidate]
  /// The candidates that name their SPI, in its order, those of one SPI in the order of the files.
  private let named: [(spi: UInt32, number: Int)]
  private let anySPI: [Int]
  private(set) var plaintext = [UInt8](repeating: 0, count: 1 << 16)
  private var high = [UInt8](repeating: 0, count: 4)

  init(_ keys: [ESPKey]) {
    candidates = keys.filter { $0.ipsecProtocol == .esp }.map(Candidate.init)
    var named: [(spi: UInt32, number: Int)] = []
    var anySPI: [Int] = []
    for (number, candidate) in candidates.enumerated() {
      if let spi = candidate.key.spi {
        named.append((spi, number))
      } else {
        anySPI.append(number)
      }
    }
    self.named = named.sorted { ($0.spi, $0.number) < ($1.spi, $1.number) }
    self.anySPI = anySPI
  }

  /// Where in ``named`` the keys of an SPI begin, by bisection: no hash to compute for each packet.
  private func start(of spi: UInt32) -> Int {
    var low = 0
    var high = named.count
    while low < high {
      let middle = (low + high) / 2
      if named[middle].spi < spi { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Opens one packet.
  ///
  /// - Parameters:
  ///   - packet: From the SPI to the end of the ICV.
  ///   - header: What the packet's first eight bytes say.
  ///   - internet: The IP header around it.
  /// - Returns: What became of it; the plaintext is then in ``plaintext``.
  func open(_ packet: RawSpan, _ header: ESPHeader, _ internet: InternetHeader) -> Outcome {
    guard packet.byteCount <= plaintext.count else { return .doesNotVerify }
    var result = Outcome.noKey
    // A key with the SPI counts behind a NAT too, where its addresses are other ones: the ICV
    // decides.
    var index = start(of: header.spi)
    while index < named.count, named[index].spi == header.spi {
      if attempt(named[index].number, packet, header, &result) { return result }
      index += 1
    }
    for number in anySPI {
      guard candidates[number].key.source.matches(internet.source),
        candidates[number].key.destination.matches(internet.destination)
      else { continue }
      if attempt(number, packet, header, &result) { return result }
    }
    return result
  }

  /// Tries one key; true if it opens the packet. `result` then says so, or why nothing has yet.
  private func attempt(
    _ number: Int, _ packet: RawSpan, _ header: ESPHeader, _ result: inout Outcome
  ) -> Bool {
    let candidate = candidates[number]
    guard let packetKey = candidate.packetKey else {
      if result == .noKey { result = .unsupported(candidate: number) }
      return false
    }
    guard let count = attempt(candidate, packet, header.sequenceNumber),
      let trailer = trailer(count, packetKey)
    else {
      candidate.failed += 1
      result = .doesNotVerify
      return false
    }
    candidate.opened += 1
    result = .opened(
      nextHeader: trailer.nextHeader, payloadBytes: trailer.payloadBytes, candidate: number)
    return true
  }

  /// The bytes of plaintext that a key yields, in the sequence number form that it is known or found
  /// to use.
  private func attempt(_ candidate: Candidate, _ packet: RawSpan, _ sequence: UInt32) -> Int? {
    var count: Int?
    let isOpen = candidate.sequence.find(sequence) { epoch in
      count = open(candidate.packetKey, packet, epoch: epoch)
      return count != nil
    }
    if isOpen { return count }
    if candidate.sequence.usesESN != true, candidate.shortKey != nil,
      let count = open(candidate.shortKey, packet, epoch: nil)
    {
      candidate.openedShort += 1
      return count
    }
    return nil
  }

  private func open(_ key: PacketKey?, _ packet: RawSpan, epoch: UInt32?) -> Int? {
    guard let key else { return nil }
    guard let epoch else {
      return try? key.open(packet, headerBytes: ESPHeader.byteCount, into: &plaintext)
    }
    // Without an ICV, nothing tells one upper half from another.
    guard key.isChecked else { return nil }
    for index in 0..<4 { high[index] = UInt8(truncatingIfNeeded: epoch >> UInt32(24 - 8 * index)) }
    let high = high
    return try? key.open(
      packet, headerBytes: ESPHeader.byteCount, high: high.rawBytes, into: &plaintext)
  }

  /// Takes padding, pad length and next header off (RFC 4303, section 2.4 to 2.6).
  private func trailer(
    _ count: Int, _ key: PacketKey
  ) -> (nextHeader: UInt8, payloadBytes: Int)? {
    guard count >= 2, count <= plaintext.count else { return nil }
    let nextHeader = plaintext[count - 1]
    let padLength = Int(plaintext[count - 2])
    let payloadBytes = count - 2 - padLength
    guard payloadBytes >= 0 else { return nil }
    if key.provesCipher { return (nextHeader, payloadBytes) }
    let content = PlausibleContent(
      bytes: plaintext, payloadBytes: payloadBytes, padLength: padLength,
      nextHeader: nextHeader)
    return content.isLikely(isAuthentic: key.isChecked) ? (nextHeader, payloadBytes) : nil
  }
}
