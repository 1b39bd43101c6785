import Diagnosis
import Host
import IKE
import IPsecCrypto
import PacketDissector
import Testing

@testable import Measurement

@Suite("Messages of a probe")
struct ProbeMessagesTests {
  @Test("the broad proposals leave room for shares, notifications and a cookie under 1,200 octets")
  func sizes() throws {
    let ends = Endpoint(IPAddress(v4: 1), 500)
    for proposals in [BroadProposals.common, BroadProposals.rare] {
      let half = try KeyExchangeInitiator(.curve25519)
      let request = InitRequest(
        initiatorSPI: 1, proposals: proposals,
        keyExchange: KeyExchangePayload(method: .curve25519, data: half.data),
        nonce: Array(repeating: 0, count: 32),
        notifies: try InitRequest.capabilityNotifies(
          initiatorSPI: 1, source: ends, destination: ends),
        cookie: Array(repeating: 0, count: 64))
      #expect(request.bytes.count + NonESPMarker.byteCount < 1200)
    }
  }

  @Test("a recorded datagram decodes with its addresses, ports and checksums", arguments: [4, 6])
  func capture(version: Int) throws {
    let own = version == 4 ? IPAddress(v4: 0x0A01_0002) : IPAddress(v6High: 1 << 61, low: 1)
    let peer = version == 4 ? IPAddress(v4: 0x0A02_0002) : IPAddress(v6High: 1 << 61, low: 2)
    let packet = ProbePacket(
      time: Timestamp(nanoseconds: 5), source: Endpoint(own, 40_000),
      destination: Endpoint(peer, 500), payload: Array(0..<61))
    let bytes = packet.bytes
    var reader = ByteReader(bytes.rawBytes)
    if version == 4 {
      let header = try IPv4Header(from: &reader)
      #expect(header.source == own && header.destination == peer)
      #expect(Int(header.totalLength) == bytes.count)
      #expect(Self.sum(bytes.prefix(20)) == 0xFFFF)
    } else {
      let header = try IPv6Header(from: &reader)
      #expect(header.source == own && header.destination == peer)
      #expect(Int(header.payloadLength) == bytes.count - 40)
    }
    let udp = try UDPHeader(from: &reader)
    #expect(udp.sourcePort == 40_000 && udp.destinationPort == 500)
    #expect(reader.rest() == packet.payload)
    let segment = bytes.suffix(8 + packet.payload.count)
    let pseudo = own.octets + peer.octets + [0, 17, 0, UInt8(segment.count)]
    #expect(Self.sum(pseudo + segment) == 0xFFFF)
  }

  /// The sum that a right checksum makes 0xFFFF (RFC 1071).
  private static func sum(_ bytes: some Sequence<UInt8>) -> Int {
    var sum = 0
    for (index, byte) in bytes.enumerated() {
      sum += index.isMultiple(of: 2) ? Int(byte) << 8 : Int(byte)
    }
    while sum > 0xFFFF { sum = (sum & 0xFFFF) + sum >> 16 }
    return sum
  }

  @Test("NAT is told by whose hash does not fit")
  func nat() throws {
    let own = Endpoint(IPAddress(v4: 0x0A01_0002), 40_000)
    let mapped = Endpoint(IPAddress(v4: 0xC633_6407), 61_034)
    let peer = Endpoint(IPAddress(v4: 0x0A02_0002), 500)
    func verdict(seen: Endpoint, claims: Endpoint?) throws -> NATVerdict {
      var notifies = [
        NotifyPayload(
          .natDetectionDestinationIP,
          .data(try NATDetectionHash.compute(initiatorSPI: 1, responderSPI: 2, seen)))
      ]
      if let claims {
        notifies.append(
          NotifyPayload(
            .natDetectionSourceIP,
            .data(try NATDetectionHash.compute(initiatorSPI: 1, responderSPI: 2, claims))))
      }
      let message = IKEMessage(
        header: IKEHeader(
          initiatorSPI: 1, responderSPI: 2, nextPayload: 0, exchangeType: 34, flags: 0x20,
          messageID: 0, length: 0),
        payloads: notifies.map { IKEPayload(.notify, .notify($0)) })
      return NATVerdict(InitAnswer(message, bytes: []), local: own, remote: peer)
    }
    #expect(
      try verdict(seen: own, claims: peer)
        == NATVerdict(weAreBehindNAT: false, peerIsBehindNAT: false))
    #expect(
      try verdict(seen: mapped, claims: peer)
        == NATVerdict(weAreBehindNAT: true, peerIsBehindNAT: false))
    #expect(
      try verdict(seen: own, claims: mapped)
        == NATVerdict(weAreBehindNAT: false, peerIsBehindNAT: true))
    #expect(
      try verdict(seen: mapped, claims: nil)
        == NATVerdict(weAreBehindNAT: true, peerIsBehindNAT: nil))
  }

  @Test("datagrams that share a pacer leave no faster than its rate")
  func pace() {
    let pacer = PacketPacer(rate: 50)
    let start = Instant(nanoseconds: 1_000_000_000)
    let slots = (0..<5).map { _ in pacer.slot(from: start) }
    #expect(slots.map { $0 - start } == (0..<5).map { .milliseconds(20 * $0) })
    let later = start + .seconds(9)
    #expect(pacer.slot(from: later) == later)
  }

  @Test("a daemon is named by its vendor ID, and by the order of what it sends")
  func daemons() {
    func guess(_ adjust: (inout PeerDescription) -> Void) -> DaemonGuess? {
      var result = AddressResult(
        target: "x", address: IPAddress(v4: 1), started: Timestamp(nanoseconds: 0))
      var peer = PeerDescription()
      adjust(&peer)
      result.peer = peer
      return DaemonFingerprint(result).guess
    }
    func suite(_ types: [TransformType]) -> Proposal {
      Proposal(number: 1, protocolID: .ike, transforms: types.map { Transform($0, id: 5) })
    }
    let windows: [UInt8] = [
      0x1E, 0x2B, 0x51, 0x69, 0x05, 0x99, 0x1C, 0x7D, 0x7C, 0x96, 0xFC, 0xBF, 0xB5, 0x87, 0xE4,
      0x61, 0, 0, 0, 9,
    ]
    #expect(guess { $0.vendorIDs = [windows] }?.name == "Windows")
    let strongSwan = guess {
      $0.chosen = suite([.encryption, .integrity, .prf, .keyExchange])
      $0.notifies = [
        .natDetectionSourceIP, .natDetectionDestinationIP, .ikev2FragmentationSupported,
        .signatureHashAlgorithms, .childlessIKEv2Supported, .multipleAuthSupported,
      ]
    }
    #expect(strongSwan?.name == "strongSwan")
    #expect(strongSwan?.confidence == .likely)
    let libreswan = guess {
      $0.chosen = suite([.encryption, .prf, .integrity, .keyExchange])
      $0.notifies = [
        .ikev2FragmentationSupported, .natDetectionSourceIP, .natDetectionDestinationIP,
        .childlessIKEv2Supported,
      ]
    }
    #expect(libreswan?.name == "libreswan")
    #expect(guess { $0.chosen = suite([.encryption]) } == nil)
    #expect(guess { _ in } == nil)
  }
}

@Suite("Questions in IKEv1")
struct IKEv1QuestionTests {
  private func question(_ mode: IKEv1Question.Mode) -> IKEv1Question {
    IKEv1Question(
      mode, cookie: 7, nonce: Array(repeating: 1, count: 32),
      share: Array(repeating: 2, count: 256), identity: IPAddress(v4: 0x0A01_0002))
  }

  private func message(
    _ question: IKEv1Question, _ payloads: [IKEv1Payload], cookie: UInt64 = 7
  ) -> [UInt8] {
    var writer = ByteWriter()
    IKEv1Message(
      header: IKEHeader(
        initiatorSPI: cookie, responderSPI: 9, nextPayload: 0, version: 0x10,
        exchangeType: question.mode == .main ? 2 : 4, flags: 0, messageID: 0, length: 0),
      payloads: payloads
    ).write(to: &writer)
    return writer.bytes
  }

  /// The first of the transforms that were offered, as a responder returns it.
  private func chosen(_ question: IKEv1Question) throws -> IKEv1Payload {
    var reader = ByteReader(question.bytes.rawBytes)
    let asked = try IKEv1Message(from: &reader)
    for payload in asked.payloads {
      guard case .securityAssociation(var association) = payload.body else { continue }
      let first = association.proposals[0].transforms[0]
      association.proposals[0] = IKEv1Proposal(
        number: 1, protocolID: .protoIsakmp, transforms: [first])
      return IKEv1Payload(.securityAssociation, .securityAssociation(association))
    }
    throw DissectionError(layer: .ike, offset: 0, reason: .badValue(field: "SA", value: 0))
  }

  @Test("a question has eight transforms, is whole, and stays small", arguments: [true, false])
  func whole(isMain: Bool) throws {
    let question = question(isMain ? .main : .aggressive)
    var reader = ByteReader(question.bytes.rawBytes)
    let message = try IKEv1Message(from: &reader)
    #expect(message.firstStop == nil)
    #expect(question.bytes.count < 1200)
    guard case .securityAssociation(let association) = message.payloads[0].body else {
      Issue.record("no SA")
      return
    }
    #expect(association.proposals.first?.transforms.count == 8)
  }

  @Test("an accepted transform is named, and a hash that comes with a shared secret is exposed")
  func accepted() throws {
    let hash = IKEv1Payload(.hash, .hash(Array(repeating: 3, count: 32)))
    let dpd = IKEv1Payload(.vendorID, .vendorID(IKEv1Question.deadPeerDetection))
    let main = question(.main)
    let answer = try #require(main.answer(message(main, [try chosen(main), dpd])))
    guard case .accepted(let suite) = answer.outcome else {
      Issue.record("not accepted")
      return
    }
    #expect(suite.contains("256"))
    #expect(answer.vendorIDs == [IKEv1Question.deadPeerDetection])
    #expect(!answer.exposesHash)
    let aggressive = question(.aggressive)
    let exposed = aggressive.answer(message(aggressive, [try chosen(aggressive), hash]))
    #expect(exposed?.exposesHash == true)
    let without = aggressive.answer(message(aggressive, [try chosen(aggressive)]))
    #expect(without?.exposesHash == false)
  }

  @Test("a refusal is a notification, IKEv2 is another version, and another cookie is no answer")
  func refused() {
    let main = question(.main)
    let refusal = IKEv1Payload(
      .notification,
      .notification(IKEv1Notification(.noProposalChosen, protocolID: .protoIsakmp)))
    #expect(main.answer(message(main, [refusal]))?.outcome == .notify(14))
    #expect(main.answer(message(main, [refusal], cookie: 8)) == nil)
    var version2 = message(main, [refusal])
    version2[17] = 0x20
    #expect(main.answer(version2)?.outcome == .otherVersion)
    #expect(main.answer([]) == nil)
    #expect(main.answer(message(main, [])) == nil)
  }
}
