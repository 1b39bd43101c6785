internal import IPsecCrypto
internal import PacketDissector

/// Checks the ICV of AH packets (RFC 4302, section 3.4.4) with whichever candidate key fits.
final class AHVerifier {
  enum Outcome {
    case authentic(KeyOrigin)
    case noKey
    case doesNotVerify
    case unsupported(String)
  }

  private final class Candidate {
    let key: ESPKey
    var checker: IntegrityChecker?
    let ivBytes: Int
    let icvBytes: Int
    let fault: CryptoError?
    var verified: UInt64 = 0
    var failed: UInt64 = 0
    var sequence: SequenceEpochs

    init(_ key: ESPKey) {
      self.key = key
      sequence = SequenceEpochs(usesESN: key.usesESN)
      do throws(CryptoError) {
        guard case .algorithm(let id) = key.integrity else {
          throw .notImplemented("\(key.integrity)")
        }
        var transform = try IntegrityTransform(id)
        if let icvBytes = key.icvBytes, icvBytes != transform.icvBytes {
          transform = try transform.truncated(to: icvBytes)
        }
        // HMAC pads a key with zeros up to the hash's block (RFC 2104): a short manual key is one
        // with zeros behind it.
        var bytes = unsafe key.integrityKey.withBytes { unsafe Array($0) }
        if bytes.count < transform.keyMaterialBytes {
          bytes += [UInt8](repeating: 0, count: transform.keyMaterialBytes - bytes.count)
        }
        checker = try IntegrityChecker(transform, keyMaterial: Secret(consuming: &bytes))
        ivBytes = transform.ivBytes
        icvBytes = transform.icvBytes
        fault = nil
      } catch {
        checker = nil
        ivBytes = 0
        icvBytes = 0
        fault = error
      }
    }
  }

  private let candidates: [Candidate]

  init(_ keys: [ESPKey]) {
    candidates = keys.filter { $0.ipsecProtocol == .ah }.map(Candidate.init)
  }

  var uses: [Decryptor.KeyUse] {
    candidates.map { candidate in
      Decryptor.KeyUse(
        origin: candidate.key.origin,
        subject: "AH \(Decryptor.hex(candidate.key.spi.map(UInt64.init), 8))",
        algorithms: "\(candidate.key.integrity)", opened: candidate.verified,
        failed: candidate.failed, openedAs96Bits: 0, usesESN: candidate.sequence.usesESN,
        fault: candidate.fault?.description,
        secrets: Decryptor.named(["authentication": candidate.key.integrityKey]))
    }
  }

  /// Checks the AH packet that `record` places in `bytes`, its IP header before it.
  func verify(
    _ header: AHHeader, _ record: IPsecRecord, _ internet: InternetHeader, _ bytes: RawSpan
  ) -> Outcome {
    var outcome = Outcome.noKey
    for candidate in candidates {
      guard candidate.key.spi == nil || candidate.key.spi == header.spi,
        candidate.key.source.matches(internet.source),
        candidate.key.destination.matches(internet.destination)
      else { continue }
      if let fault = candidate.fault {
        outcome = .unsupported(fault.description)
        continue
      }
      guard
        let packet = AuthenticatedPacket(
          bytes, record, header, internet, icvBytes: candidate.ivBytes + candidate.icvBytes)
      else {
        outcome = .doesNotVerify
        continue
      }
      if check(candidate, packet, header.sequenceNumber) {
        candidate.verified += 1
        return .authentic(candidate.key.origin)
      }
      candidate.failed += 1
      outcome = .doesNotVerify
    }
    return outcome
  }

  private func check(
    _ candidate: Candidate, _ packet: AuthenticatedPacket, _ sequence: UInt32
  ) -> Bool {
    candidate.sequence.find(sequence) { epoch in
      // The upper half stands behind the packet (RFC 4302, section 3.3.3.2.2).
      let high = epoch.map { epoch in
        (0..<4).map { UInt8(truncatingIfNeeded: epoch >> UInt32(24 - 8 * $0)) }
      }
      return check(candidate, packet, high: high ?? [])
    }
  }

  private func check(
    _ candidate: Candidate, _ packet: AuthenticatedPacket, high: [UInt8]
  ) -> Bool {
    let iv = Array(packet.icv.prefix(candidate.ivBytes))
    let icv = Array(packet.icv.dropFirst(candidate.ivBytes).prefix(candidate.icvBytes))
    // Some senders leave the TTL in (seen in VRRP); the standard zeroes it.
    for bytes in [packet.bytes, packet.bytesWithHopLimit] {
      candidate.checker?.start(iv: iv.rawBytes)
      candidate.checker?.update(bytes.rawBytes)
      candidate.checker?.update(high.rawBytes)
      if candidate.checker?.verify(icv.rawBytes) == true { return true }
    }
    return false
  }
}

/// What an AH ICV is computed over: the packet with its mutable fields zeroed (RFC 4302, section
/// 3.3.3.1).
struct AuthenticatedPacket {
  private(set) var bytes: [UInt8]
  /// The same with the hop limit left as it arrived.
  private(set) var bytesWithHopLimit: [UInt8]
  /// What AH carries behind its fixed fields: an IV with GMAC, the ICV.
  let icv: [UInt8]

  /// Nil where the IP header does not stand right before AH, as behind an extension header that this
  /// does not know.
  ///
  /// `icvBytes` are those of the IV and the ICV. Padding behind them counts as it was sent (RFC 4302,
  /// section 3.3.3.2.1), and Linux does not clear it.
  init?(
    _ frame: RawSpan, _ record: IPsecRecord, _ header: AHHeader, _ internet: InternetHeader,
    icvBytes: Int
  ) {
    let range = record.range
    var reader = ByteReader(frame, in: 0..<range.upperBound)
    let total = internet.totalLength
    let start = range.upperBound - total
    guard total > 0, start >= 0, start <= range.lowerBound,
      (try? reader.skip(start)) != nil
    else { return nil }
    var packet = reader.rest()
    let ah = range.lowerBound - start
    let icvStart = ah + AHHeader.minimumByteCount
    guard icvBytes <= header.icvLength, icvStart + header.icvLength <= packet.count else {
      return nil
    }
    icv = Array(packet[icvStart..<icvStart + icvBytes])
    for index in icvStart..<icvStart + icvBytes { packet[index] = 0 }
    if internet.source.isIPv6 {
      guard ah == IPv6Header.byteCount else { return nil }
      for index in 0..<4 { packet[index] = index == 0 ? 0x60 : 0 }
      bytesWithHopLimit = packet
      packet[7] = 0
    } else {
      guard ah >= IPv4Header.byteCount else { return nil }
      packet[1] = 0
      packet[6] = 0
      packet[7] = 0
      packet[10] = 0
      packet[11] = 0
      Self.zeroOptions(&packet, IPv4Header.byteCount..<ah)
      bytesWithHopLimit = packet
      packet[8] = 0
    }
    bytes = packet
  }

  /// Options that may change on the way count as zeros, whole (RFC 4302, appendix A1): all but
  /// security (130, 133, 134), router alert (148) and sender directed multicast (149).
  private static func zeroOptions(_ packet: inout [UInt8], _ range: Range<Int>) {
    var at = range.lowerBound
    while at < range.upperBound, packet[at] != 0 {
      if packet[at] == 1 {
        at += 1
        continue
      }
      let length = at + 1 < range.upperBound ? Int(packet[at + 1]) : 0
      guard length >= 2, at + length <= range.upperBound else { return }
      if ![130, 133, 134, 148, 149].contains(packet[at]) {
        for index in at..<at + length { packet[index] = 0 }
      }
      at += length
    }
  }
}
