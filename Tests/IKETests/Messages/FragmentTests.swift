import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("IKE fragments, RFC 7383 section 2.6")
struct FragmentTests {
  let pair: ProtectedPair
  let payloads = ProtectedPair.payloads(700, 50, 3)

  init() throws {
    pair = try ProtectedPair()
  }

  func fragments(_ size: Int, messageID: UInt32 = 1, flags: UInt8 = 0x08) throws -> [[UInt8]] {
    try pair.initiator.seal(
      ProtectedPair.header(messageID, flags: flags), payloads, fragmentBytes: size
    ).datagrams
  }

  func expect(_ fault: FragmentFault, _ datagram: [UInt8]) {
    #expect(throws: OpenFailure.badFragment(fault)) { try pair.responder.open(datagram) }
  }

  @Test("In every order the last one to come completes the message")
  func anyOrder() throws {
    let three = try fragments(360)
    #expect(three.count == 3)
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      #expect(try pair.responder.payloads(order.map { three[$0] }) == payloads)
    }
  }

  @Test("A repeated fragment is dropped, and those held stay")
  func repeated() throws {
    let three = try fragments(360)
    _ = try pair.responder.open(three[1])
    expect(.repeated(2), three[1])
    // Sealed anew it is another datagram, but the same fragment.
    expect(.repeated(2), try fragments(360)[1])
    #expect(try pair.responder.payloads([three[2], three[0]]) == payloads)
  }

  @Test("Smaller fragments make the receiver start over, and larger ones are then old")
  func startsOver() throws {
    let large = try fragments(500)
    let small = try fragments(200)
    #expect(large.count < small.count)
    _ = try pair.responder.open(large[0])
    _ = try pair.responder.open(small[0])
    let totals = (UInt16(large.count), UInt16(small.count))
    expect(.smallerTotal(totals.0, held: totals.1), large[1])
    #expect(try pair.responder.payloads(Array(small.dropFirst())) == payloads)
  }

  @Test("A forged fragment is not held, nor does it drop those that are")
  func forged() throws {
    let three = try fragments(360)
    _ = try pair.responder.open(three[0])
    var forged = three[1]
    forged[60] ^= 1
    #expect(throws: OpenFailure.wrongICV) { try pair.responder.open(forged) }
    var larger = three[1]
    larger[35] = 9
    #expect(throws: OpenFailure.wrongICV) { try pair.responder.open(larger) }
    #expect(try pair.responder.payloads([three[1], three[2]]) == payloads)
  }

  @Test("Impossible numbers and too many fragments are refused before any ICV is computed")
  func impossible() throws {
    let first = try fragments(360)[0]
    for (number, total, fault) in [
      (0, 3, .impossibleNumber(0, of: 3)), (4, 3, .impossibleNumber(4, of: 3)),
      (0, 0, .impossibleNumber(0, of: 0)), (1, 0, .impossibleNumber(1, of: 0)),
      (1, 257, .tooMany(257)), (65_535, 65_535, .tooMany(65_535)),
    ] as [(Int, Int, FragmentFault)] {
      var forged = first
      forged.replaceSubrange(
        32..<36, with: [number >> 8, number & 255, total >> 8, total & 255].map { UInt8($0) })
      expect(fault, forged)
    }
  }

  @Test("Only the first fragment names a payload, and it must")
  func nextPayload() throws {
    var three = try fragments(360)
    three[0][28] = 0
    expect(.wrongNextPayload, three[0])
    three[1][28] = PayloadType.vendorID.rawValue
    expect(.wrongNextPayload, three[1])
  }

  @Test("A later message takes the place of one that is not complete, an older one does not")
  func messages() throws {
    let (one, two) = (try fragments(360), try fragments(360, messageID: 2))
    _ = try pair.responder.open(one[0])
    _ = try pair.responder.open(two[0])
    expect(.olderMessage, one[1])
    #expect(try pair.responder.payloads([two[1], two[2]]) == payloads)
    // A message that is complete is forgotten.
    #expect(try pair.responder.payloads(one) == payloads)
  }

  @Test("Requests and responses are put together apart from one another")
  func directions() throws {
    let (requests, responses) = (try fragments(360), try fragments(360, flags: 0x28))
    _ = try pair.responder.open(requests[0])
    _ = try pair.responder.open(responses[0])
    _ = try pair.responder.open(requests[1])
    #expect(try pair.responder.payloads([responses[1], responses[2]]) == payloads)
    #expect(try pair.responder.payloads([requests[2]]) == payloads)
  }

  @Test("Fragments that together exceed 256 KiB are dropped")
  func bomb() throws {
    var collector = FragmentCollector()
    let content = [UInt8](repeating: 0, count: 60_000)
    func fragment(_ number: UInt16) -> EncryptedFragmentPayload {
      EncryptedFragmentPayload(
        firstPayload: number == 1 ? .vendorID : .none, number: number, total: 6, content: [])
    }
    for number in 1...4 as ClosedRange<UInt16> {
      #expect(collector.objection(to: fragment(number), messageID: 1) == nil)
      #expect(try collector.add(content, of: fragment(number), messageID: 1) == nil)
    }
    #expect(throws: OpenFailure.tooLarge) {
      try collector.add(content, of: fragment(5), messageID: 1)
    }
    // Nothing is held any more: the first is new again.
    #expect(collector.objection(to: fragment(1), messageID: 1) == nil)
  }
}
