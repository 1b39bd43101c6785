import Decryption
import PacketDissector
import Testing

@Suite("Our recordings with their keys")
struct RecordingTests {
  static let withKeys = Recordings.names.filter { !Recordings.withoutESPKeys.contains($0) }

  @Test(
    "All of it opens, every inner checksum holds, every key line is accounted for",
    arguments: withKeys)
  func complete(_ name: String) throws {
    let files = try Recordings.keys(name)
    try #require(files.count == 2)
    let opened = try Recordings.open(name, files)
    #expect(opened.closed == [:])
    #expect(opened.brokenChains == 0)
    // Four echoes cross each tunnel.
    #expect(opened.esp >= 4 && opened.checkedPackets == opened.esp)
    #expect(opened.faults == [])
    #expect(name.hasPrefix("ikev1") ? opened.ikev1 >= 6 : opened.ikev2 >= 2)
    #expect(opened.uses.map(\.origin) == files.flatMap(Self.origins))
    #expect(opened.uses.allSatisfy { $0.fault == nil && $0.openedAs96Bits == 0 })
    // A line may be read in several ways, of which one fits.
    let useful = Set(opened.uses.filter { $0.opened > 0 }.map(\.origin))
    #expect(useful == Set(opened.uses.map(\.origin)))
    #expect(opened.uses.reduce(0) { $0 + $1.opened } == opened.opened)
    // What has an SK payload has one key that fits; the others of its SPIs are tried in vain.
    let hasOneKeyEach = !name.hasSuffix("intermediate")
    #expect(!hasOneKeyEach || opened.uses.allSatisfy { $0.failed == 0 })
  }

  @Test(
    "Where the tables are empty nothing opens, and the reason is that there is no key",
    arguments: Recordings.withoutKeys)
  func empty(_ name: String) throws {
    let opened = try Recordings.open(name, try Recordings.keys(name))
    #expect(opened.opened == 0)
    #expect(Array(opened.closed.keys) == [.noKey])
    #expect(opened.closedCount >= 6)
    #expect(opened.uses.isEmpty)
  }

  @Test(
    "Without ESP's keys IKE opens all the same",
    arguments: Recordings.withoutESPKeys.filter { !Recordings.withoutKeys.contains($0) })
  func withoutESPKeys(_ name: String) throws {
    let opened = try Recordings.open(name, try Recordings.keys(name))
    #expect(opened.ikev2 >= 2 && opened.esp == 0 && opened.brokenChains == 0)
    #expect(Array(opened.closed.keys) == [.noKey])
    #expect(opened.uses.allSatisfy { $0.opened > 0 })
  }

  @Test("IKE fragments are joined: those that wait are no messages of their own")
  func fragments() throws {
    let name = "certs-rsa4096-ike-fragments"
    let opened = try Recordings.open(name, try Recordings.keys(name))
    #expect(opened.fragmentsHeld >= 2)
    #expect(opened.ikev2 >= 2)
  }

  private static func origins(_ file: KeyFile) -> [KeyOrigin] {
    file.espKeys.map(\.origin) + file.ikev2Keys.map(\.origin) + file.ikev1Keys.map(\.origin)
  }
}
