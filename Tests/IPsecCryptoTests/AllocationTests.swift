import COpenSSL
import Glibc
import IPsecCrypto
import PacketDissector
import Testing

/// How often OpenSSL has asked for memory since ``countOpenSSLAllocations()``.
nonisolated(unsafe) private var allocations = 0

/// OpenSSL lets its allocator be replaced before it first allocates: in a process of its own.
private func countOpenSSLAllocations() -> Bool {
  unsafe CRYPTO_set_mem_functions(
    { count, _, _ in
      unsafe allocations += 1
      return unsafe malloc(count)
    },
    { old, count, _, _ in
      unsafe allocations += 1
      return unsafe realloc(old, count)
    },
    { old, _, _ in unsafe free(old) }) == 1
}

@Suite("Memory of packet contexts")
struct AllocationTests {
  @Test("OpenSSL allocates nothing for the thousandth packet opened or sealed")
  func packets() async {
    await #expect(processExitsWith: .success) {
      try #require(countOpenSSLAllocations())
      for (id, bits) in EncryptionHostileTests.transforms {
        let packet = try EncryptionHostileTests.Packet(id, bits)
        var opener = try PacketOpener(packet.transform, keyMaterial: packet.key)
        var sealer = try PacketSealer(packet.transform, keyMaterial: packet.key)
        try #require(unsafe allocations > 0 || id == .null)
        let before = unsafe allocations
        for _ in 0..<1000 {
          let opened = try opener.plaintext(
            packet.sealed, iv: packet.iv, associated: packet.associated)
          let sealed = try sealer.sealed(
            opened, iv: packet.iv, associated: packet.associated)
          try #require(sealed == packet.sealed)
        }
        try #require(unsafe allocations == before, "\(packet.transform.name)")
      }
    }
  }

  @Test("Nor for the thousandth ICV, where it is not HMAC's or KMAC's, in which it does")
  func checks() async {
    await #expect(processExitsWith: .success) {
      try #require(countOpenSSLAllocations())
      for id: IntegrityAlgorithm in [.aesXCBC96, .aesCMAC96, .aes128GMAC, .aes256GMAC] {
        let transform = try IntegrityTransform(id)
        let key = Secret(copying: pattern(transform.keyMaterialBytes))
        var checker = try IntegrityChecker(transform, keyMaterial: key)
        let (message, iv) = (pattern(100), pattern(transform.ivBytes))
        let icv = try checker.icv(of: message, iv: iv)
        try #require(unsafe allocations > 0)
        let before = unsafe allocations
        for _ in 0..<1000 {
          let isAccepted = checker.accepts(icv, of: message, iv: iv)
          try #require(isAccepted)
        }
        try #require(unsafe allocations == before, "\(transform.name)")
      }
    }
  }
}
