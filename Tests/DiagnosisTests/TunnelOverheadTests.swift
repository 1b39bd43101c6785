import Diagnosis
import Testing

@Suite("MTU arithmetic")
struct TunnelOverheadTests {
  /// Inner MTU by suite; the columns are those of ``columns``.
  static let table: [(String, [Int])] = [
    ("aes128gcm16", [1446, 1438, 1426, 1418, 1438, 1430, 1406, 1346, 1226]),
    ("chacha20poly1305", [1446, 1438, 1426, 1418, 1438, 1430, 1406, 1346, 1226]),
    ("aes256-sha256", [1438, 1422, 1406, 1406, 1422, 1422, 1390, 1326, 1214]),
    ("aes128-sha1", [1438, 1422, 1422, 1406, 1422, 1422, 1390, 1342, 1214]),
    ("aes192-sha384", [1422, 1422, 1406, 1390, 1422, 1406, 1390, 1326, 1198]),
    ("aes128-sha512", [1422, 1406, 1390, 1390, 1406, 1406, 1374, 1310, 1198]),
    ("3des-sha1", [1446, 1438, 1430, 1422, 1438, 1430, 1406, 1350, 1230]),
  ]

  /// Path MTU, whether in UDP, whether over IPv6.
  static let columns: [(Int, Bool, Bool)] = [
    (1500, false, false), (1500, true, false), (1500, false, true), (1500, true, true),
    (1492, false, false), (1492, true, false), (1460, false, false), (1400, false, false),
    (1280, false, false),
  ]

  @Test("Every suite gets its inner MTU on every path", arguments: table)
  func reference(keywords: String, expected: [Int]) throws {
    var overhead = TunnelOverhead(try #require(ESPSuite(keywords: keywords)))
    for ((pathMTU, isUDP, isIPv6), inner) in zip(Self.columns, expected) {
      overhead.encapsulation = isUDP ? .udp : .none
      overhead.outerIsIPv6 = isIPv6
      #expect(overhead.innerMTU(pathMTU: pathMTU) == inner, "\(pathMTU) \(isUDP) \(isIPv6)")
    }
  }

  @Test("TCP encapsulation with timestamps, transport mode, GRE and EESP")
  func others() throws {
    var overhead = TunnelOverhead(try #require(ESPSuite(keywords: "aes256gcm16-ecp384")))
    overhead.encapsulation = .tcp(timestamps: true)
    #expect(overhead.innerMTU(pathMTU: 1500) == 1410)
    overhead.encapsulation = .none
    overhead.mode = .transport
    // One IP header, and ESP between it and what it carries: 1446 more than tunnel mode's headers.
    #expect(overhead.innerMTU(pathMTU: 1500) == 1466)
    overhead.carriesGRE = true
    #expect(overhead.innerMTU(pathMTU: 1500) == 1442)
    overhead.mode = .tunnel
    #expect(overhead.innerMTU(pathMTU: 1500) == 1422)
    overhead.carriesGRE = false
    overhead.isEESP = true
    // 8 base header, 8 sequence number, 8 IV, 16 ICV, no trailer: 1500 - 20 - 40.
    #expect(overhead.innerMTU(pathMTU: 1500) == 1440)
  }

  @Test("The segment is 40 bytes less over IPv4, 60 over IPv6; a path too small has no room")
  func segments() throws {
    #expect(TunnelOverhead.maximumSegmentSize(innerMTU: 1446, innerIsIPv6: false) == 1406)
    #expect(TunnelOverhead.maximumSegmentSize(innerMTU: 1446, innerIsIPv6: true) == 1386)
    let overhead = TunnelOverhead(try #require(ESPSuite(keywords: "aes128-sha256")))
    #expect(overhead.innerMTU(pathMTU: 60) == nil)
    #expect(overhead.innerMTU(pathMTU: -1) == nil)
  }

  @Test(
    "Suites are read in both daemons' spellings",
    arguments: [
      ("aes256gcm16-modp2048", "ENCR_AES_GCM_16, 256-bit key"),
      ("aes_gcm256", "ENCR_AES_GCM_16, 256-bit key"),
      ("aes_gcm256-null", "ENCR_AES_GCM_16, 256-bit key"),
      ("AES256-SHA2_512", "ENCR_AES_CBC, 256-bit key, AUTH_HMAC_SHA2_512_256"),
      ("aes-sha1-esn", "ENCR_AES_CBC, 128-bit key, AUTH_HMAC_SHA1_96"),
      ("aes128ctr-sha256", "ENCR_AES_CTR, 128-bit key, AUTH_HMAC_SHA2_256_128"),
      ("null-sha256", "ENCR_NULL, AUTH_HMAC_SHA2_256_128"),
    ])
  func spellings(keywords: String, name: String) {
    #expect(ESPSuite(keywords: keywords)?.name == name)
  }

  @Test(
    "A cipher without integrity, and words that nobody knows, are no suite",
    arguments: ["aes128", "sha256", "", "aes999-sha1", "aes128-foo", "aes128-none", "aes128gcm9"])
  func refused(keywords: String) {
    #expect(ESPSuite(keywords: keywords) == nil)
  }
}
