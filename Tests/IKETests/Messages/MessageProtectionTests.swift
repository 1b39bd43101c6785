import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Protected messages")
struct MessageProtectionTests {
  static let suites: [[Transform]] = {
    let common = [Transform.prf(5), .method(31)]
    let aead: [Transform] = [
      .aesGCM(128), .aesGCM(192), .aesGCM(256), .cipher(.aesGCM8, 128), .cipher(.aesGCM12, 256),
      .cipher(.aesCCM8, 128), .cipher(.aesCCM12, 192), .cipher(.aesCCM16, 256),
      .cipher(.camelliaCCM8, 128), .cipher(.camelliaCCM12, 192), .cipher(.camelliaCCM16, 256),
      .cipher(.chaCha20Poly1305),
    ]
    let ciphers: [Transform] = [
      .aesCBC(128), .aesCBC(192), .aesCBC(256), .cipher(.aesCTR, 128), .cipher(.aesCTR, 256),
      .cipher(.tripleDES), .cipher(.camelliaCBC, 128), .cipher(.camelliaCTR, 256),
      .cipher(.des), .cipher(.blowfish, 128), .cipher(.cast, 128),
    ]
    let macs: [UInt16] = [1, 2, 5, 8, 12, 13, 14]
    return aead.map { [$0] + common } + ciphers.map { [$0, .mac(12)] + common }
      + macs.map { [.aesCBC(256), .mac($0)] + common }
  }()

  @Test("Every cipher and MAC opens what it sealed, whole and in fragments", arguments: suites)
  func roundTrip(_ transforms: [Transform]) throws {
    let suite = try IKESuite(.ike(transforms))
    let pair = try ProtectedPair(suite)
    // Content that ends at, before and behind every edge of a block.
    for size in [0, 1] + Array(11...29) {
      let payloads = size == 0 ? [] : ProtectedPair.payloads(size)
      let (there, _) = try pair.initiator.seal(
        ProtectedPair.header(), payloads, fragmentBytes: nil)
      #expect(there.count == 1)
      #expect(try pair.responder.payloads(there) == payloads)
      let (back, _) = try pair.responder.seal(
        ProtectedPair.header(flags: 0x20), payloads, fragmentBytes: nil)
      #expect(try pair.initiator.payloads(back) == payloads)
    }
    for size in [128, 576, 1280] {
      let payloads = ProtectedPair.payloads(3000, 4, 77)
      let (datagrams, _) = try pair.initiator.seal(
        ProtectedPair.header(), payloads, fragmentBytes: size)
      #expect(datagrams.count > 2 && datagrams.allSatisfy { $0.count <= size })
      // No fragment could have taken another block.
      let block = suite.encryption.blockBytes
      #expect(datagrams.dropLast().allSatisfy { $0.count > size - block })
      #expect(try pair.responder.payloads(datagrams) == payloads)
    }
  }

  @Test("What fits the fragment size exactly goes whole, and one octet less makes two fragments")
  func exactFit() throws {
    let pair = try ProtectedPair()
    let payloads = ProtectedPair.payloads(500)
    let whole = try pair.initiator.seal(ProtectedPair.header(), payloads, fragmentBytes: nil)
    let size = try #require(whole.datagrams.first?.count)
    let fits = try pair.initiator.seal(ProtectedPair.header(), payloads, fragmentBytes: size)
    #expect(fits.datagrams.map(\.count) == [size])
    let cut = try pair.initiator.seal(ProtectedPair.header(), payloads, fragmentBytes: size - 1)
    #expect(cut.datagrams.count == 2)
    #expect(fits.authenticated == whole.authenticated && cut.authenticated == whole.authenticated)
  }

  @Test("Both ends authenticate the same octets of RFC 9242, fragmented or not")
  func authenticated() throws {
    let pair = try ProtectedPair()
    let payloads = ProtectedPair.payloads(900, 33)
    for size in [nil, 300] {
      let (datagrams, sent) = try pair.initiator.seal(
        ProtectedPair.header(3), payloads, fragmentBytes: size)
      var received: [UInt8]?
      for datagram in datagrams {
        if case .message(_, let octets) = try pair.responder.open(datagram) { received = octets }
      }
      #expect(received == sent)
      // RFC 9242, section 3.3.2: the lengths count neither IV nor padding nor ICV.
      var expected = ByteWriter()
      var header = ProtectedPair.header(3)
      header.nextPayload = PayloadType.encrypted.rawValue
      header.length = 28 + 4 + 904 + 37
      header.write(to: &expected)
      expected.append([PayloadType.vendorID.rawValue, 0, 0x03, 0xB1])
      PayloadChain(payloads: payloads).write(to: &expected)
      #expect(sent == expected.bytes)
    }
  }

  @Test("IVs never repeat: counters go on, and CBC's are drawn anew")
  func distinctIVs() throws {
    for (transforms, ivBytes) in [
      ([.aesGCM(256)], 8), ([.cipher(.aesCTR, 128), .mac(12)], 8), ([.aesCBC(128), .mac(12)], 16),
    ] as [([Transform], Int)] {
      let pair = try ProtectedPair(try IKESuite(.ike(transforms + [.prf(5), .method(31)])))
      var seen: Set<[UInt8]> = []
      for _ in 0..<20 {
        let payloads = ProtectedPair.payloads(500)
        let (datagrams, _) = try pair.initiator.seal(
          ProtectedPair.header(), payloads, fragmentBytes: 250)
        for datagram in datagrams { seen.insert(Array(datagram[36..<36 + ivBytes])) }
        #expect(datagrams.count == 3)
      }
      #expect(seen.count == 60)
    }
  }

  @Test(
    "No octet can be changed, cut off or added",
    arguments: [[Transform.aesGCM(128)], [.aesCBC(128), .mac(12)]])
  func forged(_ transforms: [Transform]) throws {
    let pair = try ProtectedPair(try IKESuite(.ike(transforms + [.prf(5), .method(31)])))
    let (datagrams, _) = try pair.initiator.seal(
      ProtectedPair.header(), ProtectedPair.payloads(20), fragmentBytes: nil)
    let message = try #require(datagrams.first)
    for index in message.indices {
      for bit in 0..<8 {
        var forged = message
        forged[index] ^= 1 << UInt8(bit)
        #expect(throws: OpenFailure.self) { try pair.responder.open(forged) }
      }
    }
    for count in IKEHeader.byteCount..<message.count {
      #expect(throws: OpenFailure.self) { try pair.responder.open(Array(message[..<count])) }
      // A message that claims its own shorter length, down to one with no content at all.
      var cut = Array(message[..<count])
      cut[26] = UInt8(count >> 8)
      cut[27] = UInt8(count & 0xFF)
      if count >= 32 {
        cut[30] = UInt8((count - 28) >> 8)
        cut[31] = UInt8((count - 28) & 0xFF)
      }
      #expect(throws: OpenFailure.self) { try pair.responder.open(cut) }
    }
    #expect(throws: OpenFailure.malformed) { try pair.responder.open(message + [0]) }
    #expect(throws: OpenFailure.wrongICV) { try pair.initiator.open(message) }
    #expect(try pair.responder.payloads(datagrams) == ProtectedPair.payloads(20))
  }

  @Test("What is not encrypted is not opened")
  func unprotected() throws {
    let pair = try ProtectedPair()
    var writer = ByteWriter()
    IKEMessage(header: ProtectedPair.header(), payloads: ProtectedPair.payloads(20))
      .write(to: &writer)
    #expect(throws: OpenFailure.notProtected) { try pair.responder.open(writer.bytes) }
  }

  @Test("What no datagram or no row of fragments can hold is not sealed")
  func tooLarge() throws {
    let pair = try ProtectedPair()
    let large = ProtectedPair.payloads(60_000, 5_600)
    #expect(throws: SealFailure.self) {
      try pair.initiator.seal(ProtectedPair.header(), large, fragmentBytes: nil)
    }
    let (datagrams, _) = try pair.initiator.seal(
      ProtectedPair.header(), large, fragmentBytes: 1280)
    #expect(try pair.responder.payloads(datagrams) == large)
    #expect(throws: SealFailure.self) {
      try pair.initiator.seal(ProtectedPair.header(), large, fragmentBytes: 200)
    }
    #expect(throws: SealFailure.fragmentTooSmall(bytes: 61)) {
      try pair.initiator.seal(
        ProtectedPair.header(), ProtectedPair.payloads(20), fragmentBytes: 61)
    }
    let tiny = try pair.initiator.seal(
      ProtectedPair.header(), ProtectedPair.payloads(20), fragmentBytes: 62)
    #expect(tiny.datagrams.count == 24)
    #expect(try pair.responder.payloads(tiny.datagrams) == ProtectedPair.payloads(20))
  }

  @Test("A malformed chain inside comes out as it is: the peer itself has sent it")
  func malformedInside() throws {
    let pair = try ProtectedPair()
    let broken = IKEPayload(.keyExchange, .opaque([0]))
    let (datagrams, _) = try pair.initiator.seal(
      ProtectedPair.header(), [broken], fragmentBytes: nil)
    guard case .message(let chain, _) = try pair.responder.open(datagrams[0]) else {
      throw Unexpected(description: "no message")
    }
    #expect(chain.firstStop != nil)
  }

  @Test("The IKE messages among RFC 5282's and RFC 7634's vectors open", arguments: [128, 256, 0])
  func vectors(_ bits: Int) throws {
    let rows = try Fixture.table("vectors/esp-ike-aead.csv").filter {
      $0[0].hasPrefix("IKEv2")
        && $0[1] == (bits == 0 ? "ENCR_CHACHA20_POLY1305" : "ENCR_AES_GCM_16 key \(bits)")
    }
    let row = try #require(rows.first)
    #expect(rows.count == 1)
    let cipher: Transform = bits == 0 ? .cipher(.chaCha20Poly1305) : .aesGCM(UInt16(bits))
    let key = try Secret(hex: row[2] + row[3])
    let none = Secret(copying: [])
    let keys = IKEKeys(d: none, ai: none, ar: none, ei: key, er: key, pi: none, pr: none)
    let protection = try MessageProtection(
      suite: try IKESuite(.ike([cipher, .prf(5), .method(31)])), keys: keys, isInitiator: true)
    guard case .message(let chain, let authenticated) = try protection.open(try octets(row[8]))
    else {
      throw Unexpected(description: "no message")
    }
    // SET_WINDOW_SIZE, 10: as the vector's plaintext, of which the last octet is the pad length.
    let notify = NotifyPayload(.setWindowSize, .data([0, 0, 0, 10]))
    #expect(chain.payloads.count == 1 && chain.firstStop == nil)
    guard case .notify(let found) = try #require(chain.payloads.first).body else {
      throw Unexpected(description: "no notify")
    }
    #expect(found.type == notify.type && found.data == notify.data)
    #expect(Array(authenticated.suffix(12)) == Array(try octets(row[6]).dropLast()))
  }
}
