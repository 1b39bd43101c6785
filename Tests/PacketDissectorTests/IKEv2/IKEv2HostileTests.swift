import PacketDissector
import Testing

@Suite("Hostile IKEv2 messages")
struct IKEv2HostileTests {
  /// Decodes, and does everything with the outcome that a caller could.
  private func exercise(_ bytes: [UInt8]) throws {
    let decoded = try message(bytes)
    var end = IKEHeader.byteCount
    for payload in decoded.payloads {
      #expect(payload.range.lowerBound == end)
      end = payload.range.upperBound
    }
    #expect(end <= bytes.count)
    check(decoded.fields, within: 0..<bytes.count)
    _ = summary(decoded.payloads)
    let again = try message(encoded(decoded))
    if decoded.stop == nil, decoded.payloads.allSatisfy({ $0.stop == nil }) {
      #expect(again.payloads == decoded.payloads)
    } else {
      #expect(again.payloads.map(\.type) == decoded.payloads.map(\.type))
    }
  }

  private func check(_ fields: [Field], within range: Range<Int>) {
    for field in fields {
      let isStop = if case .error = field.value { true } else { false }
      if !isStop {
        #expect(
          field.range.lowerBound >= range.lowerBound && field.range.upperBound <= range.upperBound)
      }
      check(field.children, within: isStop ? range : field.range)
    }
  }

  @Test("Every prefix says that it is cut", arguments: RecordedMessage.all)
  func prefixes(of recorded: RecordedMessage) throws {
    for count in 0..<recorded.bytes.count {
      let prefix = Array(recorded.bytes.prefix(count))
      if count < IKEHeader.byteCount {
        #expect(throws: DissectionError.self) { try message(prefix) }
      } else {
        let stop = try #require(try message(prefix).stop)
        #expect(stop.offset <= count)
        try exercise(prefix)
      }
    }
  }

  @Test(
    "Every prefix of SK content but that between two payloads says that it is cut",
    arguments: RecordedChain.all)
  func prefixes(of recorded: RecordedChain) throws {
    for count in 0..<recorded.bytes.count {
      let decoded = chain(recorded.first, Array(recorded.bytes.prefix(count)))
      #expect(try #require(decoded.stop).offset <= count)
      check(decoded.fields, within: 0..<count)
    }
  }

  @Test("No single octet that is wrong harms", arguments: RecordedMessage.all)
  func corruptions(of recorded: RecordedMessage) throws {
    for index in recorded.bytes.indices {
      for octet in [0, 0xFF, recorded.bytes[index] &+ 1] {
        var bytes = recorded.bytes
        bytes[index] = octet
        try exercise(bytes)
      }
    }
  }

  @Test("No single octet that is wrong harms inside of SK", arguments: RecordedChain.all)
  func corruptions(of recorded: RecordedChain) throws {
    let header = IKEHeader(
      initiatorSPI: 1, responderSPI: 2, nextPayload: recorded.first.rawValue, exchangeType: 35,
      flags: 0x08, messageID: 1, length: UInt32(28 + recorded.bytes.count))
    var writer = ByteWriter()
    header.write(to: &writer)
    let whole = writer.bytes + recorded.bytes
    for index in recorded.bytes.indices {
      for octet in [0, 0xFF, recorded.bytes[index] &+ 1] {
        var bytes = whole
        bytes[28 + index] = octet
        try exercise(bytes)
      }
    }
  }

  @Test("A message of nothing but the smallest payloads is decoded once over")
  func manyPayloads() throws {
    let count = 16_000
    var body: [UInt8] = []
    for index in 0..<count { body += [index + 1 == count ? 0 : 43, 0, 0, 4] }
    let decoded = chain(.vendorID, body)
    #expect(decoded.payloads.count == count)
    #expect(decoded.stop == nil)
  }
}
