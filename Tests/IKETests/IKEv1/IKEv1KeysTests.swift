import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

/// A row of vectors/ikev1-keys.csv: a main mode between two daemons of strongSwan, with what they logged.
struct IKEv1Vector: CustomTestStringConvertible {
  private let fields: [String: String]

  static func all() throws -> [IKEv1Vector] {
    let table = try Fixture.table("vectors/ikev1-keys.csv")
    let head = try #require(table.first)
    return table.dropFirst().map {
      IKEv1Vector(fields: Dictionary(uniqueKeysWithValues: zip(head, $0)))
    }
  }

  var testDescription: String { fields["suite"] ?? "" }

  func text(_ name: String) throws -> String { try #require(fields[name]) }
  func bytes(_ name: String) throws -> [UInt8] { try octets(text(name)) }

  private func cookie(_ name: String) throws -> UInt64 {
    try #require(UInt64(text(name), radix: 16))
  }

  func header(_ type: IKEv1ExchangeType, messageID: UInt32) throws -> IKEHeader {
    IKEHeader(
      initiatorSPI: try cookie("initiator_cookie"), responderSPI: try cookie("responder_cookie"),
      nextPayload: 0, version: 0x10, exchangeType: type.rawValue, flags: 1, messageID: messageID,
      length: 0)
  }

  /// An encrypted message whose first payload is of `type`.
  func message(
    _ name: String, first type: IKEv1PayloadType, _ exchange: IKEv1ExchangeType,
    messageID: UInt32 = 0
  ) throws -> IKEv1Message {
    var header = try header(exchange, messageID: messageID)
    header.nextPayload = type.rawValue
    return IKEv1Message(header: header, ciphertext: try bytes(name))
  }

  func publicValues() throws -> (initiator: [UInt8], responder: [UInt8]) {
    (try bytes("initiator_public"), try bytes("responder_public"))
  }

  func keys() throws -> IKEv1Keys {
    func number(_ name: String) throws -> UInt16 { try #require(UInt16(text(name))) }
    let proposal = PhaseOneProposal(
      IKEv1EncryptionAlgorithm(rawValue: try number("encryption")),
      keyBits: UInt16(try text("key_bits")),
      IKEv1HashAlgorithm(rawValue: try number("hash")), .modp2048)
    return try IKEv1Keys(
      try IKEv1Suite(proposal.transform(number: 1, lifetime: 1)),
      preSharedKey: Secret(copying: Array(try text("psk").utf8)),
      nonces: (try bytes("initiator_nonce"), try bytes("responder_nonce")),
      sharedSecret: try Secret(hex: text("shared_secret")),
      cookies: (try cookie("initiator_cookie"), try cookie("responder_cookie")))
  }
}

@Suite("IKEv1's keys are those of another implementation")
struct IKEv1KeysTests {
  @Test(
    "SKEYID and what comes of it, short keys and stretched ones", arguments: try IKEv1Vector.all())
  func keys(_ vector: IKEv1Vector) throws {
    let keys = try vector.keys()
    #expect(keys.root.revealed == (try vector.text("skeyid")))
    #expect(keys.derivation.revealed == (try vector.text("skeyid_d")))
    #expect(keys.authentication.revealed == (try vector.text("skeyid_a")))
    #expect(keys.cipherKey.revealed == (try vector.text("cipher_key")))
    let protection = try IKEv1Protection(keys, publicValues: vector.publicValues())
    #expect(protection.phase1IV == (try vector.bytes("first_iv")))
  }

  @Test("Both hashes of main mode", arguments: try IKEv1Vector.all())
  func proofs(_ vector: IKEv1Vector) throws {
    let keys = try vector.keys()
    for (side, name) in [(Side.initiator, "i"), (.responder, "r")] {
      let identity = try vector.bytes(side == .initiator ? "initiator_id" : "responder_id")
      let proof = try keys.proof(
        of: side, publicValues: vector.publicValues(), offer: vector.bytes("offer"),
        identity: identity)
      #expect(proof.revealed == (try vector.text("hash_\(name)")))
    }
  }

  @Test("The chain of IVs opens message after message", arguments: try IKEv1Vector.all())
  func messages(_ vector: IKEv1Vector) throws {
    var protection = try IKEv1Protection(vector.keys(), publicValues: vector.publicValues())
    for (name, identity, hash) in [
      ("message_5", "initiator_id", "hash_i"), ("message_6", "responder_id", "hash_r"),
    ] {
      let message = try vector.message(name, first: .identification, .identityProtection)
      let content = try #require(try protection.open(message))
      let claim = try #require(content.payloads.identity)
      #expect(content.body(of: claim.payload) == (try vector.bytes(identity)))
      #expect(content.payloads.hash == (try vector.bytes(hash)))
      protection.advance(past: message.ciphertext)
    }
    let messageID = try #require(UInt32(vector.text("delete_message_id"), radix: 16))
    let message = try vector.message(
      "delete_message", first: .hash, .informational, messageID: messageID)
    let content = try #require(try protection.open(message))
    let hash = try protection.keys.hash(messageID: messageID, content.behindFirst)
    #expect(hash.revealed == (try vector.text("delete_hash")))
    #expect(content.payloads.hash == hash.hashOctets)
    #expect(content.payloads.deletes.first?.spis == [protection.keys.cookies])
  }

  @Test(
    "What we seal is what the other implementation sent, but for its padding",
    arguments: try IKEv1Vector.all())
  func sealing(_ vector: IKEv1Vector) throws {
    var protection = try IKEv1Protection(vector.keys(), publicValues: vector.publicValues())
    protection.advance(past: try vector.bytes("message_6"))
    let messageID = try #require(UInt32(vector.text("delete_message_id"), radix: 16))
    let delete = IKEv1Delete(
      protocolID: .protoIsakmp, spiByteCount: 16, spis: [protection.keys.cookies])
    let sealed = try protection.seal(
      vector.header(.informational, messageID: messageID),
      [
        IKEv1Payload(.hash, .hash(vector.bytes("delete_hash"))),
        IKEv1Payload(.delete, .delete(delete)),
      ])
    // strongSwan adds a block of padding where none is needed.
    let theirs = try vector.bytes("delete_message")
    let ours = sealed.dropFirst(IKEHeader.byteCount)
    #expect(theirs.starts(with: ours))
    #expect(theirs.count - ours.count <= protection.keys.suite.encryption.blockBytes)
  }
}
