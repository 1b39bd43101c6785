import IPsecCrypto
import PacketDissector
import Testing

/// Rests on strongSwan, whose own code made the packets, and on the keys that it saved.
@Suite("Packets that strongSwan sealed")
struct RecordingTests {
  /// IKE's ciphers by the names in Wireshark's tables, without the RFC in brackets.
  static let encryption: [String: (EncryptionAlgorithm, Int?)] = [
    "3DES": (.tripleDES, nil),
    "AES-CBC-128": (.aesCBC, 128), "AES-CBC-192": (.aesCBC, 192), "AES-CBC-256": (.aesCBC, 256),
    "AES-CTR-128": (.aesCTR, 128), "AES-CCM-128 with 16 octet ICV": (.aesCCM16, 128),
    "AES-CCM-256 with 12 octet ICV": (.aesCCM12, 256),
    "AES-GCM-128 with 8 octet ICV": (.aesGCM8, 128),
    "AES-GCM-256 with 16 octet ICV": (.aesGCM16, 256),
  ]
  /// IKE's and ESP's integrity transforms, likewise.
  static let integrity: [String: IntegrityAlgorithm] = [
    "NONE": .none, "HMAC_SHA1_96": .hmacSHA1_96, "HMAC-SHA-1-96": .hmacSHA1_96,
    "HMAC_SHA2_256_128": .hmacSHA2_256_128, "HMAC-SHA-256-128": .hmacSHA2_256_128,
    "HMAC_SHA2_384_192": .hmacSHA2_384_192, "HMAC-SHA-384-192": .hmacSHA2_384_192,
    "HMAC_SHA2_512_256": .hmacSHA2_512_256, "HMAC-SHA-512-256": .hmacSHA2_512_256,
    "ANY 128 bit authentication": .none, "ANY 64 bit authentication": .none,
  ]

  @Test(
    "ESP opens to IP packets, its ICV accepted",
    arguments: [
      "esp-3des-sha1", "esp-aes128-sha1", "esp-aes128-sha512", "esp-aes128ctr-sha256",
      "esp-aes128gcm16", "esp-aes128gcm8", "esp-aes192-sha384", "esp-aes256-sha256",
      "esp-null-sha256",
    ])
  func esp(_ name: String) throws {
    let lines = try table("recordings/\(name).esp_sa")
    var opened = 0
    for packet in try records(name) {
      guard case .esp(let header) = packet.kind else { continue }
      let line = try #require(lines.first { number($0[3]) == header.spi })
      let key = try ["": String(line[5].dropFirst(2))].bytes("")
      let transform = try espTransform(plain(line[4]), plain(line[6]), keyBytes: key.count)
      let plaintext = try open(
        packet.bytes, headerBytes: 8, transform, Secret(copying: key), plain(line[6]),
        Secret(copying: try ["": String(line[7].dropFirst(2))].bytes("")))
      #expect(plaintext.first == 0x45)
      #expect(plaintext.last == 4)
      // RFC 4303 section 2.4: padding counts up from 1, the last two bytes are length and header.
      let padding = Int(try #require(plaintext.dropLast().last))
      #expect(Array(plaintext.dropLast(2).suffix(padding)) == (0..<padding).map { UInt8($0 + 1) })
      opened += 1
    }
    #expect(opened == 8)
  }

  @Test(
    "IKE_AUTH opens to a payload chain, its ICV accepted",
    arguments: [
      "esp-3des-sha1", "esp-aes128-sha1", "esp-aes128-sha512", "esp-aes128ctr-sha256",
      "esp-aes128ccm16", "esp-aes256ccm8", "esp-aes128gcm16", "esp-aes128gcm8",
      "esp-aes192-sha384", "esp-aes256-sha256",
    ])
  func ike(_ name: String) throws {
    let line = try #require(try table("recordings/\(name).ikev2_decryption_table").first)
    let (id, bits) = try #require(Self.encryption[plain(line[4])])
    let transform = try EncryptionTransform(id, keyBits: bits)
    var opened = 0
    for packet in try records(name) {
      guard case .ike(let header) = packet.kind, header.nextPayload == 46 else { continue }
      // The initiator's flag, RFC 7296 section 3.1.
      let isInitiators = header.flags & 0x08 != 0
      let plaintext = try open(
        packet.bytes, headerBytes: 32, transform,
        Secret(copying: try ["": line[isInitiators ? 2 : 3]].bytes("")), plain(line[7]),
        Secret(copying: try ["": line[isInitiators ? 5 : 6]].bytes("")))
      let padding = Int(try #require(plaintext.last))
      // The payloads fill what the padding leaves.
      var rest = plaintext.dropLast(padding + 1)
      while !rest.isEmpty {
        try #require(rest.count >= 4)
        let count = Int(rest[rest.startIndex + 2]) << 8 | Int(rest[rest.startIndex + 3])
        try #require(count >= 4 && count <= rest.count)
        rest = rest.dropFirst(count)
      }
      #expect(rest.isEmpty)
      opened += 1
    }
    #expect(opened >= 2)
  }

  /// Opens what stands behind a header that is authenticated, too.
  func open(
    _ packet: [UInt8], headerBytes: Int, _ transform: EncryptionTransform, _ key: Secret,
    _ integrity: String, _ integrityKey: Secret
  ) throws -> [UInt8] {
    let check = try IntegrityTransform(try #require(Self.integrity[integrity]))
    var checker = try IntegrityChecker(check, keyMaterial: integrityKey)
    let body = Array(packet.dropLast(check.icvBytes))
    let isAccepted = checker.accepts(Array(packet.suffix(check.icvBytes)), of: body)
    #expect(isAccepted)
    #expect(transform.isAEAD == (check.id == .none))
    var opener = try PacketOpener(transform, keyMaterial: key)
    let ivEnd = headerBytes + transform.explicitIVBytes
    try #require(body.count >= ivEnd)
    return try opener.plaintext(
      Array(body[ivEnd...]), iv: Array(body[headerBytes..<ivEnd]),
      associated: Array(body[..<headerBytes]))
  }

  /// The IPsec records of a recording: pcap, little-endian, Ethernet.
  func records(_ name: String) throws -> [(kind: IPsecRecord.Kind, bytes: [UInt8])] {
    let file = try fixture("recordings/\(name).pcap")
    var records: [(kind: IPsecRecord.Kind, bytes: [UInt8])] = []
    let dissector = Dissector()
    var offset = 24
    while offset + 16 <= file.count {
      let count = (0..<4).reduce(0) { $0 | Int(file[offset + 8 + $1]) << (8 * $1) }
      let frame = Array(file[(offset + 16)..<(offset + 16 + count)])
      offset += 16 + count
      dissector.dissect(frame.rawBytes, linkType: .ethernet, timestamp: Timestamp(nanoseconds: 0))
      guard let record = dissector.frame.record, record.store == .frame else { continue }
      records.append((record.kind, Array(frame[record.range])))
    }
    return records
  }

  /// Wireshark's names for ESP leave the key length to the key, and GCM's ICV to the other name.
  func espTransform(
    _ name: String, _ authentication: String, keyBytes: Int
  ) throws -> EncryptionTransform {
    switch name {
    case "NULL": try EncryptionTransform(.null)
    case "TripleDES-CBC": try EncryptionTransform(.tripleDES)
    case "AES-CBC": try EncryptionTransform(.aesCBC, keyBits: keyBytes * 8)
    case "AES-CTR": try EncryptionTransform(.aesCTR, keyBits: keyBytes * 8 - 32)
    case "AES-GCM" where authentication.hasPrefix("ANY 64 bit"):
      try EncryptionTransform(.aesGCM8, keyBits: keyBytes * 8 - 32)
    default: try EncryptionTransform(.aesGCM16, keyBits: keyBytes * 8 - 32)
    }
  }

  func number(_ text: String) -> UInt32? { UInt32(text.dropFirst(2), radix: 16) }

  func plain(_ name: String) -> String {
    String(name.prefix { $0 != "[" }.reversed().drop { $0 == " " }.reversed())
  }
}
