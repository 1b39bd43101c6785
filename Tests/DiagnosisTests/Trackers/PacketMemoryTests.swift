import Testing

@testable import Diagnosis

@Suite("The memory of packets")
struct PacketMemoryTests {
  @Test("A packet is known again by flow and number, and its bytes are told apart")
  func known() throws {
    var memory = PacketMemory()
    memory.note(
      3, 0xFFFF_FFFF, digest: 0xABCD_EF00, milliseconds: 17, frame: 5_000_000_000, hopLimit: 61)
    let same = try #require(memory.earlier(3, 0xFFFF_FFFF, digest: 0xABCD_EF77))
    #expect(same.isSame && same.milliseconds == 17 && same.hopLimit == 61)
    #expect(same.frame == UInt32(truncatingIfNeeded: 5_000_000_000 as UInt64))
    #expect(memory.earlier(3, 0xFFFF_FFFF, digest: 0x1BCD_EF00)?.isSame == false)
    #expect(memory.earlier(4, 0xFFFF_FFFF, digest: 0xABCD_EF00) == nil)
    #expect(memory.earlier(3, 0xFFFF_FFFE, digest: 0xABCD_EF00) == nil)
  }

  @Test("Numbers that share a place are never taken for one another")
  func places() {
    for _ in 0..<200 {
      let seed = UInt64.random(in: .min ... .max)
      var random = SplitMix(seed: seed)
      var memory = PacketMemory()
      let flow = Int.random(in: 0..<FlowTable.limit, using: &random)
      let number = UInt32.random(in: .min ... .max, using: &random)
      memory.note(flow, number, digest: 1 << 20, milliseconds: 0, frame: 1, hopLimit: 1)
      for bit in 0..<32 {
        #expect(
          memory.earlier(flow, number ^ 1 << UInt32(bit), digest: 1 << 20) == nil, "seed \(seed)")
      }
      for other in [flow ^ 1, flow ^ 1 << 16, flow + 1] {
        #expect(memory.earlier(other, number, digest: 1 << 20) == nil, "seed \(seed)")
      }
      #expect(memory.earlier(flow, number, digest: 1 << 20) != nil, "seed \(seed)")
    }
  }
}
