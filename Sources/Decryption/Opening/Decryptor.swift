package import IPsecCrypto
package import PacketDissector

/// Opens what the given keys allow, frame by frame: keys are found, not configured, as each is
/// proved by what it opens.
package final class Decryptor {
  /// What became of one IPsec record.
  package enum Result {
    /// An ESP packet: ``withContent(_:_:)`` lends what it carried, ``origin(ofESPKey:)`` names the
    /// key.
    case packet(nextHeader: UInt8, range: Range<Int>, key: Int)
    /// The payloads of an IKEv2 message, or of all its fragments.
    case ikev2(PayloadChain, key: KeyOrigin)
    case ikev1(IKEv1PayloadChain, key: KeyOrigin)
    /// An IKEv2 fragment that verifies, while others of its message are missing.
    case fragmentHeld(key: KeyOrigin)
    /// An AH packet whose ICV verifies.
    case authentic(key: KeyOrigin)
    case unopened(Reason)
  }

  package enum Reason: Hashable, Sendable {
    case noKey
    /// There are keys for it, and none fits.
    case doesNotVerify
    /// IKEv1: the exchange that the IV follows from is not in the capture.
    case phase1Missing
    /// The capture does not hold all of the packet.
    case cut
    case unsupported(String)
  }

  private let esp: ESPDecryptor
  private let ikev2: IKEv2Decryptor
  private let ikev1: IKEv1Decryptor
  private let ah: AHVerifier
  /// One a record of the last frame, in order; nil where nothing was encrypted.
  package private(set) var results: [Result?] = []
  /// The plaintexts of the last frame's ESP packets.
  private var store: [UInt8] = []
  /// What stayed closed, and how often, by SA. Counted for the first ``closedLimit`` SAs.
  package private(set) var closed: [ClosedSA: UInt64] = [:]
  package static let closedLimit = 10_000

  /// An SA with something that did not open, and why.
  package struct ClosedSA: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
      case esp(UInt32, source: IPAddress, destination: IPAddress)
      case ah(UInt32, source: IPAddress, destination: IPAddress)
      case ikev2(initiatorSPI: UInt64, responderSPI: UInt64)
      case ikev1(initiatorCookie: UInt64)
    }

    package let kind: Kind
    package let reason: Reason
  }

  package init(_ files: [KeyFile]) {
    let espKeys = files.flatMap(\.espKeys)
    esp = ESPDecryptor(espKeys)
    ah = AHVerifier(espKeys)
    ikev2 = IKEv2Decryptor(files.flatMap(\.ikev2Keys))
    ikev1 = IKEv1Decryptor(files.flatMap(\.ikev1Keys))
  }

  /// Opens the records of the frame that `dissector` read last; they are then in ``results``.
  ///
  /// - Parameters:
  ///   - dissector: Has the frame.
  ///   - bytes: The frame's bytes.
  ///   - isCut: Whether the frame was longer than what was captured.
  package func open(_ dissector: Dissector, _ bytes: RawSpan, isCut: Bool) {
    results.removeAll(keepingCapacity: true)
    store.removeAll(keepingCapacity: true)
    guard let record = dissector.frame.record, let internet = dissector.frame.internet else {
      return
    }
    results.append(open(record, internet, dissector, bytes, isCut: isCut))
    guard dissector.frame.furtherRecords > 0 else { return }
    for record in dissector.further {
      results.append(open(record, internet, dissector, bytes, isCut: isCut))
    }
  }

  /// Lends what an ESP packet of the last frame carried, without padding and trailer.
  package func withContent<Content>(_ range: Range<Int>, _ body: (RawSpan) -> Content) -> Content {
    let store = store
    return body(store.rawBytes.extracting(range))
  }

  /// Where the key of a ``Result/packet(nextHeader:range:key:)`` was read.
  package func origin(ofESPKey key: Int) -> KeyOrigin { esp.candidates[key].key.origin }

  /// The algorithms of the key of a ``Result/packet(nextHeader:range:key:)``; no integrity beside an
  /// AEAD cipher, or where it is not known.
  package func algorithms(ofESPKey key: Int) -> (EncryptionTransform, IntegrityTransform?)? {
    esp.candidates[key].packetKey.map { ($0.cipher, $0.integrity) }
  }

  /// The replay window of the key's SA, where its file tells.
  package func replayWindow(ofESPKey key: Int) -> UInt32? { esp.candidates[key].key.replayWindow }

  /// Whether packets that the key opens have extended sequence numbers, as its file or an ICV says; and the upper
  /// half of the highest one, which only an ICV proves.
  package func sequenceNumbers(ofESPKey key: Int) -> (usesESN: Bool?, epoch: UInt32?) {
    let sequence = esp.candidates[key].sequence
    return (sequence.usesESN, sequence.provenEpoch)
  }

  /// How many packets that key opened only with the ICV read as 96 bits, so far.
  package func openedAs96Bits(byESPKey key: Int) -> UInt64 { esp.candidates[key].openedShort }

  private func open(
    _ record: IPsecRecord, _ internet: InternetHeader, _ dissector: Dissector, _ bytes: RawSpan,
    isCut: Bool
  ) -> Result? {
    guard !record.isQuoted else { return nil }
    switch record.kind {
    case .esp where dissector.unencryptedEcho(record, in: bytes) != nil: return nil
    case .esp(let header):
      let kind = ClosedSA.Kind.esp(
        header.spi, source: internet.source, destination: internet.destination)
      if isCut, record.store == .frame { return unopened(.cut, kind) }
      return dissector.withBytes(of: record, in: bytes) { bytes in
        open(bytes.extracting(record.range), header, internet, kind)
      }
    case .ah(let header):
      let kind = ClosedSA.Kind.ah(
        header.spi, source: internet.source, destination: internet.destination)
      guard record.store == .frame else {
        // The ICV covers the IP header, which is gone when the fragments are one.
        return unopened(.unsupported("AH in IP fragments cannot be checked"), kind)
      }
      guard !isCut else { return unopened(.cut, kind) }
      return verify(header, record, internet, bytes, kind)
    case .ike:
      return dissector.withBytes(of: record, in: bytes) { bytes in
        switch IKEContent(bytes, record) {
        case .v1(let message): open(message, from: internet.source)
        case .v2(let message): open(message, bytes, isCut: isCut)
        case nil: nil
        }
      }
    case .wesp, .ipcomp, .natKeepalive, .tcpPrefix:
      return nil
    }
  }

  private func open(
    _ packet: RawSpan, _ header: ESPHeader, _ internet: InternetHeader, _ kind: ClosedSA.Kind
  ) -> Result {
    switch esp.open(packet, header, internet) {
    case .opened(let nextHeader, let payloadBytes, let candidate):
      let start = store.count
      store.append(contentsOf: esp.plaintext[..<payloadBytes])
      return .packet(nextHeader: nextHeader, range: start..<store.count, key: candidate)
    case .noKey: return unopened(.noKey, kind)
    case .doesNotVerify: return unopened(.doesNotVerify, kind)
    case .unsupported(let candidate):
      return unopened(.unsupported(esp.candidates[candidate].fault?.description ?? ""), kind)
    }
  }

  private func verify(
    _ header: AHHeader, _ record: IPsecRecord, _ internet: InternetHeader, _ bytes: RawSpan,
    _ kind: ClosedSA.Kind
  ) -> Result {
    switch ah.verify(header, record, internet, bytes) {
    case .authentic(let origin): .authentic(key: origin)
    case .noKey: unopened(.noKey, kind)
    case .doesNotVerify: unopened(.doesNotVerify, kind)
    case .unsupported(let text): unopened(.unsupported(text), kind)
    }
  }

  private func open(_ message: IKEMessage, _ bytes: RawSpan, isCut: Bool) -> Result? {
    let kind = ClosedSA.Kind.ikev2(
      initiatorSPI: message.header.initiatorSPI, responderSPI: message.header.responderSPI)
    guard let outcome = ikev2.open(message, in: bytes) else { return nil }
    switch outcome {
    case .opened(let chain, let candidate):
      return .ikev2(chain, key: ikev2.candidates[candidate].key.origin)
    case .fragmentHeld(let candidate):
      return .fragmentHeld(key: ikev2.candidates[candidate].key.origin)
    case .noKey: return unopened(.noKey, kind)
    case .doesNotVerify: return unopened(isCut ? .cut : .doesNotVerify, kind)
    case .unsupported(let candidate):
      return unopened(.unsupported(ikev2.candidates[candidate].fault?.description ?? ""), kind)
    }
  }

  private func open(_ message: IKEv1Message, from source: IPAddress) -> Result? {
    let kind = ClosedSA.Kind.ikev1(initiatorCookie: message.header.initiatorSPI)
    guard let outcome = ikev1.open(message, from: source) else { return nil }
    switch outcome {
    case .opened(let chain, let candidate):
      return .ikev1(chain, key: ikev1.candidates[candidate].key.origin)
    case .noKey: return unopened(.noKey, kind)
    case .doesNotVerify: return unopened(.doesNotVerify, kind)
    case .phase1Missing: return unopened(.phase1Missing, kind)
    case .unsupported(let name): return unopened(.unsupported(name), kind)
    }
  }

  private func unopened(_ reason: Reason, _ kind: ClosedSA.Kind) -> Result {
    let sa = ClosedSA(kind: kind, reason: reason)
    if closed.count < Self.closedLimit || closed[sa] != nil { closed[sa, default: 0] += 1 }
    return .unopened(reason)
  }
}

extension Decryptor {
  /// How one key line fared.
  package struct KeyUse: Sendable {
    package let origin: KeyOrigin
    /// What the line is for: an SPI or a pair of them.
    package let subject: String
    package let algorithms: String
    /// Packets or messages that it opened.
    package let opened: UInt64
    /// Those that it was tried on in vain.
    package let failed: UInt64
    /// Packets that verified only with the ICV read as 96 bits.
    package let openedAs96Bits: UInt64
    package let usesESN: Bool?
    /// Why it could not be tried.
    package let fault: String?
    package let secrets: [NamedSecret]
  }

  /// A key by what it is called.
  package struct NamedSecret: Sendable {
    package let name: String
    package let secret: Secret
  }

  /// Those of them that there are.
  static func named(_ secrets: KeyValuePairs<String, Secret>) -> [NamedSecret] {
    secrets.filter { !$0.value.isEmpty }.map { NamedSecret(name: $0.key, secret: $0.value) }
  }

  /// Every key, in the order of the files.
  package var uses: [KeyUse] {
    esp.candidates.map { candidate in
      KeyUse(
        origin: candidate.key.origin,
        subject: "ESP \(Self.hex(candidate.key.spi.map(UInt64.init), 8))",
        algorithms: Self.names("\(candidate.key.cipher)", "\(candidate.key.integrity)"),
        opened: candidate.opened, failed: candidate.failed,
        openedAs96Bits: candidate.openedShort, usesESN: candidate.sequence.usesESN,
        fault: candidate.fault?.description,
        secrets: Self.named([
          "encryption": candidate.key.cipherKey, "authentication": candidate.key.integrityKey,
        ]))
    } + ah.uses
      + ikev2.candidates.map { candidate in
        KeyUse(
          origin: candidate.key.origin,
          subject:
            "IKEv2 \(Self.hex(candidate.key.initiatorSPI, 16)) / \(Self.hex(candidate.key.responderSPI, 16))",
          algorithms: Self.names("\(candidate.key.cipher)", "\(candidate.key.integrity)"),
          opened: candidate.opened, failed: candidate.failed, openedAs96Bits: 0, usesESN: nil,
          fault: candidate.fault?.description,
          secrets: Self.named([
            "SK_ei": candidate.key.initiatorCipherKey, "SK_er": candidate.key.responderCipherKey,
            "SK_ai": candidate.key.initiatorIntegrityKey,
            "SK_ar": candidate.key.responderIntegrityKey,
          ]))
      }
      + ikev1.candidates.map { candidate in
        KeyUse(
          origin: candidate.key.origin,
          subject: "IKEv1 \(Self.hex(candidate.key.initiatorCookie, 16))", algorithms: "",
          opened: candidate.opened, failed: candidate.failed, openedAs96Bits: 0, usesESN: nil,
          fault: nil, secrets: Self.named(["encryption": candidate.key.cipherKey]))
      }
  }

  static func hex(_ value: UInt64?, _ digits: Int) -> String {
    guard let value else { return "any" }
    var text = TextBuffer(capacity: 32)
    text.hex(value, digits: digits)
    return text.string
  }

  static func names(_ cipher: String, _ integrity: String) -> String {
    integrity == "NONE" ? cipher : "\(cipher) \(integrity)"
  }
}
