import Capture
import Decryption
import ESP
import IPsecCrypto
import PacketDissector
import Testing

/// Tests/Fixtures/recordings-kernel: ESP of Linux, with its SAs.
@Suite("Recordings of a real kernel")
struct KernelRecordingTests {
  /// All of ESP that are not in fragments, which nothing here puts together.
  static let names: [String] =
    ((try? Fixture.rows("recordings-kernel/INDEX.csv")) ?? []).compactMap { row in
      guard let file = row["file"], !file.hasPrefix("ah-"), !file.contains("fragments") else {
        return nil
      }
      return String(file.dropLast(5))
    }

  /// Where the kernel's SAs stood when the recording began.
  static let starts: [String: UInt64] = [
    "esn-wraps-aes128gcm16": 4_294_967_291, "esn-wraps-aes128-sha256": 2 << 32 + 4_294_967_291,
    "esn-late-aes128gcm16": 1 << 32 + 1000, "esn-late-aes128-sha256": 70 << 32 + 7,
  ]

  @Test("There are enough of them")
  func count() {
    #expect(Self.names.count >= 28)
  }

  @Test("Each packet of both directions opens once", arguments: names)
  func opened(_ name: String) throws {
    let keys = try KeyFile.read("\(Fixture.folder)/recordings-kernel/\(name).xfrm_state").espKeys
    #expect(keys.count == 2)
    let receivers = try keys.map { try Receiver($0, name) }
    let reader = FrameReader(
      .files(MergedCapture(paths: ["\(Fixture.folder)/recordings-kernel/\(name).pcap"])))
    var numbers: [UInt32: [UInt64]] = [:]
    while try reader.next() != nil {
      let packet = try esp(in: reader)
      let spi = packet[..<4].reduce(0) { $0 << 8 | UInt32($1) }
      let receiver = try #require(receivers.first { $0.spi == spi })
      let opening = receiver.open(packet)
      let content = try #require(opening.content, "\(opening)")
      #expect([1, 4, 6, 17, 41, 58].contains(content.nextHeader))
      numbers[spi, default: []].append(content.sequence)
      #expect(receiver.open(packet).failure == .repeated(content.sequence))
    }
    let start = Self.starts[name] ?? 0
    for sequences in numbers.values {
      #expect(sequences == (1...UInt64(sequences.count)).map { start + $0 })
    }
    #expect(numbers.count == 2)
  }

  /// What follows the IP header, and the UDP header where there is one, of an Ethernet frame.
  private func esp(in reader: FrameReader) throws -> [UInt8] {
    var bytes = ByteReader(reader.bytes)
    let frame = bytes.rest()
    let isIPv6 = frame[12] == 0x86
    let header = 14 + (isIPv6 ? 40 : Int(frame[14] & 15) * 4)
    let length =
      isIPv6
      ? header + Int(frame[18]) << 8 + Int(frame[19]) : 14 + Int(frame[16]) << 8 + Int(frame[17])
    let isUDP = frame[isIPv6 ? 20 : 23] == 17
    return Array(frame[(isUDP ? header + 8 : header)..<length])
  }
}

private final class Receiver {
  private var sa: InboundSA
  let spi: UInt32

  init(_ key: ESPKey, _ name: String) throws {
    spi = try #require(key.spi)
    guard case .algorithm(let cipher) = key.cipher, case .algorithm(let mac) = key.integrity else {
      throw Fixture.Missing(path: name)
    }
    let salts = [nil, 0, 4, 3]
    let encryption = try #require(
      salts.lazy.compactMap { salt in
        try? EncryptionTransform(cipher, keyBits: salt.map { (key.cipherKey.count - $0) * 8 })
      }.first { $0.keyMaterialBytes == key.cipherKey.count })
    var integrity = mac.rawValue == 0 ? nil : try IntegrityTransform(mac)
    // The state file says 128 bits, and the kernel sent 96.
    if name == "tunnel-sha256-cut-to-96" { integrity = try integrity?.truncated(to: 12) }
    sa = try InboundSA(
      ESPParameters(
        spi: spi, encryption: encryption, integrity: integrity, encryptionKey: key.cipherKey,
        integrityKey: key.integrityKey, usesESN: key.usesESN == true),
      highestSequence: KernelRecordingTests.starts[name] ?? 0)
  }

  func open(_ packet: [UInt8]) -> Opening { sa.opened(packet) }
}
