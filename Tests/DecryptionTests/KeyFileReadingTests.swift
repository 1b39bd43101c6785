import Decryption
import Glibc
import IPsecCrypto
import PacketDissector
import Testing

@Suite("Reading key files")
struct KeyFileReadingTests {
  static let recordings = "\(packageRoot)/Tests/Fixtures/recordings"
  static let endings = [
    ".esp_sa", ".ikev2_decryption_table", ".ikev1_decryption_table", ".ah_keys",
  ]

  private static func lines(_ path: String) throws -> Int {
    let descriptor = unsafe open(path, O_RDONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    // The largest table has 5 KiB.
    var bytes = [UInt8](repeating: 0, count: 65536)
    let size = unsafe Glibc.read(descriptor, &bytes, bytes.count)
    try #require((0..<bytes.count).contains(size))
    let count = bytes[..<size].split(separator: 0x0A).count { $0.first != 0x23 }
    return count
  }

  @Test("Every table of our own recordings is read, each line")
  func recordedTables() throws {
    let paths = files(in: Self.recordings, endings: Self.endings)
    try #require(paths.count > 30)
    var esp = 0
    for path in paths {
      let file = try KeyFile.read(path)
      #expect(file.problems == [], "\(path)")
      let origins = Set(
        file.espKeys.map(\.origin) + file.ikev2Keys.map(\.origin) + file.ikev1Keys.map(\.origin))
      #expect(origins.count == (try Self.lines(path)), "\(path)")
      esp += file.espKeys.filter { $0.spi != nil && $0.source.address != nil }.count
    }
    #expect(esp >= 34)
  }

  @Test("Values of recorded lines are those of the file")
  func recordedValues() throws {
    let gcm = try KeyFile.read("\(Self.recordings)/ipv6-esp-in-udp.esp_sa")
    #expect(gcm.espKeys.map(\.spi) == [0xABE3_708E, 0x0909_B51E])
    let key = try #require(gcm.espKeys.first)
    #expect(key.source.address == (try address("fd01::2")))
    #expect(key.cipher == .algorithm(20))
    #expect(key.cipherKey.count == 36)
    #expect(key.cipherKey.revealed.hasPrefix("e1696524bbdfc2de"))
    #expect(key.cipherKey.revealed.hasSuffix("63be9d87"))
    #expect(key.integrity == .algorithm(0))
    let ccm = try KeyFile.read("\(Self.recordings)/esp-aes256ccm8.ikev2_decryption_table")
    #expect(ccm.ikev2Keys.map(\.cipher) == [.algorithm(15)])
    #expect(ccm.ikev2Keys.map(\.initiatorSPI) == [0xCBBC_46A4_2E3D_EA58])
    let hybrid = try KeyFile.read("\(Self.recordings)/mlkem768-intermediate.ikev2_decryption_table")
    #expect(hybrid.ikev2Keys.count == 2)
    #expect(Set(hybrid.ikev2Keys.map(\.initiatorSPI)).count == 1)
    let ikev1 = try KeyFile.read(
      "\(Self.recordings)/ikev1-main-psk-dpd-answered.ikev1_decryption_table")
    #expect(ikev1.ikev1Keys.map(\.initiatorCookie) == [0x0659_1BD8_66D5_5A0A])
    #expect(ikev1.ikev1Keys.map(\.cipherKey.count) == [16])
  }

  /// `../shared/captures` seen from the package, or one directory further up for a worktree.
  static let shared: String? = {
    ["\(packageRoot)/../shared/captures", "\(packageRoot)/../../shared/captures"].first {
      unsafe access("\($0)/INDEX.csv", R_OK) == 0
    }
  }()

  @Test(
    "Every table beside the captures of others is read, each line",
    .enabled(if: shared != nil, "there is no ../shared/captures"))
  func sharedTables() throws {
    let directory = try #require(Self.shared)
    let folders = files(in: directory, endings: [""]).filter { !$0.hasSuffix(".") }
    let paths = folders.flatMap { files(in: $0, endings: Self.endings) }
    try #require(paths.count > 50)
    var unsupported: Set<KeyCipher> = []
    for path in paths {
      let file = try KeyFile.read(path)
      #expect(file.problems == [], "\(path)")
      let origins = Set(
        file.espKeys.map(\.origin) + file.ikev2Keys.map(\.origin) + file.ikev1Keys.map(\.origin))
      #expect(origins.count == (try Self.lines(path)), "\(path)")
      for case .unsupported(let name) in file.espKeys.map(\.cipher) {
        unsupported.insert(.unsupported(name))
      }
    }
    #expect(unsupported == [.unsupported("TWOFISH-CBC")])
  }

  @Test("What cannot be read says why")
  func errors() throws {
    #expect(throws: KeyFileError.missing(path: "/nonexistent/keys")) {
      try KeyFile.read("/nonexistent/keys")
    }
    #expect(throws: KeyFileError.directory(path: Self.recordings)) {
      try KeyFile.read(Self.recordings)
    }
    #expect(
      KeyFileError.missing(path: "a").description == "a does not exist")
    let large = try TemporaryFile([])
    try #require(unsafe truncate(large.path, 16 << 20 + 1) == 0)
    #expect(throws: KeyFileError.tooLarge(path: large.path)) { try KeyFile.read(large.path) }
    #expect(throws: KeyFileError.tooLarge(path: "/dev/zero")) { try KeyFile.read("/dev/zero") }
  }

  @Test("A file that its group or everybody may read is marked")
  func permissions() throws {
    let file = try TemporaryFile(Array(Sample.ikev1.utf8))
    #expect(try KeyFile.read(file.path).isReadableByOthers == false)
    for mode: mode_t in [0o640, 0o604] {
      try #require(unsafe chmod(file.path, mode) == 0)
      #expect(try KeyFile.read(file.path).isReadableByOthers == true)
    }
    #expect(try KeyFile.read(file.path).ikev1Keys.count == 1)
    #expect(try KeyFile.read("/dev/null").isReadableByOthers == nil)
  }
}

/// A file in the temporary directory, gone with its last reference.
final class TemporaryFile {
  let path: String

  init(_ bytes: [UInt8]) throws {
    var template = Array("/tmp/ipsecdiag-test-XXXXXX".utf8CString)
    let descriptor = unsafe mkstemp(&template)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    try #require(descriptor >= 0)
    try #require(unsafe write(descriptor, bytes, bytes.count) == bytes.count)
    close(descriptor)
  }

  deinit { unsafe _ = unlink(path) }
}
