import Decryption
import PacketDissector
import Testing

/// Every key of every recording with one bit the other way.
@Suite("Wrong keys")
struct WrongKeyTests {
  /// A table's text with one key of one line changed.
  struct Change {
    let text: String
    let line: Int
    let field: Int
  }

  @Test(
    "An ESP key with one bit flipped opens nothing, and does not verify",
    arguments: RecordingTests.withKeys)
  func esp(_ name: String) throws {
    let path = "\(Recordings.folder)/\(name).esp_sa"
    let whole = try Recordings.open(name, [try KeyFile.read(path)])
    try #require(whole.esp >= 4)
    // Encryption and integrity key; for GCM the second is empty.
    let changes = try Self.changes(path, fields: [5, 7])
    try #require(changes.count >= 4)
    for change in changes {
      let opened = try Recordings.open(name, [parse(change.text)])
      let use = try #require(opened.uses.first { $0.origin.line == change.line })
      let right = try #require(whole.uses.first { $0.origin.line == change.line })
      #expect(use.opened == 0 && use.failed == right.opened, "line \(change.line)")
      #expect(opened.esp == whole.esp - Int(right.opened))
      #expect(opened.closed[.doesNotVerify] == Int(right.opened))
      #expect(opened.faults == [])
    }
  }

  @Test(
    "An IKEv2 key with one bit flipped opens nothing of its direction",
    arguments: Recordings.names.filter {
      !Recordings.withoutKeys.contains($0) && !$0.hasPrefix("ikev1")
    })
  func ikev2(_ name: String) throws {
    let path = "\(Recordings.folder)/\(name).ikev2_decryption_table"
    let whole = try Recordings.open(name, [try KeyFile.read(path)])
    let changes = try Self.changes(path, fields: [2, 3, 5, 6])
    try #require(changes.count >= 4)
    // Whole messages: beside a MAC whose key is right, a wrong key shows in the first fragment alone.
    var lost: [[Int]: Int] = [:]
    for (index, change) in changes.enumerated() {
      let opened = try Recordings.open(name, [parse(change.text)])
      // Changes come in pairs: a bit of the first byte, a bit of the last.
      lost[[index % 2, change.field], default: 0] += whole.ikev2 - opened.ikev2
      #expect(opened.brokenChains == 0 && opened.faults == [])
      let closed = opened.closed[.doesNotVerify, default: 0]
      #expect(closed >= whole.ikev2 - opened.ikev2)
    }
    // What no longer opens without SK_ei is the initiator's, without SK_er the responder's; so with
    // SK_ai and SK_ar.
    for half in [0, 1] {
      #expect(lost[[half, 2], default: 0] + lost[[half, 3], default: 0] == whole.ikev2)
      guard lost[[half, 5]] != nil else { continue }
      #expect(lost[[half, 5], default: 0] + lost[[half, 6], default: 0] == whole.ikev2)
    }
  }

  @Test("An IKEv1 key with one bit flipped opens no message")
  func ikev1() throws {
    let name = "ikev1-main-psk-dpd-answered"
    let path = "\(Recordings.folder)/\(name).ikev1_decryption_table"
    for change in try Self.changes(path, fields: [1]) {
      let opened = try Recordings.open(name, [parse(change.text)])
      #expect(opened.ikev1 == 0)
      #expect(opened.closed[.doesNotVerify, default: 0] > 0)
    }
  }

  /// Bits that are no parity bits of DES: one of the first byte, one of the last.
  private static func changes(_ path: String, fields: [Int]) throws -> [Change] {
    let lines = try text(of: path).split(separator: "\n", omittingEmptySubsequences: false)
    var changes: [Change] = []
    for (number, line) in lines.enumerated() where !line.isEmpty {
      let parts = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      for field in fields where field < parts.count {
        let digits = parts[field].filter(\.isHexDigit)
        guard digits.count >= 16 else { continue }
        let isPrefixed = parts[field].contains("0x")
        for place in [isPrefixed ? 1 : 0, digits.count - 2] {
          var changed = parts
          changed[field] = flipped(parts[field], digit: place)
          let text =
            (lines[..<number] + [changed.joined(separator: ",")[...]] + lines[(number + 1)...])
            .joined(separator: "\n")
          changes.append(Change(text: text, line: number + 1, field: field))
        }
      }
    }
    return changes
  }

  /// With the low bit of one hexadecimal digit flipped, the count of which leaves out other
  /// characters; that is bit 4 of a byte where the digit is its first.
  private static func flipped(_ field: String, digit: Int) -> String {
    var count = -1
    return String(
      field.map { character in
        guard let value = character.hexDigitValue else { return character }
        count += 1
        return count == digit ? Character(String(value ^ 1, radix: 16)) : character
      })
  }
}
