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
}
