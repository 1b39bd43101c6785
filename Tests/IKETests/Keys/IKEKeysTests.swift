import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Keys of IKE and Child SAs")
struct IKEKeysTests {
  let vectors: KeyVectors
  let ni: [UInt8]
  let nr: [UInt8]

  init() throws {
    vectors = try KeyVectors()
    (ni, nr) = try vectors.nonces
  }

  @Test("Secret, nonces and SPIs give the seven keys of RFC 7296, in order")
  func initial() throws {
    let keys = try vectors.initial()
    #expect(keys.revealed == (try vectors.value("keymat = ")))
    #expect(keys.ai.isEmpty && keys.ar.isEmpty)
    #expect([keys.d, keys.pi, keys.pr].allSatisfy { $0.count == 32 })
    #expect(keys.ei.count == 36 && keys.er.count == 36)
  }

  @Test("One more key exchange gives the keys of RFC 9370")
  func updated() throws {
    let keys = try vectors.initial().updated(
      with: try vectors.secret("input: SK(1)"), KeyVectors.suite, initiatorNonce: ni,
      responderNonce: nr, initiatorSPI: KeyVectors.initiatorSPI,
      responderSPI: KeyVectors.responderSPI)
    #expect(keys.revealed == (try vectors.value("RFC 9370: keymat(1)")))
  }

  @Test("A PPK changes SK_d, SK_pi and SK_pr as RFC 8784 says, and nothing else")
  func ppk() throws {
    let before = try vectors.initial()
    let keys = try before.mixing(
      ppk: try vectors.secret("input: PPK"), prf: try PRF(.hmacSHA2_256))
    #expect(keys.d.revealed == (try vectors.value("RFC 8784: SK_d'")))
    #expect(keys.pi.revealed == (try vectors.value("RFC 8784: SK_pi'")))
    #expect(keys.pr.revealed == (try vectors.value("RFC 8784: SK_pr'")))
    #expect(keys.ei.hasSameBytes(as: before.ei) && keys.er.hasSameBytes(as: before.er))
  }

  @Test("A Child SA's keys come in the order initiator to responder, then back")
  func child() throws {
    let suite = try ChildSuite(.esp([.aesGCM(256), .shortNumbers]))
    let keys = try ChildKeys(
      skD: try vectors.initial().d, prf: try PRF(.hmacSHA2_256), suite: suite,
      initiatorNonce: ni, responderNonce: nr)
    #expect(
      keys.initiatorToResponder.encryption.revealed + keys.responderToInitiator.encryption.revealed
        == (try vectors.value("Child SA KEYMAT")))
    #expect(keys.initiatorToResponder.integrity.isEmpty)
  }

  /// Each formula of RFC 7296 and RFC 9370 written out once more, from the PRF alone.
  @Test("Rekeying joins the secrets around the nonces, under the old SA's PRF and SK_d")
  func rekeyed() throws {
    let suite = try IKESuite(.ike([.aesCBC(128), .prf(7), .mac(12), .method(31)]))
    let oldPRF = try PRF(.hmacSHA2_256)
    let old = try vectors.initial().d
    let first = Secret(copying: [1, 2, 3])
    let second = Secret(copying: [4, 5])
    let third = Secret(copying: [6])
    for secrets in [[first], [first, second], [first, second, third]] {
      let keys = try IKEKeys.rekeyed(
        suite, oldPRF: oldPRF, oldSKd: old, secrets: secrets, initiatorNonce: ni,
        responderNonce: nr, initiatorSPI: 7, responderSPI: 9)
      let behind: [UInt8] = secrets.count == 1 ? [] : secrets.count == 2 ? [4, 5] : [4, 5, 6]
      let seed = try oldPRF.compute(key: old, .bytes([1, 2, 3] + ni + nr + behind))
      let spis: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9]
      let material = try suite.prf.expand(
        key: seed, .bytes(ni + nr + spis), count: 3 * 64 + 2 * 32 + 2 * 16)
      #expect(keys.revealed == material.revealed)
      #expect(keys.ai.count == 32 && keys.ei.count == 16 && keys.d.count == 64)
    }
  }

  @Test("Perfect forward secrecy puts the first secret before the nonces and others behind")
  func childSecrets() throws {
    let suite = try ChildSuite(.esp([.aesCBC(256), .mac(14), .shortNumbers, .method(19)]))
    let prf = try PRF(.hmacSHA2_384)
    let skD = Secret(copying: [UInt8](repeating: 9, count: 48))
    let keys = try ChildKeys(
      skD: skD, prf: prf, suite: suite,
      secrets: [Secret(copying: [1, 2]), Secret(copying: [3])], initiatorNonce: ni,
      responderNonce: nr)
    let material = try prf.expand(key: skD, .bytes([1, 2] + ni + nr + [3]), count: 192)
    let (there, back) = (keys.initiatorToResponder, keys.responderToInitiator)
    #expect(
      there.encryption.revealed + there.integrity.revealed + back.encryption.revealed
        + back.integrity.revealed == material.revealed)
    #expect(there.encryption.count == 32 && back.integrity.count == 64)
  }

  @Test("PRFs with a key of 16 bytes take eight of each nonce for SKEYSEED, and all for prf+")
  func halvedNonces() throws {
    for id in [4, 8] as [UInt16] {
      let suite = try IKESuite(.ike([.aesCBC(128), .prf(id), .mac(5), .method(31)]))
      let secret = Secret(copying: [1, 2, 3, 4])
      let keys = try IKEKeys.initial(
        suite, sharedSecret: secret, initiatorNonce: ni, responderNonce: nr, initiatorSPI: 7,
        responderSPI: 9)
      let prf = suite.prf
      let seed = try prf.compute(
        key: Secret(copying: Array(ni[..<8]) + Array(nr[..<8])), .secret(secret))
      let spis: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9]
      let material = try prf.expand(key: seed, .bytes(ni + nr + spis), count: 7 * 16)
      #expect(keys.revealed == material.revealed)
    }
  }

  @Test("An AH SA has integrity keys alone")
  func authenticationHeader() throws {
    let suite = try ChildSuite(
      Proposal(number: 1, protocolID: .ah, transforms: [.mac(2), .shortNumbers]))
    let keys = try ChildKeys(
      skD: try vectors.initial().d, prf: try PRF(.hmacSHA2_256), suite: suite,
      initiatorNonce: ni, responderNonce: nr)
    #expect(keys.initiatorToResponder.encryption.isEmpty)
    #expect(keys.initiatorToResponder.integrity.count == 20)
    #expect(
      !keys.initiatorToResponder.integrity.hasSameBytes(as: keys.responderToInitiator.integrity))
  }
}

@Suite("IntAuth, RFC 9242")
struct IntermediateAuthenticationTests {
  @Test("Without IKE_INTERMEDIATE nothing is appended to the signed octets")
  func none() {
    #expect(IntermediateAuthentication().octets(firstAuthMessageID: 1) == [])
  }

  @Test("Each exchange hashes the one before, each side under its own SK_p of that moment")
  func chained() throws {
    let vectors = try KeyVectors()
    let prf = try PRF(.hmacSHA2_256)
    let first = try vectors.initial()
    let second = try first.mixing(ppk: Secret(copying: [7]), prf: prf)
    var sum = IntermediateAuthentication()
    try sum.add(request: [1], response: [2], keys: first, prf: prf)
    let i1 = try prf.compute(key: first.pi, .bytes([1]))
    let r1 = try prf.compute(key: first.pr, .bytes([2]))
    #expect(
      sum.octets(firstAuthMessageID: 2)
        == (try octets(i1.revealed + r1.revealed)) + [0, 0, 0, 2])
    try sum.add(request: [3], response: [4], keys: second, prf: prf)
    let i2 = try prf.compute(key: second.pi, .secret(i1), .bytes([3]))
    let r2 = try prf.compute(key: second.pr, .secret(r1), .bytes([4]))
    #expect(
      sum.octets(firstAuthMessageID: 0x0102_0304)
        == (try octets(i2.revealed + r2.revealed)) + [1, 2, 3, 4])
  }
}
