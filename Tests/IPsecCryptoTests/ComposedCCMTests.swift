@testable import IPsecCrypto
import PacketDissector
import Testing

@Suite("CCM composed of CBC and counter mode")
struct ComposedCCMTests {
  @Test("Over AES it gives what OpenSSL's CCM gives, for lengths around every boundary")
  func agreesWithOpenSSL() throws {
    let transform = try EncryptionTransform(.aesCCM12, keyBits: 192)
    let material = pattern(27)
    var sealer = try PacketSealer(transform, keyMaterial: Secret(copying: material))
    var composed = try unsafe Secret(copying: Array(material[..<24])).withBytes { key in
      try unsafe ComposedCCM(
        cbc: OpenSSLCipher("AES-192-CBC"), counter: OpenSSLCipher("AES-192-CTR"), key: key,
        tagBytes: 12)
    }
    let iv = pattern(8)
    let nonce = Array(material[24...]) + iv
    let counts = Array(0...33) + Array(255...273)
    let sizes =
      counts.map { ($0, 8) } + counts.map { (20, $0) }
      + [0xFEFF, 0xFF00, 0xFF01, 0x10000].map { (20, $0) }
    for (count, associatedCount) in sizes {
      let (plaintext, associated) = (pattern(count), pattern(associatedCount))
      let sealed = try sealer.sealed(plaintext, iv: iv, associated: associated)
      var output = [UInt8](repeating: 0, count: count + 12)
      do {
        var span = output.mutableSpan
        var bytes = unsafe span.mutableBytes
        let isSealed = composed.seal(
          plaintext.rawBytes, nonce: nonce.rawBytes,
          associated: AssociatedData(associated.rawBytes), into: &bytes)
        #expect(isSealed)
      }
      #expect(output == sealed, "\(count) bytes, \(associatedCount) associated")
    }
  }
}
