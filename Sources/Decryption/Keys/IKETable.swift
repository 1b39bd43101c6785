import IPsecCrypto
import PacketDissector

/// Lines of Wireshark's ikev2_decryption_table and ikev1_decryption_table, and strongSwan's.
enum IKETable {
  /// SPIi, SPIr, SK_ei, SK_er, cipher, SK_ai, SK_ar, integrity.
  static func ikev2(_ fields: [KeyText], _ origin: KeyOrigin) throws(KeyFault) -> [IKEv2Key] {
    let initiatorSPI = try fields[0].spi64("field 1 \"initiator's SPI\"")
    let responderSPI = try fields[1].spi64("field 2 \"responder's SPI\"")
    let cipherKeys = [
      try fields[2].hexadecimal("field 3 \"SK_ei\""),
      try fields[3].hexadecimal("field 4 \"SK_er\""),
    ]
    let integrityKeys = [
      try fields[5].hexadecimal("field 6 \"SK_ai\""),
      try fields[6].hexadecimal("field 7 \"SK_ar\""),
    ]
    let (integrity, icvBytes) = try Self.integrity(fields[7], integrityKeys)
    return try ciphers(fields[4], cipherKeys).map {
      IKEv2Key(
        initiatorSPI: initiatorSPI, responderSPI: responderSPI, cipher: $0,
        initiatorCipherKey: cipherKeys[0], responderCipherKey: cipherKeys[1], integrity: integrity,
        initiatorIntegrityKey: integrityKeys[0], responderIntegrityKey: integrityKeys[1],
        icvBytes: icvBytes, origin: origin)
    }
  }

  private static func ciphers(
    _ name: KeyText, _ keys: [Secret]
  ) throws(KeyFault) -> [KeyCipher] {
    switch AlgorithmNames.cipher(name) {
    case .algorithms(let algorithms, let keyBits):
      for (key, name) in zip(keys, ["SK_ei", "SK_er"]) {
        guard let algorithm = algorithms.first else { continue }
        try KeySizes.check(key.count, for: algorithm, keyBits: keyBits, name: name)
      }
      return algorithms.map { .algorithm($0) }
    case .unsupported(let name): return [.unsupported(name)]
    case nil: throw AlgorithmNames.unknown(name, what: "encryption algorithm")
    }
  }

  private static func integrity(
    _ name: KeyText, _ keys: [Secret]
  ) throws(KeyFault) -> (KeyIntegrity, icvBytes: Int?) {
    switch AlgorithmNames.integrity(name) {
    case .algorithm(let algorithm, let icvBytes):
      for (key, name) in zip(keys, ["SK_ai", "SK_ar"]) {
        try algorithm.check(key.count, negotiated: true, name: name)
      }
      return (.algorithm(algorithm), icvBytes)
    case .unchecked(let icvBytes): return (.unchecked, icvBytes)
    case .unsupported(let name): return (.unsupported(name), nil)
    case nil: throw AlgorithmNames.unknown(name, what: "integrity algorithm")
    }
  }

  /// The initiator's cookie and the encryption key.
  static func ikev1(_ fields: [KeyText], _ origin: KeyOrigin) throws(KeyFault) -> IKEv1Key {
    let cookie = try fields[0].spi64("field 1 \"initiator's cookie\"")
    let key = try fields[1].hexadecimal("field 2 \"encryption key\"")
    guard [8, 16, 24, 32].contains(key.count) else {
      throw KeyFault(
        "field 2 \"encryption key\" has \(key.count) bytes; ciphers take 8, 16, 24 or 32")
    }
    return IKEv1Key(initiatorCookie: cookie, cipherKey: key, origin: origin)
  }
}
