import Glibc
import IPsecCrypto
import PacketDissector
import Testing

@Suite("Integrity checks and key derivation at their edges")
struct IntegrityTests {
  static let all: [IntegrityAlgorithm] = [
    .hmacMD5_96, .hmacSHA1_96, .aesXCBC96, .hmacMD5_128, .hmacSHA1_160, .aesCMAC96, .aes128GMAC,
    .aes192GMAC, .aes256GMAC, .hmacSHA2_256_128, .hmacSHA2_384_192, .hmacSHA2_512_256,
    .experimentalKMAC128, .experimentalKMAC256, .experimentalHMACSHA3_256,
    .experimentalHMACSHA3_384, .experimentalHMACSHA3_512,
  ]

  func checker(_ id: IntegrityAlgorithm) throws -> IntegrityChecker {
    let transform = try IntegrityTransform(id)
    return try IntegrityChecker(
      transform, keyMaterial: Secret(copying: pattern(transform.keyMaterialBytes)))
  }

  @Test(
    "A flipped bit in message, ICV or IV is refused, and so is every cut of the ICV",
    arguments: all)
  func flips(_ id: IntegrityAlgorithm) throws {
    var checker = try checker(id)
    let (message, iv) = (pattern(100), pattern(checker.transform.ivBytes))
    let icv = try checker.icv(of: message, iv: iv)
    #expect(icv.count == checker.transform.icvBytes)
    for index in message.indices {
      var other = message
      other[index] ^= 0x10
      let isAccepted = checker.accepts(icv, of: other, iv: iv)
      #expect(!isAccepted)
    }
    for index in icv.indices {
      var other = icv
      other[index] ^= 0x10
      let isAccepted = checker.accepts(other, of: message, iv: iv)
      #expect(!isAccepted)
      let isCutAccepted = checker.accepts(Array(icv.prefix(index)), of: message, iv: iv)
      #expect(!isCutAccepted)
    }
    for index in iv.indices {
      var other = iv
      other[index] ^= 0x10
      let isAccepted = checker.accepts(icv, of: message, iv: other)
      #expect(!isAccepted)
    }
    let isLongAccepted = checker.accepts(icv + [0], of: message, iv: iv)
    #expect(!isLongAccepted)
    let isOddIVAccepted = checker.accepts(icv, of: message, iv: iv + [0])
    #expect(!isOddIVAccepted)
    let isAccepted = checker.accepts(icv, of: message, iv: iv)
    #expect(isAccepted)
    // Without a new start there is nothing to accept.
    let isAcceptedTwice = checker.verify(icv.rawBytes)
    #expect(!isAcceptedTwice)
  }

  @Test("SHA2-256 also truncates to the 96 bits of old kernels, and no transform to nothing")
  func truncation() throws {
    let transform = try IntegrityTransform(.hmacSHA2_256_128)
    let old = try transform.truncated(to: 12)
    let key = Secret(copying: pattern(32))
    var full = try IntegrityChecker(transform, keyMaterial: key)
    var cut = try IntegrityChecker(old, keyMaterial: key)
    let (icv, short) = (try full.icv(of: pattern(50)), try cut.icv(of: pattern(50)))
    #expect(short == Array(icv.prefix(12)))
    #expect(short.count == 12)
    for bytes in [-1, 0, 7, 33, .max] {
      #expect(throws: CryptoError.badTruncation(transform.name, bytes: bytes)) {
        _ = try transform.truncated(to: bytes)
      }
    }
    #expect(throws: CryptoError.self) {
      _ = try IntegrityTransform(.experimentalKMAC128).truncated(to: 12)
    }
  }

  @Test("NONE has an empty ICV and takes no other")
  func none() throws {
    var checker = try checker(.none)
    let isEmptyAccepted = checker.accepts([], of: pattern(9))
    #expect(isEmptyAccepted)
    let isOtherAccepted = checker.accepts([0], of: pattern(9))
    #expect(!isOtherAccepted)
    // Nor is an empty ICV accepted for a message that was never begun.
    let isNothingAccepted = checker.verify(RawSpan())
    #expect(!isNothingAccepted)
  }

  @Test("An ICV is written at an offset, where there is room")
  func offset() throws {
    let transform = try IntegrityTransform(.hmacSHA2_256_128)
    let key = Secret(copying: pattern(transform.keyMaterialBytes))
    var checker = try IntegrityChecker(transform, keyMaterial: key)
    let icv = try checker.icv(of: pattern(50))
    for (offset, isRoom) in [(0, true), (4, true), (5, false), (-1, false), (Int.max, false)] {
      var output = [UInt8](repeating: 0xA5, count: 20)
      var span = output.mutableSpan
      var bytes = unsafe span.mutableBytes
      checker.start()
      checker.update(pattern(50).rawBytes)
      let count = try? checker.finish(into: &bytes, at: offset)
      #expect(count == (isRoom ? 16 : nil), "\(offset)")
      #expect(isRoom ? Array(output[offset..<offset + 16]) == icv : !output.contains { $0 != 0xA5 })
    }
  }

  @Test("Numbers of our own say that they are experimental, and KMAC takes another string")
  func experimental() throws {
    #expect(try IntegrityTransform(.experimentalKMAC128).name == "AUTH_KMAC128 (experimental)")
    #expect(
      try IntegrityTransform(.experimentalHMACSHA3_256).name
        == "AUTH_HMAC_SHA3-256 (experimental)")
    #expect(try PRF(.experimentalKMAC256).name == "PRF_KMAC256 (experimental)")
    #expect(try PRF(.experimentalHMACSHA3_384).isExperimental)
    #expect(try !PRF(.hmacSHA1).isExperimental)
    let key = Secret(copying: pattern(32))
    var usual = try IntegrityChecker(.kmac128(), keyMaterial: key)
    var other = try IntegrityChecker(.kmac128(2000, customization: "esp integ"), keyMaterial: key)
    let (first, second) = (try usual.icv(of: pattern(9)), try other.icv(of: pattern(9)))
    #expect(first != second)
    #expect(throws: CryptoError.self) { _ = try PRF.kmac(2000, bits: 512) }
  }

  @Test("prf+ gives any length up to 255 rounds, each a prefix of the longer ones; KMAC's is not")
  func expansion() throws {
    let key = Secret(copying: pattern(20))
    for id: PseudorandomFunction in [.hmacMD5, .hmacSHA2_512, .aes128XCBC, .aes128CMAC] {
      let prf = try PRF(id)
      let most = 255 * prf.outputBytes
      let all = try prf.expand(key: key, .bytes(pattern(40)), count: most).revealed
      #expect(all.utf8.count == 2 * most)
      for count in [0, 1, prf.outputBytes, prf.outputBytes + 1, most - 1] {
        let part = try prf.expand(key: key, .bytes(pattern(40)), count: count)
        #expect(part.revealed == String(all.prefix(2 * count)))
      }
      for count in [-1, most + 1, .max] {
        #expect(throws: CryptoError.tooMuchKeyMaterial("prf+ of \(id)", bytes: count)) {
          _ = try prf.expand(key: key, .bytes([]), count: count)
        }
      }
    }
    let kmac = try PRF(.experimentalKMAC128)
    let (short, long) = (
      try kmac.expand(key: key, .bytes([1]), count: 32).revealed,
      try kmac.expand(key: key, .bytes([1]), count: 64).revealed
    )
    #expect(!long.hasPrefix(short))
    #expect(try kmac.expand(key: key, .bytes([1]), count: 0).isEmpty)
  }

  @Test("Any length of key is taken, but KMAC's by what OpenSSL allows, which is an error")
  func keyLengths() throws {
    for id: PseudorandomFunction in [
      .hmacMD5, .hmacSHA1, .hmacSHA2_256, .hmacSHA2_384, .hmacSHA2_512, .aes128XCBC, .aes128CMAC,
    ] {
      let prf = try PRF(id)
      var seen: Set<String> = []
      for count in [0, 1, 15, 16, 17, 64, 200, 3000] {
        let output = try prf.compute(key: Secret(copying: pattern(count)), .bytes([1, 2, 3]))
        #expect(output.count == prf.outputBytes)
        seen.insert(output.revealed)
      }
      // A pattern of one byte is a zero, which HMAC and XCBC fill a key with anyway.
      #expect(seen.count >= 7)
    }
    let kmac = try PRF(.experimentalKMAC128)
    for count in [0, 3, 513] {
      #expect(throws: CryptoError.keyRefused("KMAC128", bytes: count)) {
        _ = try kmac.compute(key: Secret(copying: pattern(count)), .bytes([1]))
      }
    }
    #expect(kmac.halvesNonces == false)
    #expect(try PRF(.aes128CMAC).halvesNonces)
  }
}
