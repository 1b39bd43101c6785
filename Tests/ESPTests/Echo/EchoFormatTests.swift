import PacketDissector
import Testing

@Suite struct EchoFormatTests {
  private func echo(
    _ dataBytes: Int, reply: Bool = true, spi: UInt32? = 0xC000_0002
  ) -> ESPEcho {
    ESPEcho(
      .request, hasReplyFlag: reply, identifier: 7, sequence: 9, replySPI: spi,
      data: Array(repeating: 0x42, count: dataBytes))
  }

  @Test(arguments: 0..<40)
  func eachFormatInClearIsToldApart(_ dataBytes: Int) {
    let contents: [UnencryptedESPEcho.Content] = [
      .merged(ReceivedESPEcho(echo(dataBytes, spi: 8))),
      .merged(ReceivedESPEcho(echo(dataBytes, reply: false, spi: 0))),
      .kernel(echo(dataBytes, reply: false, spi: nil)),
      .kernel(echo(dataBytes)),
      .colitti2023(paddingBytes: dataBytes),
    ]
    for content in contents {
      let sent = UnencryptedESPEcho(isReply: false, sequenceNumber: 1, content: content)
      #expect(unencryptedEcho(sent.packet) == sent)
    }
  }

  @Test func aDraftRequestWithoutReturnPathAsksForAReplyAndAMergedOneDoesNot() {
    let draft = receivedEcho(echo(16, reply: false, spi: nil).payload)
    #expect(draft?.echo.asksReply == true)
    #expect(draft?.formats == [.draft03])
    let merged = receivedEcho(echo(16, reply: false, spi: 5).payload)
    #expect(merged?.echo.asksReply == false)
    #expect(merged?.formats == [.merged])
  }

  @Test func otherSubTypesAndLyingLengthsAreNoEcho() {
    var payload = echo(16).payload
    payload[0] = 1
    #expect(receivedEcho(payload) == nil)
    payload = echo(16).payload
    payload[3] = 17
    #expect(receivedEcho(payload) == nil)
    for count in 0..<12 {
      let cut = Array(payload.prefix(count))
      #expect(receivedEcho(cut) == nil)
      #expect(unencryptedEcho(cut) == nil)
    }
  }

  @Test func octetsBehindTheDataAreCountedAsSurplus() {
    let padded = echo(16).payload + [0, 0, 0]
    #expect(receivedEcho(padded)?.surplusBytes == 3)
  }

  @Test func othersOnTheSPIsAreNoEcho() {
    let head: [UInt8] = [0, 0, 0, 7, 0, 0, 0, 0]
    #expect(unencryptedEcho((head + [9, 9, 9, 4])) == nil)
    #expect(unencryptedEcho((head + [9, 9, 0, 59])) == nil)
    #expect(unencryptedEcho((head + [4, 3, 9, 59])) == nil)
  }

  @Test func noBytesMakeTheReadersTrap() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      let count = Int.random(in: 0..<60, using: &random)
      var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      if count > 8 { bytes.replaceSubrange(0..<4, with: [0, 0, 0, UInt8.random(in: 6...9)]) }
      if count > 12 { bytes[8] = UInt8.random(in: 1...4) }
      guard let packet = unencryptedEcho(bytes) else { continue }
      _ = packet.field(at: 0..<count)
    }
  }
}
