import Decryption
import IPsecCrypto
import PacketDissector
import Testing

/// Sends ESP as RFC 4303 has it: what tests open again.
struct ESPSender: ~Copyable {
  private let spi: UInt32
  private let key: [UInt8]
  private let macKey: [UInt8]
  private let mac: IntegrityTransform?
  private var sealer: PacketSealer
  private var checker: IntegrityChecker?
  private let usesESN: Bool
  /// What the table calls them.
  private let names: (cipher: String, integrity: String)

  static func gcm(spi: UInt32, usesESN: Bool = false, seed: UInt8 = 1) throws -> ESPSender {
    let transform = try EncryptionTransform(.aesGCM16, keyBits: 128)
    return try ESPSender(
      spi: spi, transform, mac: nil, usesESN: usesESN, seed: seed,
      names: ("AES-GCM with 16 octet ICV [RFC4106]", "NULL"))
  }

  /// - Parameter icvBytes: 12 for the truncation of kernels before RFC 4868.
  static func cbc(
    spi: UInt32, usesESN: Bool = false, icvBytes: Int = 16, seed: UInt8 = 1
  ) throws -> ESPSender {
    var mac = try IntegrityTransform(.hmacSHA2_256_128)
    if icvBytes != mac.icvBytes { mac = try mac.truncated(to: icvBytes) }
    return try ESPSender(
      spi: spi, try EncryptionTransform(.aesCBC, keyBits: 128), mac: mac, usesESN: usesESN,
      seed: seed, names: ("AES-CBC [RFC3602]", "HMAC-SHA-256-128 [RFC4868]"))
  }

  private init(
    spi: UInt32, _ transform: EncryptionTransform, mac: IntegrityTransform?, usesESN: Bool,
    seed: UInt8, names: (cipher: String, integrity: String)
  ) throws {
    let key = (0..<transform.keyMaterialBytes).map { UInt8($0) &* 7 &+ seed }
    let macKey = (0..<(mac?.keyMaterialBytes ?? 0)).map { UInt8($0) &* 5 &+ seed }
    let sealer = try PacketSealer(transform, keyMaterial: Secret(copying: key))
    let checker = try Self.checker(mac, macKey)
    self.spi = spi
    self.mac = mac
    self.usesESN = usesESN
    self.names = names
    self.key = key
    self.macKey = macKey
    self.sealer = sealer
    self.checker = checker
  }

  private static func checker(
    _ mac: IntegrityTransform?, _ key: [UInt8]
  ) throws -> IntegrityChecker? {
    guard let mac else { return nil }
    return try IntegrityChecker(mac, keyMaterial: Secret(copying: key))
  }

  /// A line of Wireshark's esp_sa.
  ///
  /// - Parameter sequenceBits: What newer versions of it say of ESN; nil says nothing.
  func line(
    source: String = "192.0.2.1", destination: String = "192.0.2.2", sequenceBits: Int? = nil
  ) -> String {
    let spi = "0x" + String(self.spi, radix: 16)
    let fields = [
      "IPv4", source, destination, spi, names.cipher, "0x" + hex(key), names.integrity,
      macKey.isEmpty ? "" : "0x" + hex(macKey),
    ]
    let more = sequenceBits.map { ",\"\($0)-bit\",\"0x0\"" } ?? ""
    return fields.map { "\"\($0)\"" }.joined(separator: ",") + more + "\n"
  }

  /// A whole IPv4 packet around ESP.
  ///
  /// - Parameters:
  ///   - sequence: With its upper half, which only ESN authenticates.
  ///   - trafficPadding: Bytes of TFC padding behind the payload.
  mutating func packet(
    _ sequence: UInt64, _ payload: [UInt8], nextHeader: UInt8 = 4, trafficPadding: Int = 0,
    source: String = "192.0.2.1", destination: String = "192.0.2.2"
  ) throws -> [UInt8] {
    let esp = try esp(
      sequence, payload + [UInt8](repeating: 0, count: trafficPadding), nextHeader)
    var writer = ByteWriter()
    IPv4Header(
      totalLength: UInt16(20 + esp.count), protocol: 50, source: try address(source),
      destination: try address(destination)
    ).write(to: &writer)
    writer.append(esp)
    return writer.bytes
  }

  private mutating func esp(
    _ sequence: UInt64, _ payload: [UInt8], _ nextHeader: UInt8
  ) throws -> [UInt8] {
    let transform = sealer.transform
    var plaintext = payload
    let over = (payload.count + 2) % transform.espAlignment
    let padding = over == 0 ? 0 : transform.espAlignment - over
    plaintext += (0..<padding).map { UInt8($0 + 1) } + [UInt8(padding), nextHeader]
    let header = bytes(spi) + bytes(UInt32(truncatingIfNeeded: sequence))
    let high = usesESN ? bytes(UInt32(sequence >> 32)) : []
    let iv = (0..<transform.explicitIVBytes).map {
      UInt8(truncatingIfNeeded: sequence) &+ UInt8($0)
    }
    let associated = bytes(spi) + high + header[4...]
    var output = [UInt8](repeating: 0, count: plaintext.count + transform.icvBytes)
    var span = output.mutableSpan
    var target = unsafe span.mutableBytes
    let count = try sealer.seal(
      plaintext.rawBytes, iv: iv.rawBytes, associated: AssociatedData(associated.rawBytes),
      into: &target)
    #expect(count == output.count)
    let packet = header + iv + output
    return packet + icv(packet + high)
  }

  private mutating func icv(_ authenticated: [UInt8]) -> [UInt8] {
    guard let mac else { return [] }
    var icv = [UInt8](repeating: 0, count: mac.icvBytes)
    var span = icv.mutableSpan
    var target = unsafe span.mutableBytes
    checker?.start()
    checker?.update(authenticated.rawBytes)
    let count = try? checker?.finish(into: &target)
    #expect(count == mac.icvBytes)
    return icv
  }

  private func bytes(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
  }
}

func hex(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// Opens whole IP packets, one after another.
struct PacketReading {
  let decryptor: Decryptor
  private let dissector = Dissector()

  init(_ table: String) throws {
    let file = parse(table)
    #expect(file.problems == [])
    try #require(!file.isEmpty)
    decryptor = Decryptor([file])
  }

  /// What the packet's ESP carried, or why that is not known.
  func open(_ packet: [UInt8]) throws -> Result<Opened, Closed> {
    try read(packet)
    switch try #require(decryptor.results.first) {
    case .packet(let nextHeader, let range, let key):
      let content = decryptor.withContent(range) { span in
        var reader = ByteReader(span)
        return reader.rest()
      }
      let line = decryptor.origin(ofESPKey: key).line
      return .success(Opened(nextHeader: nextHeader, content: content, line: line))
    case .unopened(let reason): return .failure(Closed(reason: reason))
    default:
      Issue.record("this is no ESP")
      return .failure(Closed(reason: .noKey))
    }
  }

  func read(_ packet: [UInt8]) throws {
    dissector.dissect(packet.rawBytes, linkType: .raw, timestamp: Timestamp(nanoseconds: 0))
    decryptor.open(dissector, packet.rawBytes, isCut: false)
  }

  struct Opened: Equatable {
    let nextHeader: UInt8
    let content: [UInt8]
    let line: Int
  }

  struct Closed: Error, Equatable {
    let reason: Decryptor.Reason
  }
}

/// An IPv4 packet with an ICMP echo request, of `size` bytes.
func echo(_ number: UInt8, size: Int = 84) throws -> [UInt8] {
  var icmp: [UInt8] = [8, 0, 0, 0, 0x12, 0x34, 0, number]
  icmp += (0..<(size - 28)).map { UInt8(truncatingIfNeeded: $0) }
  let checksum = InternetPacket.checksum(icmp)
  (icmp[2], icmp[3]) = (UInt8(checksum >> 8), UInt8(checksum & 0xFF))
  var header = IPv4Header(
    totalLength: UInt16(size), protocol: 1, source: try address("10.98.0.1"),
    destination: try address("10.99.0.1"))
  var bare = ByteWriter()
  header.write(to: &bare)
  header.checksum = InternetPacket.checksum(bare.bytes)
  var writer = ByteWriter()
  header.write(to: &writer)
  writer.append(icmp)
  return writer.bytes
}
