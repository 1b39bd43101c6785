import Glibc
import IPsecCrypto
import PacketDissector
import Testing

@Suite("What transforms there are")
struct TransformTableTests {
  @Test("The sizes are those of the registry's table, for every transform that it sizes")
  func registrySizes() throws {
    // Registries/ikev2-encr.csv, by hand: id, key bits, salt, explicit IV, ICV, block.
    let table: [(EncryptionAlgorithm, Int, Int, Int, Int, Int)] = [
      (.tripleDES, 192, 0, 8, 0, 8), (.cast, 40, 0, 8, 0, 8), (.blowfish, 448, 0, 8, 0, 8),
      (.null, 0, 0, 0, 0, 1), (.aesCBC, 256, 0, 16, 0, 16), (.aesCTR, 128, 4, 8, 0, 1),
      (.aesCCM12, 192, 3, 8, 12, 1), (.aesGCM8, 256, 4, 8, 8, 1),
      (.nullAuthAESGMAC, 128, 4, 8, 16, 1), (.camelliaCCM16, 128, 3, 8, 16, 1),
      (.chaCha20Poly1305, 256, 4, 8, 16, 1), (.aesCCM8ImplicitIV, 128, 3, 0, 8, 1),
      (.aesGCM16ImplicitIV, 128, 4, 0, 16, 1), (.chaCha20Poly1305ImplicitIV, 256, 4, 0, 16, 1),
      (.desIV32, 64, 0, 4, 0, 8), (.idea, 128, 0, 8, 0, 8),
    ]
    for (id, bits, salt, iv, icv, block) in table {
      let transform = try EncryptionTransform(id, keyBits: bits)
      #expect(transform.keyBits == bits)
      #expect(transform.saltBytes == salt)
      #expect(transform.explicitIVBytes == iv)
      #expect(transform.icvBytes == icv)
      #expect(transform.blockBytes == block)
      #expect(transform.espAlignment == max(4, block))
      #expect(transform.keyMaterialBytes == bits / 8 + salt)
    }
    #expect(try EncryptionTransform(.aesGCM16, keyBits: 128).isForESPOnly == false)
    for id: EncryptionAlgorithm in [.null, .chaCha20Poly1305ImplicitIV] {
      #expect(try EncryptionTransform(id).isForESPOnly)
    }
    #expect(try EncryptionTransform(.nullAuthAESGMAC, keyBits: 128).isForESPOnly)
  }

  @Test("A Key Length attribute is needed where the length varies, and checked where it is given")
  func keyLengths() throws {
    func expectBad(_ id: EncryptionAlgorithm, _ bits: Int?) {
      #expect(throws: CryptoError.badKeyLengthAttribute("\(id)", bits: bits)) {
        _ = try EncryptionTransform(id, keyBits: bits)
      }
    }
    for bits: Int? in [nil, 0, -128, 127, 160, 65535, .max, .min] { expectBad(.aesCBC, bits) }
    for bits in [0, 56, 128, 255] { expectBad(.chaCha20Poly1305, bits) }
    for bits in [32, 41, 456] { expectBad(.blowfish, bits) }
    #expect(try EncryptionTransform(.chaCha20Poly1305, keyBits: 256).keyBytes == 32)
    #expect(try EncryptionTransform(.blowfish).keyBytes == 16)
    #expect(try EncryptionTransform(.aesCBC, keyBits: 192).name == "ENCR_AES_CBC, 192-bit key")
    #expect(try EncryptionTransform(.tripleDES).name == "ENCR_3DES")
  }

  @Test("Named transforms without an implementation, and unknown numbers, are told apart")
  func unsupported() {
    for id: EncryptionAlgorithm in [
      .rc5, .tripleIDEA, .kuznyechikMGMKTree, .magmaMGMMACKTree, .twofishCBC, .serpentCBC,
    ] {
      #expect(throws: CryptoError.notImplemented("\(id)")) {
        _ = try EncryptionTransform(id, keyBits: 128)
      }
    }
    for id: IntegrityAlgorithm in [.desMAC, .kpdkMD5] {
      #expect(throws: CryptoError.notImplemented("\(id)")) { _ = try IntegrityTransform(id) }
    }
    for id: PseudorandomFunction in [.hmacTiger, .hmacStreebog512] {
      #expect(throws: CryptoError.notImplemented("\(id)")) { _ = try PRF(id) }
    }
    #expect(throws: CryptoError.unknownTransform(.encryption, 999)) {
      _ = try EncryptionTransform(999, keyBits: 128)
    }
    #expect(throws: CryptoError.unknownTransform(.integrity, 999)) {
      _ = try IntegrityTransform(999)
    }
    #expect(throws: CryptoError.unknownTransform(.prf, 999)) { _ = try PRF(999) }
  }

  @Test("Key material of another length than the transform's is refused")
  func keyMaterial() throws {
    let gcm = try EncryptionTransform(.aesGCM16, keyBits: 128)
    let sha = try IntegrityTransform(.hmacSHA2_256_128)
    for count in [0, 16, 19, 21, 32] {
      let key = Secret(copying: pattern(count))
      #expect(throws: CryptoError.badKeyMaterial(gcm.name, needed: 20, given: count)) {
        _ = try PacketOpener(gcm, keyMaterial: key)
      }
      if count != 32 {
        #expect(throws: CryptoError.badKeyMaterial(sha.name, needed: 32, given: count)) {
          _ = try IntegrityChecker(sha, keyMaterial: key)
        }
      }
    }
  }

  @Test("Without the legacy provider DES says so, and everything else goes on")
  func noLegacyProvider() async {
    await #expect(processExitsWith: .success) {
      unsafe _ = setenv("OPENSSL_MODULES", "/nonexistent", 1)
      let des = try EncryptionTransform(.des)
      #expect(throws: CryptoError.noLegacyProvider("DES-CBC")) {
        _ = try PacketOpener(des, keyMaterial: Secret(copying: pattern(8)))
      }
      let triple = try EncryptionTransform(.tripleDES)
      var sealer = try PacketSealer(triple, keyMaterial: Secret(copying: pattern(24)))
      let sealed = try sealer.sealed(pattern(8), iv: pattern(8))
      #expect(sealed.count == 8)
    }
  }
}
