import Host
import Testing

@Suite("VICI messages")
struct VICIMessageTests {
  private static let message = VICIMessage([
    .init("key1", .text("value1")),
    .init(
      "section1",
      .section(
        VICIMessage([
          .init("sub-section", .section(VICIMessage([.init("key2", .text("value2"))]))),
          .init("list1", .list(["item1", "item2"])),
        ]))),
  ])

  /// The bytes of the example in strongSwan's description of the format.
  private static let bytes: [UInt8] = [
    [3, 4], Array("key1".utf8), [0, 6], Array("value1".utf8),
    [1, 8], Array("section1".utf8),
    [1, 11], Array("sub-section".utf8), [3, 4], Array("key2".utf8), [0, 6], Array("value2".utf8),
    [2], [4, 5], Array("list1".utf8), [5, 0, 5], Array("item1".utf8), [5, 0, 5],
    Array("item2".utf8), [6, 2],
  ].flatMap { $0 }

  @Test("strongSwan's own example is read and written")
  func example() throws {
    let message = try VICIMessage(bytes: Self.bytes)
    #expect(message == Self.message)
    #expect(Self.message.bytes == Self.bytes)
    #expect(message["key1"] == "value1")
    #expect(message.section("section1")?.list("list1") == ["item1", "item2"])
    #expect(message["section1"] == nil && message.list("key1") == [])
  }

  @Test("A message that is cut off anywhere but between elements is refused")
  func truncation() {
    var whole: [Int] = []
    for count in 0...Self.bytes.count {
      if (try? VICIMessage(bytes: Self.bytes.prefix(count))) != nil { whole.append(count) }
    }
    #expect(whole == [0, 14, Self.bytes.count])
  }

  @Test(
    "Elements that do not belong where they stand are refused",
    arguments: [
      [2], [6], [5, 0, 0], [0], [7], [1, 0], [4, 0], [4, 0, 4, 0, 6, 6], [4, 0, 3, 0, 0, 0, 6],
      [4, 0, 2], [3, 5, 65], [3, 1, 65, 255, 255, 0], [1, 1, 65, 2, 2],
    ] as [[UInt8]])
  func misplaced(bytes: [UInt8]) {
    #expect(throws: VICIError.self) { try VICIMessage(bytes: bytes) }
  }

  @Test("Sections may be deep, but not without end")
  func depth() throws {
    func nested(_ depth: Int) -> [UInt8] {
      Array([[UInt8]](repeating: [1, 1, 65], count: depth).joined())
        + [UInt8](repeating: 2, count: depth)
    }
    #expect(try VICIMessage(bytes: nested(32)).sections.count == 1)
    #expect(throws: VICIError.malformed("sections are too deep")) {
      try VICIMessage(bytes: nested(33))
    }
    #expect(throws: VICIError.self) { try VICIMessage(bytes: nested(100_000)) }
  }

  @Test("Whatever changed bytes still make a message is written as it was read")
  func flips() throws {
    var random = Random(seed: 0x5EED_71C1)
    var read = 0
    for _ in 0..<20_000 {
      var bytes = Self.bytes
      for _ in 0...random.below(3) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
      guard let message = try? VICIMessage(bytes: bytes) else { continue }
      read += 1
      #expect(try VICIMessage(bytes: message.bytes) == message)
    }
    // Changed text is still text.
    #expect(read > 1000 && read < 20_000)
  }

  @Test("Random bytes never end the program")
  func noise() {
    var random = Random(seed: 0xD1CE)
    var refused = 0
    for _ in 0..<20_000 {
      let bytes = (0..<random.below(64)).map { _ in UInt8(random.below(9)) }
      if (try? VICIPacket(bytes: bytes)) == nil { refused += 1 }
    }
    #expect(refused > 15_000)
  }

  @Test("Packets have names where their kind has one")
  func packets() throws {
    let request = VICIPacket(.commandRequest, "list-sas", Self.message)
    let head: [UInt8] = [0, 0, 0, 87, 0, 8] + Array("list-sas".utf8)
    #expect(Array(request.bytes.prefix(14)) == head)
    #expect(try VICIPacket(bytes: request.bytes.dropFirst(4)) == request)
    let confirmation = VICIPacket(.eventConfirm)
    #expect(confirmation.bytes == [0, 0, 0, 1, 5])
    #expect(throws: VICIError.malformed("packet type 8")) { try VICIPacket(bytes: [8]) }
    #expect(throws: VICIError.self) { try VICIPacket(bytes: [7, 9, 65]) }
    #expect(throws: VICIError.self) { try VICIPacket(bytes: []) }
  }

  @Test("Names and values too long for their length fields are cut")
  func long() throws {
    let name = String(repeating: "n", count: 300)
    let value = String(repeating: "v", count: 70_000)
    let message = try VICIMessage(bytes: VICIMessage([.init(name, .text(value))]).bytes)
    #expect(message.entries.first?.name.utf8.count == 255)
    #expect(message[String(name.prefix(255))]?.utf8.count == 65_535)
  }
}

/// Numbers that are the same in every run (SplitMix64).
struct Random {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func below(_ limit: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return limit < 1 ? 0 : Int((z ^ z >> 31) % UInt64(limit))
  }
}
