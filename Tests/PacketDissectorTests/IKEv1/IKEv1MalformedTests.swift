import PacketDissector
import Testing

@Suite("Malformed IKEv1 messages")
struct IKEv1MalformedTests {
  /// Decodes, shows, and holds what must hold of any bytes; nil where there is no header.
  @discardableResult
  private func check(_ bytes: [UInt8]) -> IKEv1Message? {
    guard bytes.count >= IKEHeader.byteCount else {
      #expect(throws: DissectionError.self) { try IKEv1Samples.decode(bytes) }
      return nil
    }
    guard let message = try? IKEv1Samples.decode(bytes) else {
      Issue.record("a whole header was refused")
      return nil
    }
    func inBounds(_ fields: [Field]) -> Bool {
      fields.allSatisfy {
        $0.range.lowerBound >= 0 && $0.range.upperBound <= bytes.count && inBounds($0.children)
      }
    }
    #expect(inBounds(message.fields), "a field lies outside of the message")
    let edges = message.payloads.flatMap { [$0.range.lowerBound, $0.range.upperBound] }
    #expect(edges == edges.sorted(), "payloads overlap")
    #expect(IKEv1Samples.summary(message).utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    _ = IKEv1Samples.bytes(message)
    return message
  }

  @Test("Cut anywhere, a message keeps what came before and says why it ended")
  func everyPrefix() throws {
    for whole in IKEv1Samples.all {
      let complete = try IKEv1Samples.decode(whole)
      for count in 0..<whole.count {
        guard let message = check(Array(whole.prefix(count))) else { continue }
        let stop = try #require(message.stop)
        #expect(stop.offset <= count)
        let intact = complete.payloads.prefix { $0.range.upperBound <= count }
        #expect(message.payloads.starts(with: intact))
        #expect(message.payloads.count <= intact.count + 1)
      }
    }
  }

  @Test("With any one byte changed, a message decodes or says why not", arguments: [0, 1, 2])
  func everyByte(change: Int) {
    for whole in IKEv1Samples.all {
      for position in whole.indices {
        var bytes = whole
        bytes[position] = [0, 0xFF, bytes[position] &+ 1][change]
        check(bytes)
      }
    }
  }

  @Test("An IKE length below the header stops there", arguments: [0, 3, 27])
  func shortIKELength(length: UInt8) throws {
    var bytes = IKEv1Samples.recorded[0]
    bytes[27] = length
    let message = try #require(check(bytes))
    #expect(message.payloads.isEmpty)
    #expect(message.stop?.offset == 24)
    #expect(message.stop?.reason == .badLength(claimed: Int(length), minimum: 28))
  }

  @Test("An IKE length beyond the bytes keeps all payloads and says what is missing")
  func longIKELength() throws {
    var bytes = IKEv1Samples.recorded[0]
    bytes.replaceSubrange(24..<28, with: [0xFF, 0xFF, 0xFF, 0xFF])
    let message = try #require(check(bytes))
    #expect(message.payloads.count == 6)
    #expect(
      message.stop?.reason
        == .truncated(needed: 0xFFFF_FFFF - 28, available: 152, limit: .capture))
  }

  @Test("An IKE length that cuts a payload bounds it")
  func cuttingIKELength() throws {
    var bytes = IKEv1Samples.recorded[0]
    bytes[27] = 90
    let message = try #require(check(bytes))
    #expect(message.range == 0..<90)
    #expect(message.payloads.map(\.range) == [28..<84, 84..<90])
    #expect(message.stop?.reason == .truncated(needed: 8, available: 2, limit: .ikeLength))
    #expect(message.payloads.last?.stop == message.stop)
  }

  @Test("Bytes behind the last payload are named")
  func trailingBytes() throws {
    var bytes = IKEv1Samples.recorded[0] + [0, 0, 0]
    bytes[27] += 3
    let message = try #require(check(bytes))
    #expect(message.payloads.count == 6)
    #expect(message.stop?.offset == 180)
    #expect(message.stop?.reason == .lengthTooLarge(claimed: 155, maximum: 152))
  }

  @Test("A payload length below its header ends the chain", arguments: [0, 3])
  func shortPayloadLength(length: UInt8) throws {
    var bytes = IKEv1Samples.recorded[0]
    bytes[87] = length
    let message = try #require(check(bytes))
    #expect(message.payloads.count == 1)
    #expect(message.stop?.offset == 86)
    #expect(message.stop?.reason == .badLength(claimed: Int(length), minimum: 4))
  }

  @Test("A payload length beyond the message keeps what there is of it")
  func longPayloadLength() throws {
    var bytes = IKEv1Samples.recorded[0]
    bytes.replaceSubrange(86..<88, with: [0xFF, 0xFF])
    let message = try #require(check(bytes))
    #expect(message.payloads.count == 2)
    #expect(message.payloads[1].length == 0xFFFF)
    #expect(message.payloads[1].range == 84..<180)
    #expect(
      message.stop?.reason == .truncated(needed: 65531, available: 92, limit: .capture))
  }

  @Test(
    "A lie inside of an SA is the SA's own stop, and the vendor IDs behind it are reached",
    arguments: [
      // Proposal length.
      (42, [0, 0], 42, .badLength(claimed: 0, minimum: 4)),
      (42, [0, 3], 42, .badLength(claimed: 3, minimum: 4)),
      (42, [0xFF, 0xFF], 44, .truncated(needed: 65531, available: 40, limit: .payloadLength)),
      (42, [0, 6], 46, .truncated(needed: 1, available: 0, limit: .proposalLength)),
      // Next payload of the proposal, which is the last.
      (40, [2], 84, .truncated(needed: 1, available: 0, limit: .payloadLength)),
      (40, [7], 40, .badValue(field: "next payload", value: 7)),
      // SPI size.
      (46, [255], 48, .truncated(needed: 255, available: 36, limit: .proposalLength)),
      // Transform count.
      (47, [0], 47, .badValue(field: "transform count", value: 0)),
      (47, [9], 47, .badValue(field: "transform count", value: 9)),
      // Transform length.
      (50, [0, 0], 50, .badLength(claimed: 0, minimum: 4)),
      (50, [0xFF, 0xFF], 52, .truncated(needed: 65531, available: 32, limit: .proposalLength)),
      (50, [0, 32], 80, .lengthTooLarge(claimed: 36, maximum: 32)),
      // An attribute that turns from basic to variable: its value becomes a length.
      (80, [0], 84, .truncated(needed: 15840, available: 0, limit: .transformLength)),
    ] as [(Int, [UInt8], Int, DissectionError.Reason)])
  func lyingAssociation(
    position: Int, bytes: [UInt8], offset: Int, reason: DissectionError.Reason
  ) throws {
    var message = IKEv1Samples.recorded[0]
    message.replaceSubrange(position..<position + bytes.count, with: bytes)
    let decoded = try #require(check(message))
    #expect(decoded.stop == nil)
    #expect(IKEv1Samples.summary(decoded) == "SA V V V V V")
    #expect(decoded.payloads[0].stop?.offset == offset)
    #expect(decoded.payloads[0].stop?.reason == reason)
  }

  @Test("The attributes before a malformed one are kept")
  func malformedAttribute() throws {
    var bytes = IKEv1Samples.recorded[0]
    bytes[80] = 0
    guard
      case .securityAssociation(let association) = try IKEv1Samples.decode(bytes).payloads[0].body
    else {
      Issue.record("no SA")
      return
    }
    #expect(association.proposals.first?.transforms.first?.attributes.count == 6)
  }

  /// One payload of `type` with this body.
  private func payload(_ type: IKEv1PayloadType, _ body: [UInt8]) throws -> IKEv1Payload {
    let bytes = [0, 0, 0, UInt8(body.count + 4)] + body
    let chain = IKEv1Samples.chain(bytes, first: type)
    #expect(chain.stop == nil)
    return try #require(chain.payloads.first)
  }

  @Test("A delete of SPIs without bytes lists none of them")
  func emptySPIs() throws {
    let payload = try payload(.delete, [0, 0, 0, 1, 3, 0, 0xFF, 0xFF])
    guard case .delete(let delete) = payload.body else {
      Issue.record("no delete")
      return
    }
    #expect(delete.spis.isEmpty)
    #expect(payload.stop?.reason == .badValue(field: "number of SPIs", value: 65535))
  }

  @Test("A delete that claims more SPIs than follow lists those that do")
  func missingSPIs() throws {
    let payload = try payload(.delete, [0, 0, 0, 1, 3, 4, 0xFF, 0xFF, 1, 2, 3, 4, 5])
    guard case .delete(let delete) = payload.body else {
      Issue.record("no delete")
      return
    }
    #expect(delete.spis == [[1, 2, 3, 4]])
    #expect(
      payload.stop?.reason == .truncated(needed: 4, available: 1, limit: .payloadLength))
  }

  @Test(
    "A body too short for its fixed fields is kept raw, with the reason",
    arguments: [
      (.securityAssociation, [0, 0, 0, 1, 0]), (.identification, [1, 0, 0]), (.certificate, []),
      (.notification, [0, 0, 0, 1, 1, 4, 0, 1, 9]), (.delete, [0, 0, 0, 1, 1, 4, 0]),
      (.attributes, [1, 0, 0]), (.natOriginalAddress, [1, 0, 0]), (.fragment, [0, 1, 1]),
    ] as [(IKEv1PayloadType, [UInt8])])
  func shortBody(type: IKEv1PayloadType, body: [UInt8]) throws {
    let payload = try payload(type, body)
    #expect(payload.body == .raw(body))
    #expect(payload.stop != nil)
  }

  @Test(
    "Data of the wrong size for its type is kept, with the reason",
    arguments: [
      (.identification, [1, 0, 0, 0, 10, 0, 0], 4, 3),
      (.identification, [6, 0, 0, 0, 10, 0, 0], 32, 3),
      (.natOriginalAddress, [5, 0, 0, 0, 10, 0, 0, 1], 16, 4),
      (.notification, [0, 0, 0, 1, 1, 0, 0x8D, 0x28, 1], 4, 1),
    ] as [(IKEv1PayloadType, [UInt8], Int, Int)])
  func wrongSize(type: IKEv1PayloadType, body: [UInt8], needed: Int, available: Int) throws {
    let payload = try payload(type, body)
    #expect(
      payload.stop?.reason
        == .truncated(needed: needed, available: available, limit: .payloadLength))
    var writer = ByteWriter()
    payload.body.write(to: &writer)
    #expect(writer.bytes == body)
  }

  @Test(
    "Decrypted content may end in padding, with or without its count",
    arguments: [[], [0], [0, 0, 0], [0, 0, 2], [0, 0, 0, 0, 0, 0, 6]] as [[UInt8]])
  func padding(padding: [UInt8]) {
    let bytes = [0, 0, 0, 6, 1, 2] + padding
    let chain = IKEv1Samples.chain(bytes, first: .hash, padded: true)
    #expect(chain.stop == nil)
    #expect(chain.payloads.map(\.body) == [.hash([1, 2])])
    #expect((IKEv1Samples.chain(bytes, first: .hash).stop == nil) == padding.isEmpty)
  }

  @Test(
    "Other bytes behind decrypted content are no padding", arguments: [[1, 0], [0, 0, 9], [5]])
  func noPadding(trailing: [UInt8]) {
    let chain = IKEv1Samples.chain([0, 0, 0, 4] + trailing, first: .hash, padded: true)
    #expect(chain.payloads.count == 1)
    #expect(chain.stop?.offset == 4)
  }

  @Test("A datagram full of the smallest payloads is decoded to its end")
  func manyPayloads() {
    let bytes = [UInt8]([13, 0, 0, 4] * 16_000)
    let chain = IKEv1Samples.chain(bytes, first: .vendorID)
    #expect(chain.payloads.count == 16_000)
    #expect(chain.stop?.reason == .truncated(needed: 1, available: 0, limit: .capture))
  }
}

private func * (bytes: [UInt8], count: Int) -> [UInt8] {
  (0..<count).flatMap { _ in bytes }
}
