import Decryption
import Diagnosis
import IPsecCrypto
import PacketDissector
import Testing

// What the rules on packets find, and tunnels whose content tests choose.

extension SyntheticCapture {
  /// The ids and severities of what the rules on packets find.
  var packetFindings: [String] { Self.judge(evidence).map { "\($0.id.rawValue) \($0.severity)" } }

  func finding(_ id: FindingID) -> Finding? { Self.judge(evidence).first { $0.id == id } }

  /// The same with the keys of `tunnel`.
  func packetFindings(_ tunnel: SealedTunnel) throws -> [String] {
    Self.judge(try evidence(tunnel)).map { "\($0.id.rawValue) \($0.severity)" }
  }

  func finding(_ id: FindingID, _ tunnel: SealedTunnel) throws -> Finding? {
    Self.judge(try evidence(tunnel)).first { $0.id == id }
  }

  static func judge(_ evidence: CaptureEvidence) -> [Finding] {
    let findings = Rule.packetRules.flatMap { $0.judge(evidence) }
    for finding in findings {
      #expect(!finding.evidence.isEmpty)
      #expect(finding.severity == .info || !finding.remedies.isEmpty)
    }
    return CaptureDiagnosis.inOrder(findings)
  }

  func evidence(_ tunnel: SealedTunnel) throws -> CaptureEvidence {
    let decryptor = Decryptor([KeyFile.parse(Array(tunnel.table.utf8), name: "keys")])
    let dissector = Dissector()
    var evidence = CaptureEvidence()
    for (index, packet) in packets.enumerated() {
      let time = Self.time(packet.seconds)
      dissector.dissect(packet.bytes.rawBytes, linkType: .raw, timestamp: time)
      decryptor.open(dissector, packet.bytes.rawBytes, isCut: false)
      evidence.add(
        dissector, packet.bytes.rawBytes, FrameReference(UInt64(index + 1), time),
        originalLength: packet.bytes.count, isCut: false, decryptor)
    }
    return evidence
  }
}

/// Both directions of an ESP tunnel with AES-128-GCM-16 between the peers of ``SyntheticIKE``.
struct SealedTunnel {
  enum Side { case initiator, responder }

  var ends = SyntheticIKE()
  private var sent: [Side: UInt32] = [:]

  private static func key(_ side: Side) -> [UInt8] {
    (0..<20).map { UInt8($0) &* 7 &+ (side == .initiator ? 1 : 2) }
  }

  static func spi(_ side: Side) -> UInt32 { side == .initiator ? 0xAAAA_0001 : 0xBBBB_0002 }

  /// Wireshark's esp_sa.
  var table: String {
    [Side.initiator, .responder].map { side in
      let (from, to) = addresses(side)
      let key = Self.key(side).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      let fields = [
        "IPv4", "\(from)", "\(to)", "0x" + String(Self.spi(side), radix: 16),
        "AES-GCM with 16 octet ICV [RFC4106]", "0x" + key, "NULL", "",
      ]
      return fields.map { "\"\($0)\"" }.joined(separator: ",") + "\n"
    }.joined()
  }

  private func addresses(_ side: Side) -> (IPAddress, IPAddress) {
    side == .initiator
      ? (ends.initiator.address, ends.responder.address)
      : (ends.responder.address, ends.initiator.address)
  }

  /// An ESP packet from one side around an inner packet; `isBroken` flips a bit of it.
  mutating func packet(
    _ inner: SyntheticPacket, from side: Side, isBroken: Bool = false
  ) throws -> SyntheticPacket {
    let sequence = sent[side, default: 0] + 1
    sent[side] = sequence
    var esp = try Self.seal(inner.bytes, side, sequence)
    if isBroken { esp[20] ^= 1 }
    let (from, to) = addresses(side)
    return SyntheticPacket(source: from, destination: to, ipProtocol: 50, payload: esp)
  }

  private static func seal(
    _ payload: [UInt8], _ side: Side, _ sequence: UInt32
  ) throws -> [UInt8] {
    let transform = try EncryptionTransform(.aesGCM16, keyBits: 128)
    var sealer = try PacketSealer(transform, keyMaterial: Secret(copying: key(side)))
    let padding = (4 - (payload.count + 2) % 4) % 4
    let plaintext = payload + (0..<padding).map { UInt8($0 + 1) } + [UInt8(padding), 4]
    var writer = ByteWriter()
    ESPHeader(spi: spi(side), sequenceNumber: sequence).write(to: &writer)
    let header = writer.bytes
    let iv = (0..<8).map { UInt8(truncatingIfNeeded: sequence >> UInt32(($0 % 4) * 8)) }
    var output = [UInt8](repeating: 0, count: plaintext.count + transform.icvBytes)
    var span = output.mutableSpan
    var target = unsafe span.mutableBytes
    let count = try sealer.seal(
      plaintext.rawBytes, iv: iv.rawBytes, associated: AssociatedData(header.rawBytes),
      into: &target)
    #expect(count == output.count)
    return header + iv + output
  }
}

extension SyntheticPacket {
  static let innerHosts = (here: IPAddress(v4: 0x0A62_0001), there: IPAddress(v4: 0x0A63_0001))

  /// An echo request of `size` bytes from the initiator's inner host, or the reply to it; backwards,
  /// from and to the responder's.
  static func echo(
    _ number: UInt16, size: Int = 84, isReply: Bool = false, backwards: Bool = false
  ) -> SyntheticPacket {
    let isFromHere = isReply == backwards
    var writer = ByteWriter()
    ICMPHeader(
      isICMPv6: false, type: isReply ? 0 : 8, code: 0, rest: 0x1234_0000 | UInt32(number)
    ).write(to: &writer)
    writer.append([UInt8](repeating: 0, count: size - 28))
    return SyntheticPacket(
      source: isFromHere ? innerHosts.here : innerHosts.there,
      destination: isFromHere ? innerHosts.there : innerHosts.here, ipProtocol: 1,
      payload: writer.bytes)
  }
}

extension SyntheticIKE {
  var plainInitiator: Endpoint { Endpoint(initiator.address, 0) }
  var plainResponder: Endpoint { Endpoint(responder.address, 0) }
}
