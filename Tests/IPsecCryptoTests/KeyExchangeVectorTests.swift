import COpenSSL
import PacketDissector
import Testing

@testable import IPsecCrypto

@Suite("Key exchange vectors")
struct KeyExchangeVectorTests {
  @Test("Known private keys give the published secret on both sides")
  func diffieHellman() throws {
    var methods: Set<UInt16> = []
    for row in try vectors("key-exchange") {
      let method = KeyExchangeMethod(rawValue: UInt16(try row.number("method")))
      let initiator = KeyExchangeInitiator(
        method, try #require(half(method, try row.bytes("initiator_private"))))
      let responder = KeyExchangeInitiator(
        method, try #require(half(method, try row.bytes("responder_private"))))
      let secret = try row.secret("secret")
      #expect(try initiator.complete(responder.data).hasSameBytes(as: secret), "\(method)")
      #expect(try responder.complete(initiator.data).hasSameBytes(as: secret), "\(method)")
      methods.insert(method.rawValue)
    }
    #expect(methods == Set(KeyExchangeTests.complete.map(\.rawValue)))
  }

  /// What an initiator would hold with this private key.
  private func half(_ method: KeyExchangeMethod, _ key: [UInt8]) -> (any InitiatorHalf)? {
    switch KeyExchangeScheme(method) {
    case .modp(let group): BigNumber(key).flatMap { MODPHalf(group, exponent: $0) }
    case .curve(let name, let coordinateBytes):
      curveKey(name, key).flatMap { CurveHalf($0, coordinateBytes: coordinateBytes) }
    case .montgomery(let name):
      unsafe OpenSSLKey(owning: {
        unsafe EVP_PKEY_new_raw_private_key_ex(nil, name, nil, key, key.count)
      }).flatMap { MontgomeryHalf($0, name) }
    case .lattice, nil: nil
    }
  }

  /// RFC 5915's ECPrivateKey, of which OpenSSL computes the public half.
  private func curveKey(_ curve: String, _ key: [UInt8]) -> OpenSSLKey? {
    guard let object = unsafe OBJ_txt2obj(curve, 0) else { return nil }
    var start: UnsafeMutablePointer<UInt8>?
    let count = unsafe Int(i2d_ASN1_OBJECT(object, &start))
    guard let allocated = unsafe start, count > 0 else { return nil }
    // OpenSSL wrote `count` bytes there.
    let name = unsafe Array(UnsafeBufferPointer(start: allocated, count: count))
    unsafe CRYPTO_free(allocated, #file, #line)
    let content = [2, 1, 1, 4, UInt8(key.count)] + key + [0xA0, UInt8(count)] + name
    let length = content.count < 128 ? [UInt8(content.count)] : [0x81, UInt8(content.count)]
    let der = [0x30] + length + content
    return unsafe der.withUnsafeBufferPointer { buffer in
      var position = buffer.baseAddress
      return unsafe OpenSSLKey(owning: {
        unsafe d2i_AutoPrivateKey(nil, &position, buffer.count)
      })
    }
  }

  #if PostQuantum
    @Test("ML-KEM agrees with another implementation, and rejects a ciphertext as FIPS 203 says")
    func lattice() throws {
      for row in try vectors("ml-kem") {
        let method = KeyExchangeMethod(rawValue: UInt16(try row.number("method")))
        let kem: LatticeKEM = method == 36 ? .mlKEM768 : .mlKEM1024
        let half = try #require(kem.swiftCryptoHalf(seed: try row.bytes("seed")))
        let initiator = KeyExchangeInitiator(method, half)
        #expect(initiator.data == (try row.bytes("encapsulation_key")))
        var ciphertext = try row.bytes("ciphertext")
        #expect(try initiator.complete(ciphertext).revealed == row["secret"])
        ciphertext[0] ^= 1
        #expect(try initiator.complete(ciphertext).revealed == row["rejection_secret"])
      }
    }

    @Test("ML-KEM's responder makes what the initiator opens", arguments: [36, 37])
    func latticeAgreement(number: UInt16) throws {
      let method = KeyExchangeMethod(rawValue: number)
      #expect(method.support == .complete)
      let lengths = try #require(method.dataByteCount)
      let initiator = try KeyExchangeInitiator(method)
      #expect(initiator.data.count == lengths.initiator)
      let (data, secret) = try KeyExchangeResponder.respond(to: initiator.data, method: method)
      #expect(data.count == lengths.responder)
      #expect(secret.count == 32)
      #expect(try initiator.complete(data).hasSameBytes(as: secret))
      let short = Array(data.dropLast())
      #expect(throws: KeyExchangeFailure.wrongLength(expected: data.count, given: short.count)) {
        try initiator.complete(short)
      }
    }
  #endif

  @Test(
    "Where ML-KEM-512 is missing, its share is a valid key all the same",
    .enabled(if: KeyExchangeMethod(rawValue: 35).support == .shareOnly))
  func shareOnly() throws {
    let initiator = try KeyExchangeInitiator(35)
    #expect(initiator.data.count == 800)
    #expect(LatticeKEM.mlKEM512.isReduced(initiator.data))
    let failure = KeyExchangeFailure.cannotComplete("ML-KEM-512")
    #expect(throws: failure) { try initiator.complete([UInt8](repeating: 1, count: 768)) }
    #expect(throws: failure) {
      try KeyExchangeResponder.respond(to: initiator.data, method: 35)
    }
  }

  @Test(
    "Where OpenSSL has ML-KEM-512, both sides come to the same secret",
    .enabled(if: KeyExchangeMethod(rawValue: 35).support == .complete))
  func openSSL35() throws {
    let initiator = try KeyExchangeInitiator(35)
    #expect(initiator.data.count == 800)
    var (data, secret) = try KeyExchangeResponder.respond(to: initiator.data, method: 35)
    #expect(data.count == 768)
    #expect(secret.count == 32)
    #expect(try initiator.complete(data).hasSameBytes(as: secret))
    data[0] ^= 1
    #expect(!(try initiator.complete(data).hasSameBytes(as: secret)))
    #expect(throws: Never.self) {
      try KeyExchangeResponder.respond(to: LatticeKEM.mlKEM512.randomKey(), method: 35)
    }
  }

  @Test(
    "A responder answers a key that was made without a secret",
    .enabled(if: KeyExchangeMethod(rawValue: 36).support == .complete), arguments: [36, 37])
  func randomKey(number: UInt16) throws {
    let method = KeyExchangeMethod(rawValue: number)
    let kem: LatticeKEM = number == 36 ? .mlKEM768 : .mlKEM1024
    let (data, _) = try KeyExchangeResponder.respond(to: kem.randomKey(), method: method)
    #expect(data.count == method.dataByteCount?.responder)
  }
}
