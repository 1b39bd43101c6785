import Glibc
import IKE
import PacketDissector

/// How long tests fuzz: seconds in CI, and as many runs as IPSECDIAG_FUZZ_RUNS says for whoever has time.
enum Fuzzing {
  private static let asked = unsafe getenv("IPSECDIAG_FUZZ_RUNS").flatMap {
    unsafe UInt64(String(cString: $0))
  }

  static func seeds(_ usual: UInt64) -> ClosedRange<UInt64> { 1...max(1, asked ?? usual) }
}

/// Spoils messages, octet by octet and payload by payload, as a seed decides.
struct Mutation {
  private var random: SplitMix64

  init(seed: UInt64) {
    random = SplitMix64(state: seed &* 0x9E37_79B9_7F4A_7C15 ^ 0x4057_11E0)
  }

  /// One of 0 ..< `limit`.
  mutating func number(_ limit: Int) -> Int { Int(random.next() % UInt64(max(1, limit))) }

  mutating func happens(_ percent: Int) -> Bool { number(100) < percent }

  mutating func octets(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  mutating func word() -> UInt64 { random.next() }

  mutating func pick<Value>(_ values: [Value]) -> Value { values[number(values.count)] }

  // MARK: Octets

  /// The bytes with one to four things wrong; often with a header that says their length all the same, as
  /// else nothing would be read behind it.
  mutating func spoiled(_ bytes: [UInt8]) -> [UInt8] {
    var spoiled = bytes
    for _ in 0...number(4) { spoil(&spoiled) }
    if happens(60), spoiled.count >= IKEHeader.byteCount {
      var writer = ByteWriter()
      writer.u32(UInt32(spoiled.count))
      spoiled.replaceSubrange(24..<28, with: writer.bytes)
    }
    return spoiled
  }

  private mutating func spoil(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return bytes = octets(number(64)) }
    let place = number(bytes.count)
    switch number(9) {
    case 0: bytes[place] ^= 1 << UInt8(number(8))
    case 1: bytes[place] = pick([0, 1, 0x7F, 0x80, 0xFE, 0xFF])
    case 2:
      overwrite(
        &bytes, at: place & ~1, with: pick([[0, 0], [0, 4], [0xFF, 0xFF], [0x7F, 0xFF]]))
    case 3: bytes.removeLast(bytes.count - place)
    case 4: bytes += octets(number(200))
    case 5: bytes.removeSubrange(place..<min(bytes.count, place + number(40)))
    case 6:
      bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + number(400))], at: place)
    case 7: overwrite(&bytes, at: place, with: octets(number(16)))
    default: overwrite(&bytes, at: number(IKEHeader.byteCount), with: octets(1))
    }
  }

  private func overwrite(_ bytes: inout [UInt8], at place: Int, with new: [UInt8]) {
    guard place < bytes.count else { return }
    let end = min(bytes.count, place + new.count)
    bytes.replaceSubrange(place..<end, with: new.prefix(end - place))
  }

  // MARK: Payloads

  /// The payloads with one to three things wrong.
  mutating func spoiled(_ payloads: [IKEPayload]) -> [IKEPayload] {
    var spoiled = payloads
    for _ in 0...number(3) { spoil(&spoiled) }
    return spoiled
  }

  private mutating func spoil(_ payloads: inout [IKEPayload]) {
    let place = number(payloads.count)
    switch number(7) {
    case 0 where !payloads.isEmpty: payloads.remove(at: place)
    case 1 where !payloads.isEmpty: payloads.insert(payloads[place], at: number(payloads.count))
    case 2 where !payloads.isEmpty: payloads.swapAt(place, number(payloads.count))
    case 3 where !payloads.isEmpty: payloads[place] = spoiled(payloads[place])
    case 4: payloads.insert(contentsOf: crowd(), at: place)
    default: payloads.insert(extreme(), at: place)
    }
  }

  /// The same type of payload around a body that has been spoilt as octets.
  private mutating func spoiled(_ payload: IKEPayload) -> IKEPayload {
    var writer = ByteWriter()
    PayloadChain(payloads: [payload]).write(to: &writer)
    var body = Array(writer.bytes.dropFirst(4))
    spoil(&body)
    return IKEPayload(payload.type, isCritical: happens(20), .opaque(body))
  }

  /// Many payloads of a kind.
  private mutating func crowd() -> [IKEPayload] {
    let one = extreme(largest: 64)
    return Array(repeating: one, count: pick([2, 20, 800]))
  }

  /// A payload that nobody sends who means well.
  private mutating func extreme(largest: Int = 60_000) -> IKEPayload {
    let size = pick([0, 1, 4, 15, 257, largest]) % (largest + 1)
    switch number(9) {
    case 0: return .nonce(octets(size))
    case 1: return .keyExchange(KeyExchangeMethod(rawValue: UInt16(number(40))), octets(size))
    case 2: return .notify(notifyType(), .data(octets(size)))
    case 3: return IKEPayload(.vendorID, .vendorID(octets(size)))
    case 4: return .proposals(proposals())
    case 5:
      let type = pick([PayloadType.trafficSelectorInitiator, .trafficSelectorResponder])
      return .selectors(type, Array(repeating: .network(0), count: min(255, size)))
    case 6:
      let spis = (0..<min(500, size)).map { _ in octets(4) }
      return IKEPayload(.delete, .delete(DeletePayload(protocolID: .esp, spiSize: 4, spis: spis)))
    case 7:
      return IKEPayload(
        PayloadType(rawValue: UInt8(number(256))), isCritical: happens(50), .opaque(octets(size)))
    default: return IKEPayload(.certificate, .opaque([4] + octets(size)))
    }
  }

  private mutating func notifyType() -> NotifyType {
    pick([
      .cookie, .invalidKEPayload, .noProposalChosen, .invalidSyntax, .redirect, .redirectedFrom,
      .natDetectionSourceIP, .natDetectionDestinationIP, .signatureHashAlgorithms, .usePPK,
      .ppkIdentity, .noPPKAuth, .supportedAuthMethods, .additionalKeyExchange, .rekeySA, .cookie2,
      .initialContact, .useTransportMode, NotifyType(rawValue: UInt16(number(65_536))),
    ])
  }

  private mutating func proposals() -> [Proposal] {
    // More than two octets of length can say is nothing that goes on a wire.
    let (count, size) = pick([(0, 0), (1, 255), (2, 255), (255, 1), (255, 0)])
    return (0..<count).map { index in
      let transforms = (0..<size).map { _ in
        let type = TransformType(rawValue: UInt8(number(14)))
        let length = happens(50) ? 128 : UInt16(number(65_536))
        return Transform(type, id: UInt16(number(40)), keyLength: length)
      }
      return Proposal(
        number: UInt8(truncatingIfNeeded: index + 1),
        protocolID: pick([.ike, .esp, .ah, ProtocolID(rawValue: UInt8(number(256)))]),
        spi: octets(pick([0, 4, 8, 255])), transforms: transforms)
    }
  }
}
