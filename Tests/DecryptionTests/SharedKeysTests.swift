import Decryption
import PacketDissector
import Testing

/// The captures of others that come with keys. They are no part of this repository.
@Suite("Captures of others with their keys")
struct SharedKeysTests {
  static let folder = ["\(packageRoot)/../shared/captures", "\(packageRoot)/../../shared/captures"]
    .first { isReadable("\($0)/INDEX.csv") }
  static let endings = [
    ".esp_sa", ".ikev2_decryption_table", ".ikev1_decryption_table", ".ah_keys",
  ]

  /// Captures below ``folder`` that have a table beside them.
  static let captures: [String] = {
    guard let folder, let index = try? text(of: "\(folder)/INDEX.csv") else { return [] }
    let paths = index.split(whereSeparator: \.isNewline).dropFirst().compactMap {
      $0.split(separator: ",").first.map(String.init)
    }
    return paths.filter { path in
      endings.contains { isReadable("\(folder)/\(path)\($0)") }
    }
  }()

  @Test(
    "All that their keys are for opens, and inner checksums hold",
    .enabled(if: folder != nil, "there is no ../shared/captures"), arguments: captures)
  func complete(_ name: String) throws {
    let folder = try #require(Self.folder)
    let tables = Self.endings.map { "\(folder)/\(name)\($0)" }.filter(isReadable)
    let files = try tables.map(KeyFile.read)
    #expect(files.flatMap(\.problems) == [])
    let opened = try OpenedCapture("\(folder)/\(name)", files)
    #expect(opened.faults == [])
    if name.hasSuffix("twofish.pcap") {
      #expect(opened.opened == 0 && opened.closedCount == 8)
      #expect(opened.closed.keys.allSatisfy { $0.isUnsupported("twofish") })
    } else if name.contains("/badicv-") {
      #expect(opened.opened == 0 && opened.closed[.doesNotVerify] == 1)
    } else if name.hasPrefix("idaholab_Malcolm") {
      // Keys for one of its SAs only.
      #expect(opened.ikev1 > 0 && Array(opened.closed.keys) == [.noKey])
    } else {
      #expect(opened.closed == [:])
      #expect(opened.opened > 0)
      #expect(opened.uses.contains { $0.opened > 0 })
    }
  }

  @Test("All of them are found", .enabled(if: folder != nil, "there is no ../shared/captures"))
  func found() {
    #expect(Self.captures.count == 57)
  }
}

extension Decryptor.Reason {
  func isUnsupported(_ name: String) -> Bool {
    guard case .unsupported(let text) = self else { return false }
    return text.lowercased().contains(name)
  }
}
