import IPsecCrypto
import PacketDissector

/// The key dumps of pluto (Openswan; libreswan with the debug option "private" or "crypt").
///
/// They name no algorithm, so each becomes a candidate for every one whose key has its length. The
/// IKE keys belong to the cookies printed last; ESP keys come without SPI and addresses. Libreswan
/// keeps IKE keys inside NSS and prints none.
struct PlutoLog {
  private enum Label: String, CaseIterable {
    case initiatorCookie = "ICOOKIE:"
    case responderCookie = "RCOOKIE:"
    case initiatorIntegrityKey = "SK_ai:"
    case responderIntegrityKey = "SK_ar:"
    case initiatorCipherKey = "SK_ei:"
    case responderCipherKey = "SK_er:"
    case espCipherKey = "ESP enckey:"
    case espIntegrityKey = "ESP authkey:"
    case ikev1Key = "enc key:"
  }

  private var label: Label?
  private var labelLine = 0
  private var dump: [UInt8] = []
  private var cookies: [Label: UInt64] = [:]
  private var secrets: [Label: Secret] = [:]

  /// What follows "| " in a log line; nil if nothing does.
  static func content(_ line: KeyText) -> KeyText? {
    guard let bar = line.firstIndex(of: UInt8(ascii: "|")) else { return nil }
    let content = line[(bar + 1)...]
    return content.first == UInt8(ascii: " ") ? content.dropFirst() : nil
  }

  /// Takes a line's content, and hands out the keys that are complete with it.
  mutating func add(_ content: KeyText, number: Int, into contents: inout KeyFile, name: String) {
    if let next = Label.allCases.first(where: { content.trimmed.hasPrefix($0.rawValue) }) {
      finish(into: &contents, name: name)
      (label, labelLine) = (next, number)
      append(content.trimmed.dropFirst(next.rawValue.utf8.count))
    } else if label != nil {
      let isMore = content.hasPrefix(" ") && append(content)
      if !isMore { finish(into: &contents, name: name) }
    }
  }

  /// Adds the bytes of one line of a dump, at most 16; newer versions print them as text behind
  /// three spaces. False if the line holds none.
  @discardableResult
  private mutating func append(_ line: KeyText) -> Bool {
    var count = 0
    var rest = line
    while count < 16 {
      let word = rest.drop { $0 == UInt8(ascii: " ") }
      let gap = word.startIndex - rest.startIndex
      let digits = word.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") }
      guard count == 0 || gap <= 2, digits.count == 2,
        let high = digits.first.flatMap(Hexadecimal.value(of:)),
        let low = digits.last.flatMap(Hexadecimal.value(of:))
      else { break }
      if dump.isEmpty { dump.reserveCapacity(128) }
      // No key is longer; a dump of a packet is not kept.
      if dump.count < 128 { dump.append(high << 4 | low) }
      rest = word.dropFirst(2)
      count += 1
    }
    return count > 0
  }

  /// Ends the dump under way.
  mutating func finish(into contents: inout KeyFile, name: String) {
    guard let label else { return }
    self.label = nil
    let secret = Secret(consuming: &dump)
    switch label {
    case .initiatorCookie, .responderCookie:
      guard secret.count == 8 else { return }
      cookies[label] = UInt64(secret.revealed, radix: 16)
    case .initiatorIntegrityKey, .responderIntegrityKey, .initiatorCipherKey:
      secrets[label] = secret
    case .responderCipherKey:
      secrets[label] = secret
      ikev2Keys(into: &contents, name: name)
    case .espCipherKey: secrets[label] = secret
    case .espIntegrityKey:
      secrets[label] = secret
      espKeys(into: &contents, name: name)
    case .ikev1Key:
      guard let cookie = cookies[.initiatorCookie], secret.count >= 8 else { return }
      let origin = KeyOrigin(file: name, line: labelLine, form: .plutoLog)
      contents.ikev1Keys.append(
        IKEv1Key(initiatorCookie: cookie, cipherKey: secret, origin: origin))
    }
  }

  private func origin(_ name: String) -> KeyOrigin {
    KeyOrigin(file: name, line: labelLine, form: .plutoLog)
  }

  private mutating func ikev2Keys(into contents: inout KeyFile, name: String) {
    let labels: [Label] = [
      .initiatorCipherKey, .responderCipherKey, .initiatorIntegrityKey, .responderIntegrityKey,
    ]
    let found = labels.compactMap { secrets[$0] }
    for label in labels { secrets[label] = nil }
    guard found.count == 4, let initiator = cookies[.initiatorCookie],
      found[0].count == found[1].count, found[2].count == found[3].count
    else {
      contents.problem(
        labelLine, "SK_er without a cookie or one of SK_ei, SK_ai and SK_ar before it")
      return
    }
    let responder = cookies[.responderCookie].flatMap { $0 == 0 ? nil : $0 }
    for (cipher, integrity) in Self.suites(found[0].count, found[2].count, isESP: false) {
      contents.ikev2Keys.append(
        IKEv2Key(
          initiatorSPI: initiator, responderSPI: responder, cipher: .algorithm(cipher),
          initiatorCipherKey: found[0], responderCipherKey: found[1],
          integrity: .algorithm(integrity), initiatorIntegrityKey: found[2],
          responderIntegrityKey: found[3], origin: origin(name)))
    }
  }

  private mutating func espKeys(into contents: inout KeyFile, name: String) {
    let cipherKey = secrets[.espCipherKey] ?? Secret(copying: [])
    let integrityKey = secrets[.espIntegrityKey] ?? Secret(copying: [])
    secrets[.espCipherKey] = nil
    secrets[.espIntegrityKey] = nil
    let suites = Self.suites(cipherKey.count, integrityKey.count, isESP: true)
    if suites.isEmpty {
      contents.problem(
        labelLine,
        "no algorithms take an enckey of \(cipherKey.count) and an authkey of "
          + "\(integrityKey.count) bytes")
    }
    for (cipher, integrity) in suites {
      contents.espKeys.append(
        ESPKey(
          cipher: .algorithm(cipher), cipherKey: cipherKey, integrity: .algorithm(integrity),
          integrityKey: integrityKey, origin: origin(name)))
    }
  }

  /// The algorithms that take keys of these lengths.
  private static func suites(
    _ cipherKey: Int, _ integrityKey: Int, isESP: Bool
  ) -> [(EncryptionAlgorithm, IntegrityAlgorithm)] {
    let ciphers: [EncryptionAlgorithm] =
      integrityKey == 0 ? [20, 16, 28, 19, 18, 15, 14, 21] : [12, 3, 13, 23, 11]
    let integrities: [IntegrityAlgorithm] =
      integrityKey == 0
      ? [0] : [2, 12, 14, 13, 1, 5, 8].filter { $0.nominalKeyBytes == integrityKey }
    let fitting = ciphers.filter { cipher in
      guard let sizes = KeySizes(of: cipher), isESP || cipher != 11 && cipher != 21 else {
        return false
      }
      return sizes.keys.contains(cipherKey - sizes.salt)
    }
    return fitting.flatMap { cipher in integrities.map { (cipher, $0) } }
  }
}
