import COpenSSL
import ESP
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

/// What Swift itself allocates, `Benchmarks/esp` counts in a release build.
@Suite("Memory of SAs")
struct AllocationTests {
  @Test(
    "OpenSSL allocates nothing for the thousandth packet, where there is no HMAC, in which it does")
  func packets() async {
    await #expect(processExitsWith: .success) {
      try #require(countOpenSSLAllocations())
      let others = Suite.ciphers.compactMap { try? Suite($0.0, $0.1, .aesCMAC96) }
      for suite in Suite.aeads.compactMap({ try? Suite($0.0, $0.1) }) + others {
        let parameters = suite.parameters(esn: true)
        var sender = try OutboundSA(parameters)
        var receiver = try InboundSA(parameters, replayWindow: 1024)
        let payload = pattern(100)
        var packet = [UInt8](repeating: 0, count: parameters.packetBytes(payload: 100))
        var output = packet
        var before = 0
        for step in 0..<1001 {
          // The first packet of a process has the random generator set up.
          if step == 1 { before = unsafe allocations }
          _ = try sender.seal(payload.rawBytes, nextHeader: 4, into: &packet)
          _ = try receiver.open(packet.rawBytes, into: &output)
        }
        try #require(before > 0)
        try #require(unsafe allocations == before, "\(suite.testDescription)")
      }
    }
  }
}
