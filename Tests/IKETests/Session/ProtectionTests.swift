import PacketDissector
import Testing

@testable import IKE

@Suite("Sessions and messages that are not what they seem")
struct ProtectionTests {
  /// Both sides established.
  private static func established() -> Pair {
    let pair = Pair(.alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    return pair
  }

  /// A message of one side's IKE SA, sealed as that side would, with any payloads.
  private static func forge(
    _ session: IKESession, _ payloads: [IKEPayload], messageID: UInt64? = nil,
    isResponse: Bool = false, type: ExchangeType = .informational
  ) throws -> [UInt8] {
    let sa = try #require(session.current)
    let messageID = UInt32(truncatingIfNeeded: messageID ?? sa.nextRequest)
    let header = sa.header(type, messageID: messageID, isResponse: isResponse)
    return try #require(
      try sa.protection.seal(header, payloads, fragmentBytes: nil).datagrams.first)
  }

  private static func toResponder(_ pair: Pair, _ bytes: [UInt8]) {
    pair.inject(bytes, from: Pair.initiatorAddress, to: Pair.responderAddress)
  }

  /// The payloads of the last datagram that the responder sent.
  private static func lastAnswer(_ pair: Pair) throws -> [IKEPayload] {
    let flight = try #require(pair.sent.last)
    #expect(flight.from == Pair.responderAddress)
    var reader = ByteReader(flight.bytes.rawBytes)
    let message = try IKEMessage(from: &reader)
    let opened = try #require(pair.initiator.current).protection.open(message, in: flight.bytes)
    guard case .message(let chain, _) = opened else { return [] }
    return chain.payloads
  }

  @Test("without protection nothing is believed: no deletion, no error, no answer")
  func unprotected() throws {
    let pair = Self.established()
    let sa = try #require(pair.initiator.current)
    let delete = IKEPayload(.delete, .delete(DeletePayload(protocolID: .ike, spiSize: 0)))
    for payloads in [[delete], [.notify(.invalidSyntax)], [.notify(.authenticationFailed)]] {
      let header = sa.header(
        .informational, messageID: UInt32(truncatingIfNeeded: sa.nextRequest), isResponse: false)
      var writer = ByteWriter()
      IKEMessage(header: header, payloads: payloads).write(to: &writer)
      let before = pair.sent.count
      Self.toResponder(pair, writer.bytes)
      #expect(pair.sent.count == before)
    }
    #expect(pair.session?.isEstablished == true)
    #expect(pair.session?.counters.unprotected == 3)
  }

  @Test("an error without protection is no answer to a request")
  func unprotectedError() throws {
    let pair = Self.established()
    pair.initiate { $0.checkLiveness(at: $1) }
    let sa = try #require(pair.session?.current)
    let request = try #require(pair.initiator.current?.underWay)
    for type in [NotifyType.invalidIKESPI, .authenticationFailed] {
      let header = sa.header(
        .informational, messageID: request.header.messageID, isResponse: true)
      var writer = ByteWriter()
      IKEMessage(header: header, payloads: [.notify(type)]).write(to: &writer)
      pair.inject(writer.bytes, from: Pair.responderAddress, to: Pair.initiatorAddress)
    }
    #expect(pair.initiator.counters.unprotected == 2)
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.roundTrips.count == 1)
    #expect(pair.initiator.isEstablished)
  }

  @Test("a message with any bit turned changes nothing")
  func turnedBits() throws {
    let pair = Self.established()
    let delete = IKEPayload(.delete, .delete(DeletePayload(protocolID: .ike, spiSize: 0)))
    let bytes = try Self.forge(pair.initiator, [delete])
    let before = pair.sent.count
    for index in bytes.indices {
      for bit in 0..<8 {
        var turned = bytes
        turned[index] ^= 1 << UInt8(bit)
        Self.toResponder(pair, turned)
      }
    }
    #expect(pair.session?.isEstablished == true)
    // Those whose SPI or version was hit were answered as anyone's would be; none as the session's.
    #expect(pair.sent.dropFirst(before).allSatisfy { $0.bytes[16] == PayloadType.notify.rawValue })
    Self.toResponder(pair, bytes)
    #expect(pair.session == nil)
  }

  @Test("requests before and behind the window are dropped")
  func window() throws {
    let pair = Self.established()
    let next = try #require(pair.initiator.current?.nextRequest)
    let before = pair.sent.count
    for messageID in [0, next + 1, next + 2, 0xFFFF_FFFF] {
      Self.toResponder(pair, try Self.forge(pair.initiator, [], messageID: messageID))
    }
    #expect(pair.sent.count == before)
    Self.toResponder(pair, try Self.forge(pair.initiator, [], messageID: next))
    #expect(pair.sent.count == before + 1)
  }

  @Test("a request that comes again is answered octet for octet, and done once")
  func repeated() throws {
    let pair = Self.established()
    let spi = try #require(pair.initiator.children.first?.inboundSPI)
    let delete = DeletePayload(protocolID: .esp, spiSize: 4, spis: [spi.octets])
    let bytes = try Self.forge(pair.initiator, [IKEPayload(.delete, .delete(delete))])
    Self.toResponder(pair, bytes)
    let first = try #require(pair.sent.last)
    Self.toResponder(pair, bytes)
    let second = try #require(pair.sent.last)
    #expect(first.bytes == second.bytes)
    #expect(first.order != second.order)
    #expect(pair.responderEvents.map(\.event).childDeletions.count == 1)
    #expect(pair.session?.counters.repeatedAnswers == 1)
  }

  @Test("another message under an answered message ID is no repetition, unless it is the peer's")
  func forgedRepetition() throws {
    let pair = Self.established()
    let bytes = try Self.forge(pair.initiator, [])
    Self.toResponder(pair, bytes)
    let before = pair.sent.count
    var forged = bytes
    forged[forged.count - 1] ^= 1
    Self.toResponder(pair, forged)
    #expect(pair.sent.count == before)
    #expect(pair.session?.counters.badlyProtected == 1)
  }

  @Test("a critical payload that is not known is named, and all else in the request ignored")
  func criticalPayload() throws {
    let pair = Self.established()
    let unknown = IKEPayload(PayloadType(rawValue: 200), isCritical: true, .opaque([1]))
    let delete = IKEPayload(.delete, .delete(DeletePayload(protocolID: .ike, spiSize: 0)))
    Self.toResponder(pair, try Self.forge(pair.initiator, [delete, unknown]))
    let answer = try Self.lastAnswer(pair)
    #expect(
      answer.notify(.unsupportedCriticalPayload)?.content
        == .payloadType(PayloadType(rawValue: 200)))
    #expect(pair.session?.isEstablished == true)
  }

  @Test("a payload that is not known and not critical is passed over")
  func uncriticalPayload() throws {
    let pair = Self.established()
    let unknown = IKEPayload(PayloadType(rawValue: 200), .opaque([1]))
    Self.toResponder(pair, try Self.forge(pair.initiator, [unknown]))
    #expect(try Self.lastAnswer(pair).isEmpty)
    #expect(pair.session?.isEstablished == true)
  }

  @Test("a malformed request of the peer's own is answered with INVALID_SYNTAX, and ends the SA")
  func malformed() throws {
    let pair = Self.established()
    // A D payload that is cut.
    Self.toResponder(pair, try Self.forge(pair.initiator, [IKEPayload(.delete, .opaque([3]))]))
    #expect(try Self.lastAnswer(pair).notifies.map(\.type) == [.invalidSyntax])
    #expect(pair.session == nil)
    #expect(pair.responderEvents.map(\.event).failures == [.malformed(.informational)])
  }

  @Test("IKE_AUTH on an established SA, and other exchanges out of place, end it")
  func outOfPlace() throws {
    let pair = Self.established()
    Self.toResponder(pair, try Self.forge(pair.initiator, [], type: .ikeAuth))
    #expect(pair.responderEvents.map(\.event).failures == [.malformed(.ikeAuth)])
  }

  @Test("COOKIE2 comes back as it was sent")
  func cookie2() throws {
    let pair = Self.established()
    let probe: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    Self.toResponder(
      pair, try Self.forge(pair.initiator, [.notify(.cookie2, .data(probe))]))
    #expect(try Self.lastAnswer(pair).notify(.cookie2)?.data == probe)
  }

  @Test("an answer of the responder that chooses what was not offered is not believed")
  func lyingResponder() throws {
    let pair = Pair(.alice, .bob)
    pair.tamper = { flight in
      guard flight.from == Pair.responderAddress else { return flight.bytes }
      // The key length of the one encryption transform: 128 becomes 256.
      var bytes = flight.bytes
      let attribute: [UInt8] = [0x80, 0x0E, 0x00, 0x80]
      for index in 0..<(bytes.count - 4) where Array(bytes[index..<(index + 4)]) == attribute {
        bytes.replaceSubrange(index..<(index + 4), with: [0x80, 0x0E, 0x01, 0x00])
      }
      return bytes
    }
    pair.start()
    pair.run(for: .seconds(1))
    guard case .wrongChoice(.notOffered) = pair.initiatorEvents.failures.first else {
      Issue.record("\(pair.initiatorEvents.failures)")
      return
    }
  }

  @Test("a peer that answers even the end with something malformed hears no more")
  func malformedEnd() throws {
    let pair = Self.established()
    pair.tamper = { $0.from == Pair.initiatorAddress ? nil : $0.bytes }
    let session = try #require(pair.session)
    pair.initiate { $0.checkLiveness(at: $1) }
    for _ in 0..<5 {
      guard let request = pair.initiator.current?.underWay else { break }
      let answer = try Self.forge(
        session, [IKEPayload(.delete, .opaque([3]))],
        messageID: UInt64(request.header.messageID), isResponse: true)
      pair.inject(answer, from: Pair.responderAddress, to: Pair.initiatorAddress)
    }
    #expect(pair.initiator.hasEnded)
    #expect(pair.initiatorEvents.failures == [.malformed(.informational)])
    #expect(pair.sent.count == 4 + 2)
  }

  @Test("fragments without end are held in bounds, and forged ones not at all")
  func fragmentBomb() throws {
    let pair = Self.established()
    let sa = try #require(pair.initiator.current)
    let payloads = [IKEPayload(.vendorID, .vendorID([UInt8](repeating: 1, count: 3000)))]
    let header = sa.header(
      .informational, messageID: UInt32(truncatingIfNeeded: sa.nextRequest), isResponse: false)
    let fragments = try sa.protection.seal(header, payloads, fragmentBytes: 200).datagrams
    #expect(fragments.count > 10)
    let before = pair.sent.count
    // All but one, and one with its ICV broken: never a whole.
    for fragment in fragments.dropLast() { Self.toResponder(pair, fragment) }
    let last = try #require(fragments.last)
    Self.toResponder(pair, last.dropLast() + [last.last.map { ~$0 } ?? 0])
    #expect(pair.sent.count == before)
    Self.toResponder(pair, last)
    #expect(pair.sent.count == before + 1)
  }
}
