import IPsecCrypto
import PacketDissector

/// Lines of Wireshark's esp_sa (and strongSwan's), and lines of AH keys in the same style.
enum ESPTable {
  /// Family, source, destination, SPI, cipher, key, integrity, key; later versions of Wireshark add
  /// the length of the sequence number and its upper half.
  static func esp(_ fields: [KeyText], _ origin: KeyOrigin) throws(KeyFault) -> [ESPKey] {
    var template = try addressed(fields, origin)
    if fields.count >= 9 { template.usesESN = fields[8].hasPrefix("64") }
    let integrity = try named(integrity: fields[6])
    let cipher: CipherName
    guard let name = AlgorithmNames.cipher(fields[4]) else {
      throw AlgorithmNames.unknown(fields[4], what: "encryption algorithm")
    }
    cipher = name
    var first: KeyFault?
    var keys: [ESPKey] = []
    for reading in readings(fields[5], fields[7]) {
      do throws(KeyFault) {
        template.cipherKey = try reading.read(fields[5], "field 6 \"encryption key\"")
        template.integrityKey = try reading.read(fields[7], "field 8 \"authentication key\"")
        try check(template.integrityKey, for: integrity, reading: reading, field: fields[7])
        for cipher in try ciphers(cipher, integrity, template.cipherKey) {
          template.cipher = cipher
          (template.integrity, template.icvBytes) =
            KeySizes.isAEAD(cipher) ? (.algorithm(0), nil) : value(of: integrity)
          keys.append(template)
        }
      } catch {
        first = first ?? error
      }
    }
    if keys.isEmpty, let first { throw first }
    return keys
  }

  /// Family, source, destination, SPI, integrity, key.
  static func ah(_ fields: [KeyText], _ origin: KeyOrigin) throws(KeyFault) -> [ESPKey] {
    var template = try addressed(fields, origin)
    template.ipsecProtocol = .ah
    let integrity = try named(integrity: fields[4])
    (template.integrity, template.icvBytes) = value(of: integrity)
    var first: KeyFault?
    var keys: [ESPKey] = []
    for reading in readings(fields[5], KeyText()) {
      do throws(KeyFault) {
        template.integrityKey = try reading.read(fields[5], "field 6 \"key\"")
        try check(template.integrityKey, for: integrity, reading: reading, field: fields[5])
        keys.append(template)
      } catch {
        first = first ?? error
      }
    }
    if keys.isEmpty, let first { throw first }
    return keys
  }

  private static func addressed(
    _ fields: [KeyText], _ origin: KeyOrigin
  ) throws(KeyFault) -> ESPKey {
    guard TableLine.isFamily(fields[0]) else {
      throw KeyFault("field 1 is neither \"IPv4\" nor \"IPv6\"")
    }
    guard let source = AddressPattern(text: fields[1].string) else {
      throw KeyFault("field 2 \"source address\" is neither an address nor a pattern")
    }
    guard let destination = AddressPattern(text: fields[2].string) else {
      throw KeyFault("field 3 \"destination address\" is neither an address nor a pattern")
    }
    let spi = fields[3].spi32
    guard spi != nil || fields[3].isText("*") else {
      throw KeyFault("field 4 \"SPI\" is neither a number of 32 bits nor *")
    }
    return ESPKey(source: source, destination: destination, spi: spi, origin: origin)
  }

  private static func named(integrity field: KeyText) throws(KeyFault) -> IntegrityName {
    guard let name = AlgorithmNames.integrity(field) else {
      throw AlgorithmNames.unknown(field, what: "authentication algorithm")
    }
    return name
  }

  private static func value(of name: IntegrityName) -> (KeyIntegrity, icvBytes: Int?) {
    switch name {
    case .algorithm(let algorithm, let icvBytes): (.algorithm(algorithm), icvBytes)
    case .unchecked(let icvBytes): (.unchecked, icvBytes)
    case .unsupported(let name): (.unsupported(name), nil)
    }
  }

  /// How a field spells its key. Wireshark takes what does not begin with 0x as the key's characters,
  /// but many write hexadecimal there: where both fit, both are candidates.
  private enum Reading {
    case hexadecimal, characters

    func read(_ field: KeyText, _ name: String) throws(KeyFault) -> Secret {
      if self == .hexadecimal || field.hasHexPrefix || field.isEmpty {
        return try field.hexadecimal(name)
      }
      var bytes = Array(field)
      return Secret(consuming: &bytes)
    }
  }

  private static func readings(_ fields: KeyText...) -> [Reading] {
    let bare = fields.filter { !$0.isEmpty && !$0.hasHexPrefix }
    if bare.isEmpty { return [.hexadecimal] }
    return bare.contains { !$0.isHexadecimal } ? [.characters] : [.hexadecimal, .characters]
  }

  private static func check(
    _ key: Secret, for name: IntegrityName, reading: Reading, field: KeyText
  ) throws(KeyFault) {
    guard case .algorithm(let algorithm, _) = name else { return }
    // A bare field is hexadecimal only if it then has the usual length.
    let isGuess = reading == .hexadecimal && !field.hasHexPrefix && !field.isEmpty
    try algorithm.check(key.count, negotiated: isGuess, name: "authentication key")
  }

  private static func ciphers(
    _ name: CipherName, _ integrity: IntegrityName, _ key: Secret
  ) throws(KeyFault) -> [KeyCipher] {
    switch name {
    case .unsupported(let name): return [.unsupported(name)]
    case .algorithms(let algorithms, let keyBits):
      guard let first = algorithms.first else { return [] }
      try KeySizes.check(key.count, for: first, keyBits: keyBits, name: "encryption key")
      guard algorithms.count > 1, case .unchecked(let icvBytes) = integrity else {
        return algorithms.map { .algorithm($0) }
      }
      // Wireshark's "AES-GCM [RFC4106]" has the ICV's length in the other algorithm's name;
      // strongSwan writes 64 bits there for 96 too.
      let fitting: [Int] =
        icvBytes == 16 ? [0] : icvBytes == 12 ? [1] : icvBytes == 8 ? [2, 1] : [0]
      return fitting.filter(algorithms.indices.contains).map { .algorithm(algorithms[$0]) }
    }
  }
}
