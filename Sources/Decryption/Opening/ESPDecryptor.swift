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
    /// Nil until a packet has proved it.
    fileprivate(set) var usesESN: Bool?
    fileprivate var epoch: UInt32 = 0
    fileprivate var highest: UInt32 = 0
    fileprivate var searches = 0

    init(_ key: ESPKey) {
      self.key = key
      usesESN = key.usesESN
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
  private var bySPI: [UInt32: [Int]] = [:]
  private var anySPI: [Int] = []
  private(set) var plaintext = [UInt8](repeating: 0, count: 1 << 16)
  private var high = [UInt8](repeating: 0, count: 4)

  /// How many upper halves are tried for a capture that starts late, and on how many packets.
  private static let epochLimit: UInt32 = 4096
  private static let searchLimit = 3

  init(_ keys: [ESPKey]) {
    candidates = keys.filter { $0.ipsecProtocol == .esp }.map(Candidate.init)
    for (index, candidate) in candidates.enumerated() {
      if let spi = candidate.key.spi {
        bySPI[spi, default: []].append(index)
      } else {
        anySPI.append(index)
      }
    }
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
    let named = bySPI[header.spi] ?? []
    for index in 0..<(named.count + anySPI.count) {
      let isNamed = index < named.count
      let number = isNamed ? named[index] : anySPI[index - named.count]
      let candidate = candidates[number]
      // A key with the SPI counts behind a NAT too, where its addresses are other ones: the ICV
      // decides.
      guard
        isNamed
          || candidate.key.source.matches(internet.source)
            && candidate.key.destination.matches(internet.destination)
      else { continue }
      guard candidate.packetKey != nil else {
        if result == .noKey { result = .unsupported(candidate: number) }
        continue
      }
      if let count = attempt(candidate, packet, header.sequenceNumber),
        let trailer = trailer(count, isChecked: candidate.packetKey?.isChecked == true)
      {
        candidate.opened += 1
        return .opened(
          nextHeader: trailer.nextHeader, payloadBytes: trailer.payloadBytes, candidate: number)
      }
      candidate.failed += 1
      result = .doesNotVerify
    }
    return result
  }

  /// The bytes of plaintext that a key yields, in the sequence number form that it is known or found
  /// to use.
  private func attempt(_ candidate: Candidate, _ packet: RawSpan, _ sequence: UInt32) -> Int? {
    if candidate.usesESN != true, let count = open(candidate.packetKey, packet, epoch: nil) {
      candidate.usesESN = candidate.usesESN ?? false
      return count
    }
    if candidate.usesESN != false, let count = extended(candidate, packet, sequence) {
      return count
    }
    if candidate.usesESN != true, candidate.shortKey != nil,
      let count = open(candidate.shortKey, packet, epoch: nil)
    {
      candidate.openedShort += 1
      return count
    }
    return nil
  }

  /// RFC 4303, appendix A2: the upper half is the one that puts the number nearest to the highest
  /// seen. Where none was, it is searched.
  private func extended(
    _ candidate: Candidate, _ packet: RawSpan, _ sequence: UInt32
  ) -> Int? {
    if candidate.opened > 0 {
      let near = candidate.epoch
      let ahead = sequence &- candidate.highest
      let wraps = ahead < 1 << 31 && sequence < candidate.highest
      let lags = ahead >= 1 << 31 && sequence > candidate.highest && near > 0
      let epoch = wraps ? near &+ 1 : lags ? near - 1 : near
      guard let count = open(candidate.packetKey, packet, epoch: epoch) else { return nil }
      if !lags, wraps || sequence > candidate.highest {
        candidate.epoch = epoch
        candidate.highest = sequence
      }
      return count
    }
    guard candidate.searches < Self.searchLimit else { return nil }
    candidate.searches += 1
    for epoch in 0..<Self.epochLimit {
      guard let count = open(candidate.packetKey, packet, epoch: epoch) else { continue }
      candidate.usesESN = true
      candidate.epoch = epoch
      candidate.highest = sequence
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

  /// Takes padding, pad length and next header off (RFC 4303, section 2.4 to 2.6). Where no ICV has
  /// spoken for the key, the padding must count 1, 2, 3 and the next header be one that ESP carries.
  private func trailer(_ count: Int, isChecked: Bool) -> (nextHeader: UInt8, payloadBytes: Int)? {
    guard count >= 2, count <= plaintext.count else { return nil }
    let nextHeader = plaintext[count - 1]
    let padLength = Int(plaintext[count - 2])
    let payloadBytes = count - 2 - padLength
    guard payloadBytes >= 0 else { return nil }
    if isChecked { return (nextHeader, payloadBytes) }
    let isPlausible =
      [1, 4, 6, 17, 41, 58, 59, 108, 132].contains(nextHeader)
      && (0..<padLength).allSatisfy {
        plaintext[payloadBytes + $0] == UInt8(truncatingIfNeeded: $0 + 1)
      }
    return isPlausible ? (nextHeader, payloadBytes) : nil
  }
}
