import IPsecCrypto
import PacketDissector

/// One association as `setkey -D` prints it (KAME, ipsec-tools, the BSDs).
struct SetkeyDump {
  private enum KeyPart {
    case cipher, integrity
  }

  private var key: ESPKey
  private var isIPsec = false
  private var part: KeyPart?
  private var cipherName = KeyText()
  private var integrityName = KeyText()
  private var cipherDigits: [KeyText] = []
  private var integrityDigits: [KeyText] = []
  private var ports: [UInt16?] = []

  /// Begins with the two addresses, each with its port in brackets behind a NAT.
  init?(_ line: KeyText, _ origin: KeyOrigin) {
    let words = line.words
    guard words.count == 2, let source = Self.address(words[0]),
      let destination = Self.address(words[1])
    else { return nil }
    ports = [source.port, destination.port]
    key = ESPKey(
      source: AddressPattern(source.0), destination: AddressPattern(destination.0), origin: origin)
  }

  private static func address(_ word: KeyText) -> (IPAddress, port: UInt16?)? {
    let end = word.firstIndex { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "%") }
    guard let address = IPAddress(text: word[..<(end ?? word.endIndex)].string) else { return nil }
    guard let open = word.firstIndex(of: UInt8(ascii: "[")), word.last == UInt8(ascii: "]") else {
      return (address, nil)
    }
    return (address, UInt16(word[(open + 1)...].dropLast().string))
  }

  mutating func add(_ line: KeyText) {
    let words = line.words
    guard let first = words.first else { return }
    if first.isText("e:"), words.count >= 2 {
      (part, cipherName, cipherDigits) = (.cipher, words[1], Array(words[2...]))
    } else if first.isText("a:"), words.count >= 2 {
      (part, integrityName, integrityDigits) = (.integrity, words[1], Array(words[2...]))
    } else if let part, words.allSatisfy({ $0.isHexadecimal && $0.count <= 8 }) {
      // A long key goes on after 32 bytes.
      if part == .cipher { cipherDigits += words } else { integrityDigits += words }
    } else {
      part = nil
      identity(words)
    }
  }

  private mutating func identity(_ words: [KeyText]) {
    guard let kind = words.first, words.contains(where: { $0.hasPrefix("spi=") }) else { return }
    isIPsec = ["esp", "esp-udp", "ah", "natt+ah"].contains(kind.string)
    key.ipsecProtocol = kind.string.hasSuffix("ah") ? .ah : .esp
    if kind.isText("esp-udp"), ports.count == 2 {
      key.encapsulation = .udp(sourcePort: ports[0] ?? 0, destinationPort: ports[1] ?? 0)
    }
    for word in words {
      if word.hasPrefix("spi=") {
        key.spi = word.dropFirst(4).prefix { $0 != UInt8(ascii: "(") }.spi32
      } else if word.isText("mode=tunnel") {
        key.mode = .tunnel
      } else if word.isText("mode=transport") {
        key.mode = .transport
      }
    }
  }

  private static func secret(_ groups: [KeyText], _ name: String) throws(KeyFault) -> Secret {
    var digits: [UInt8] = []
    digits.reserveCapacity(groups.count * 8)
    for group in groups { digits += group }
    defer { for index in digits.indices { digits[index] = 0 } }
    return try digits[...].hexadecimal(name)
  }

  private mutating func readKeys() throws(KeyFault) -> [ESPKey] {
    key.integrityKey = try Self.secret(integrityDigits, "authentication key")
    if !integrityName.isEmpty {
      switch AlgorithmNames.integrity(integrityName) {
      case nil: throw AlgorithmNames.unknown(integrityName, what: "authentication algorithm")
      case .unsupported(let name): key.integrity = .unsupported(name)
      case .unchecked(let icvBytes): (key.integrity, key.icvBytes) = (.unchecked, icvBytes)
      case .algorithm(let algorithm, let icvBytes):
        try algorithm.check(key.integrityKey.count, negotiated: false, name: "authentication key")
        (key.integrity, key.icvBytes) = (.algorithm(algorithm), icvBytes)
      }
    }
    guard key.ipsecProtocol == .esp, !cipherName.isEmpty else { return [key] }
    key.cipherKey = try Self.secret(cipherDigits, "encryption key")
    var name = AlgorithmNames.cipher(cipherName)
    // A number that setkey has no name for is PF_KEY's, from 12 to 20 the registry's too.
    if let number = UInt16(cipherName.string), (12...20).contains(number) {
      name = .algorithms([EncryptionAlgorithm(rawValue: number)], keyBits: nil)
    }
    switch name {
    case nil: throw AlgorithmNames.unknown(cipherName, what: "encryption algorithm")
    case .unsupported(let name):
      key.cipher = .unsupported(name)
      return [key]
    case .algorithms(let algorithms, let keyBits):
      guard let first = algorithms.first else { return [] }
      try KeySizes.check(key.cipherKey.count, for: first, keyBits: keyBits, name: "encryption key")
      return algorithms.map {
        var key = key
        key.cipher = .algorithm($0)
        if KeySizes.isAEAD(key.cipher) { key.integrity = .algorithm(0) }
        return key
      }
    }
  }

  /// The keys; none for IPComp and the like.
  func finish() -> Result<[ESPKey], BlockFault> {
    guard isIPsec else { return .success([]) }
    var copy = self
    do throws(KeyFault) {
      return .success(try copy.readKeys())
    } catch {
      return .failure(BlockFault(fault: error, line: key.origin.line))
    }
  }
}
