import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

/// Recordings of daemons with the keys that they wrote down: Tests/Fixtures/recordings.
@Suite("Messages that daemons protected")
struct RecordedMessageTests {
  @Test(
    "Every one opens with the suite that was agreed, and has the octets that RFC 9242 means",
    arguments: [
      ("certs-rsa4096-ike-fragments", 2, 2),
      ("eap-mschapv2", 10, 1),
      ("esp-3des-sha1", 2, 0),
      ("esp-aes128-sha1", 2, 0),
      ("esp-aes128-sha512", 2, 0),
      ("esp-aes128ccm16", 2, 0),
      ("esp-aes128ctr-sha256", 2, 0),
      ("esp-aes128gcm16", 2, 0),
      ("esp-aes128gcm8", 2, 0),
      ("esp-aes192-sha384", 2, 0),
      ("esp-aes256-sha256", 2, 0),
      ("esp-aes256ccm8", 2, 0),
      ("esp-null-sha256", 2, 0),
      ("ike-sa-rekeys", 7, 0),
      ("ipv6-esp-in-udp", 2, 0),
      ("mlkem1024-ecp384-intermediate", 4, 2),
      ("mlkem768-alone", 2, 0),
      ("mlkem768-intermediate", 4, 1),
      ("nat-keepalives-outside", 2, 0),
    ] as [(String, Int, Int)]
  )
  func opens(_ name: String, count: Int, fragments: Int) throws {
    var sa = try RecordedSA(name)
    for message in try RecordedMessage.all(of: name) { try sa.take(message) }
    // Fragments are those that others of their message had to follow.
    #expect(sa.opened.count == count && sa.fragments == fragments)
    for opened in sa.opened {
      #expect(opened.chain.firstStop == nil)
      let sealed = try opened.sender.seal(
        opened.header, opened.chain.payloads, fragmentBytes: nil)
      #expect(sealed.authenticated == opened.authenticated)
      guard case .message(let again, _) = try opened.receiver.open(sealed.datagrams[0]) else {
        throw Unexpected(description: "no message")
      }
      #expect(again == opened.chain)
    }
  }
}

/// An IKE message as it was recorded, without the non-ESP marker.
struct RecordedMessage {
  let bytes: [UInt8]

  /// All of a capture file, which must be one of classic libpcap in little-endian order.
  static func all(of name: String) throws -> [RecordedMessage] {
    let file = try Fixture.bytes("recordings/\(name).pcap")
    func word(_ offset: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) }
    }
    try #require(file.count > 24 && word(0) == 0xA1B2_C3D4)
    let linkType = LinkType(rawValue: UInt32(word(20)))
    let dissector = Dissector()
    var messages: [RecordedMessage] = []
    var offset = 24
    while offset + 16 <= file.count {
      let frame = Array(file[(offset + 16)..<(offset + 16 + word(offset + 8))])
      offset += 16 + frame.count
      dissector.dissect(
        frame.rawBytes, linkType: linkType, timestamp: Timestamp(nanoseconds: 0), isCut: false)
      guard let record = dissector.frame.record, case .ike = record.kind else { continue }
      messages.append(
        dissector.withBytes(of: record, in: frame.rawBytes) { bytes in
          RecordedMessage(bytes: ByteReader(bytes).copy(record.range))
        })
    }
    return messages
  }
}

/// What the recorded keys open of IKE SAs.
struct RecordedSA {
  struct Opened {
    let header: IKEHeader
    let chain: PayloadChain
    let authenticated: [UInt8]
    let sender: MessageProtection
    let receiver: MessageProtection
  }

  private struct SPIs: Hashable {
    let initiator: UInt64
    let responder: UInt64
  }

  private var keys: [SPIs: [IKEKeys]] = [:]
  private var ends: [SPIs: [(initiator: MessageProtection, responder: MessageProtection)]] = [:]
  /// The initiator's SPI of an IKE SA whose rekeying was asked for.
  private var asked: UInt64?
  private(set) var opened: [Opened] = []
  private(set) var fragments = 0

  /// Reads Wireshark's table of keys: SPIi, SPIr, SK_ei, SK_er, cipher, SK_ai, SK_ar, integrity.
  init(_ name: String) throws {
    let none = Secret(copying: [])
    for line in try Fixture.table("recordings/\(name).ikev2_decryption_table") {
      let spis = SPIs(initiator: try Self.spi(line[0]), responder: try Self.spi(line[1]))
      keys[spis, default: []].append(
        IKEKeys(
          d: none, ai: try Secret(hex: line[5]), ar: try Secret(hex: line[6]),
          ei: try Secret(hex: line[2]), er: try Secret(hex: line[3]), pi: none, pr: none))
    }
  }

  private static func spi(_ text: String) throws -> UInt64 {
    try #require(UInt64(text, radix: 16))
  }

  mutating func take(_ recorded: RecordedMessage) throws {
    let message = try IKEMessage(recorded.bytes)
    let header = message.header
    let spis = SPIs(initiator: header.initiatorSPI, responder: header.responderSPI)
    guard header.exchangeType != ExchangeType.ikeSAInit.rawValue else {
      if let proposal = message.payloads.proposals.first, header.isResponse {
        try agree(proposal, spis)
      }
      return
    }
    for end in ends[spis] ?? [] {
      let isFromInitiator = header.isFromInitiator
      let (sender, receiver) =
        isFromInitiator ? (end.initiator, end.responder) : (end.responder, end.initiator)
      do {
        switch try receiver.open(message, in: recorded.bytes) {
        case .fragment: fragments += 1
        case .message(let chain, let authenticated):
          opened.append(
            Opened(
              header: header, chain: chain, authenticated: authenticated, sender: sender,
              receiver: receiver))
          try follow(chain, header)
        }
        return
      } catch OpenFailure.wrongICV {
        // RFC 9370: an SA has other keys behind each IKE_INTERMEDIATE.
        continue
      }
    }
    throw Unexpected(description: "no keys open \(header)")
  }

  private mutating func agree(_ proposal: Proposal, _ spis: SPIs) throws {
    let suite = try IKESuite(proposal)
    ends[spis] = try (keys[spis] ?? []).map { keys in
      (
        try MessageProtection(suite: suite, keys: keys, isInitiator: true),
        try MessageProtection(suite: suite, keys: keys, isInitiator: false)
      )
    }
  }

  /// The SPIs and the suite of an IKE SA that takes over.
  private mutating func follow(_ chain: PayloadChain, _ header: IKEHeader) throws {
    guard let proposal = chain.payloads.proposals.first, proposal.protocolID == .ike else { return }
    let spi = proposal.spi.reduce(0) { $0 << 8 | UInt64($1) }
    guard header.isResponse, let initiator = asked else {
      asked = spi
      return
    }
    try agree(proposal, SPIs(initiator: initiator, responder: spi))
  }
}

extension [IKEPayload] {
  var proposals: [Proposal] {
    for payload in self {
      if case .securityAssociation(let association) = payload.body { return association.proposals }
    }
    return []
  }
}
