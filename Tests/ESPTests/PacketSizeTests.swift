import ESP
import IPsecCrypto
import PacketDissector
import Testing

@Suite("Sizes of packets")
struct PacketSizeTests {
  struct Row: CustomTestStringConvertible {
    let suite: Suite
    /// The largest inner packet on an outer path of 1500 octets: over IPv4, and in UDP; over IPv6, and in
    /// UDP. Those of AES-GCM over IPv4 are what AWS publishes for its VPN.
    let inner: [Int]
    var testDescription: String { suite.testDescription }
  }

  static let rows: [Row] = {
    let table: [(EncryptionAlgorithm, Int?, IntegrityAlgorithm?, [Int])] = [
      (.aesGCM16, 128, nil, [1446, 1438, 1426, 1418]),
      (.chaCha20Poly1305, nil, nil, [1446, 1438, 1426, 1418]),
      (.aesCBC, 128, .hmacSHA2_256_128, [1438, 1422, 1406, 1406]),
      (.aesCBC, 128, .hmacSHA1_96, [1438, 1422, 1422, 1406]),
      (.aesCBC, 128, .hmacSHA2_384_192, [1422, 1422, 1406, 1390]),
      (.aesCBC, 128, .hmacSHA2_512_256, [1422, 1406, 1390, 1390]),
      (.tripleDES, nil, .hmacSHA1_96, [1446, 1438, 1430, 1422]),
    ]
    return table.compactMap { id, bits, integrity, inner in
      (try? Suite(id, bits, integrity)).map { Row(suite: $0, inner: inner) }
    }
  }()

  @Test("The largest payload is what the outer headers leave", arguments: rows)
  func largest(_ row: Row) {
    let parameters = row.suite.parameters()
    let outer = [20, 28, 40, 48].map { 1500 - $0 }
    #expect(outer.map { parameters.payloadBytes(packet: $0) } == row.inner)
  }

  @Test(
    "What fits into a packet fills no more than it, and one octet more does", arguments: Suite.each)
  func inverse(_ suite: Suite) {
    let parameters = suite.parameters()
    for packet in 0..<300 {
      let payload = parameters.payloadBytes(packet: packet)
      if payload >= 0 { #expect(parameters.packetBytes(payload: payload) <= packet) }
      #expect(parameters.packetBytes(payload: max(payload + 1, 0)) > packet, "\(packet)")
    }
  }
}
