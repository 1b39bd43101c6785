import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Suites of chosen proposals")
struct SuiteTests {
  @Test("A cipher, a MAC, a PRF and a key exchange are a suite")
  func whole() throws {
    let suite = try IKESuite(.ike([.aesCBC(256), .prf(5), .mac(12), .method(14)]))
    #expect(suite.encryption.keyBits == 256)
    #expect(suite.integrity?.id == .hmacSHA2_256_128)
    #expect(suite.prf.id == .hmacSHA2_256)
    #expect(suite.keyExchange == 14 && suite.additional.isEmpty)
  }

  @Test("NONE as integrity beside an AEAD cipher makes no difference")
  func noneBesideAEAD() throws {
    let said = try IKESuite(.ike([.aesGCM(128), .prf(5), .mac(0), .method(31)]))
    let omitted = try IKESuite(.ike([.aesGCM(128), .prf(5), .method(31)]))
    #expect(said == omitted && said.integrity == nil)
  }

  @Test("Additional key exchanges keep the order of their types, without NONE")
  func additional() throws {
    let suite = try IKESuite(
      .ike([
        .additional(3, 36), .additional(2, 0), .aesGCM(256), .prf(7), .method(31),
        .additional(1, 20),
      ]))
    #expect(suite.additional == [20, 36])
  }

  static let broken: [(SuiteFault, [Transform])] = [
    (.missing(.encryption), [.prf(5), .mac(12), .method(14)]),
    (.missing(.prf), [.aesGCM(256), .method(14)]),
    (.missing(.integrity), [.aesCBC(256), .prf(5), .method(14)]),
    (.missing(.integrity), [.aesCBC(256), .prf(5), .mac(0), .method(14)]),
    (.missing(.keyExchange), [.aesGCM(256), .prf(5)]),
    (.missing(.keyExchange), [.aesGCM(256), .prf(5), .method(0)]),
    (.several(.prf), [.aesGCM(256), .prf(5), .prf(7), .method(14)]),
    (.unexpected(.sequenceNumbers), [.aesGCM(256), .prf(5), .method(14), .shortNumbers]),
    (.unexpected(77), [.aesGCM(256), .prf(5), .method(14), Transform(77, id: 1)]),
    (.integrityBesideAEAD(.hmacSHA2_256_128), [.aesGCM(256), .prf(5), .mac(12), .method(14)]),
    (.notForIKE(.null), [.cipher(.null), .prf(5), .mac(12), .method(14)]),
    (.notForIKE(.nullAuthAESGMAC), [.cipher(.nullAuthAESGMAC, 128), .prf(5), .method(14)]),
    (.notForIKE(.aesGCM16ImplicitIV), [.cipher(.aesGCM16ImplicitIV, 128), .prf(5), .method(14)]),
    (.repeatedMethod(31), [.aesGCM(256), .prf(5), .method(31), .additional(1, 31)]),
    (
      .repeatedMethod(36),
      [.aesGCM(256), .prf(5), .method(31), .additional(1, 36), .additional(7, 36)]
    ),
    (
      .notUnderstood(.prf),
      [.aesGCM(256), Transform(.prf, id: 5, keyLength: 128), .method(31)]
    ),
    (
      .notUnderstood(.encryption),
      [
        Transform(
          .encryption, id: 20,
          attributes: [
            TransformAttribute(type: 14, .short(128)), TransformAttribute(type: 99, .short(1)),
          ]), .prf(5), .method(31),
      ]
    ),
    (
      .notUnderstood(.encryption),
      [.cipher(.aesCBC), .prf(5), .mac(12), .method(14)]
    ),
    (
      .notUnderstood(.encryption),
      [.cipher(.chaCha20Poly1305, 128), .prf(5), .method(31)]
    ),
    (.notUsable(.unknownTransform(.prf, 999)), [.aesGCM(256), .prf(999), .method(31)]),
  ]

  @Test("What is no suite says why", arguments: broken)
  func faults(_ fault: SuiteFault, _ transforms: [Transform]) {
    #expect(throws: fault) { try IKESuite(.ike(transforms)) }
  }

  @Test("An IKE SA takes no proposal for ESP, and a Child SA none for IKE")
  func protocols() {
    #expect(throws: SuiteFault.wrongProtocol(.esp)) {
      try IKESuite(.esp([.aesGCM(256), .shortNumbers]))
    }
    #expect(throws: SuiteFault.wrongProtocol(.ike)) {
      try ChildSuite(.ike([.aesGCM(256), .prf(5), .method(31)]))
    }
  }

  @Test("A Child SA needs its sequence numbers, may have a key exchange, and may hide nothing")
  func child() throws {
    let plain = try ChildSuite(.esp([.cipher(.null), .mac(12), .shortNumbers, .method(0)]))
    #expect(plain.keyExchange == nil && plain.encryption?.id == .null)
    let extended = Transform(.sequenceNumbers, id: 1)
    let hybrid = try ChildSuite(.esp([.aesGCM(256), extended, .method(31), .additional(1, 36)]))
    #expect(hybrid.keyExchange == 31 && hybrid.additional == [36])
    #expect(hybrid.sequenceNumbers == 1)
    let encrypted = try ChildSuite(.esp([.aesCBC(256), .mac(0), .shortNumbers]))
    #expect(encrypted.integrity == nil)
    for transforms in [
      [.aesCBC(256), .shortNumbers], [.cipher(.null), .mac(0), .shortNumbers],
    ] as [[Transform]] {
      #expect(throws: SuiteFault.missing(.integrity)) { try ChildSuite(.esp(transforms)) }
    }
    #expect(throws: SuiteFault.missing(.sequenceNumbers)) {
      try ChildSuite(.esp([.aesGCM(256)]))
    }
    #expect(throws: SuiteFault.missing(.keyExchange)) {
      try ChildSuite(.esp([.aesGCM(256), .shortNumbers, .additional(1, 36)]))
    }
    #expect(throws: SuiteFault.unexpected(.encryption)) {
      try ChildSuite(
        Proposal(
          number: 1, protocolID: .ah, transforms: [.aesGCM(256), .mac(12), .shortNumbers]))
    }
  }
}
