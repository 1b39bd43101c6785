import IPsecCrypto
import PacketDissector
import Testing

/// Rests on published vectors, and on libraries that share no code with OpenSSL (see the README
/// beside the tables).
@Suite("Encryption transforms against vectors")
struct EncryptionVectorTests {
  /// IDEA is in few builds of OpenSSL; where it is missing, an error must say so.
  func opener(_ row: [String: String]) throws -> EncryptionTransform? {
    let id = EncryptionAlgorithm(rawValue: UInt16(try row.number("transform")))
    let transform = try EncryptionTransform(id, keyBits: try row.number("key_bits"))
    guard id == .idea else { return transform }
    do {
      _ = try PacketOpener(transform, keyMaterial: try row.secret("key_material"))
      return transform
    } catch CryptoError.notInThisOpenSSL(let name) {
      #expect(name == "IDEA-CBC")
      return nil
    }
  }

  @Test("Each vector opens to its plaintext, and its plaintext seals to it")
  func vectorTable() throws {
    var seen: Set<UInt16> = []
    for row in try vectors("encryption") {
      guard let transform = try opener(row) else { continue }
      seen.insert(transform.id.rawValue)
      let (iv, associated) = (try row.bytes("iv"), try row.bytes("associated"))
      let (plaintext, sealed) = (try row.bytes("plaintext"), try row.bytes("ciphertext_and_icv"))
      let key = try row.secret("key_material")
      #expect(key.count == transform.keyMaterialBytes)
      var opener = try PacketOpener(transform, keyMaterial: key)
      var sealer = try PacketSealer(transform, keyMaterial: key)
      // Twice, for a context that a packet has left its traces in.
      for _ in 0..<2 {
        let comment: Comment = "\(transform.name), \(row["source"] ?? "")"
        let opened = try opener.plaintext(sealed, iv: iv, associated: associated)
        #expect(opened == plaintext, comment)
        let again = try sealer.sealed(plaintext, iv: iv, associated: associated)
        #expect(again == sealed, comment)
      }
    }
    let wanted = Set<UInt16>([1, 2, 3, 6, 7, 9, 12, 13, 14, 15, 16, 18, 19, 20, 21] + (23...31))
    #expect(seen.subtracting([5]) == wanted)
  }

  @Test("ESP packets and IKE messages open whole, with the IV where the packet has it")
  func packets() throws {
    let rows = try vectors("esp-ike-aead")
    #expect(rows.count == 16)
    for row in rows {
      let name = try #require(row["transform"])
      let words = name.split(separator: " ").map(String.init)
      let known: [String: EncryptionAlgorithm] = [
        "ENCR_CHACHA20_POLY1305": .chaCha20Poly1305, "ENCR_AES_GCM_16": .aesGCM16,
        "ENCR_AES_CCM_8": .aesCCM8, "ENCR_AES_CCM_12": .aesCCM12, "ENCR_AES_CCM_16": .aesCCM16,
        "ENCR_NULL_AUTH_AES_GMAC": .nullAuthAESGMAC, "ENCR_AES_GCM_16_IIV": .aesGCM16ImplicitIV,
      ]
      let id = try #require(known[words[0]], "\(name)")
      let transform = try EncryptionTransform(id, keyBits: words.last.flatMap { Int($0) })
      let key = Secret(copying: try row.bytes("key") + (try row.bytes("salt")))
      let ivText = try #require(row["iv"]?.prefix(16))
      let iv = try ["iv": String(ivText)].bytes("iv")
      var associated = try row.bytes("aad")
      var plaintext = try row.bytes("plaintext")
      var sealed = try row.bytes("ciphertext_and_icv")
      if id == .nullAuthAESGMAC {
        // The table's associated data goes on after SPI and sequence number with IV and payload.
        #expect(Array(associated[8..<16]) == iv)
        plaintext = Array(associated[16...])
        associated.removeLast(associated.count - 8)
        sealed = plaintext + sealed
      }
      let packet = try row.bytes("packet_after_ip_or_udp_header")
      let inPacket = transform.hasImplicitIV ? sealed : iv + sealed
      #expect(Array(packet.suffix(inPacket.count)) == inPacket)
      var opener = try PacketOpener(transform, keyMaterial: key)
      let opened = try opener.plaintext(sealed, iv: iv, associated: associated)
      #expect(opened == plaintext, "\(name)")
      var sealer = try PacketSealer(transform, keyMaterial: key)
      let again = try sealer.sealed(plaintext, iv: iv, associated: associated)
      #expect(again == sealed, "\(name)")
    }
  }
}
