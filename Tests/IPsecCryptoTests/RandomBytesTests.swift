import IPsecCrypto
import Testing

@Suite("Random bytes")
struct RandomBytesTests {
  @Test("As many come as are asked for, and others each time")
  func lengths() throws {
    for count in [1, 16, 65_536] { #expect(try RandomBytes.make(count).count == count) }
    #expect(try RandomBytes.make(0) == [])
    #expect(try RandomBytes.make(16) != RandomBytes.make(16))
  }

  @Test("What is filled is filled to its end, and with others each time")
  func filled() throws {
    var bytes = [UInt8](repeating: 0, count: 64)
    var rounds: Set<[UInt8]> = []
    for _ in 0..<20 {
      var span = bytes.mutableSpan
      var target = unsafe span.mutableBytes
      try RandomBytes.fill(&target)
      rounds.insert(Array(bytes.suffix(8)))
    }
    #expect(rounds.count == 20)
  }
}
