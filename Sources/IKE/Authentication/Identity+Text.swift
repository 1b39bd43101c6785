internal import PacketDissector

extension Identity {
  /// Reads an identity with its type in front ("fqdn:", "email:", "ip:", "dn:", "keyid:"), or guesses the
  /// type as strongSwan does: "=" makes a distinguished name, "@" a mail address, "@" in front a domain
  /// name, "@#" in front hexadecimal octets of a key ID, and what is no address is a domain name.
  ///
  /// Nil for an empty text, for "%any", which is no identity, and where the type in front does not fit.
  package init?(text: String) {
    guard !text.isEmpty, text != "%any" else { return nil }
    if let colon = text.firstIndex(of: ":"),
      let prefix = Prefix(rawValue: text[..<colon].lowercased())
    {
      self.init(prefix, String(text[text.index(after: colon)...]))
    } else {
      self.init(guessing: text)
    }
  }

  private enum Prefix: String {
    case fqdn, dns, email, rfc822, ip, ipv4, ipv6, dn, asn1dn, keyid
  }

  private init?(_ prefix: Prefix, _ value: String) {
    guard !value.isEmpty else { return nil }
    switch prefix {
    case .fqdn, .dns: self.init(type: .idFQDN, data: Array(value.utf8))
    case .email, .rfc822: self.init(type: .idRFC822Addr, data: Array(value.utf8))
    case .ip, .ipv4, .ipv6:
      guard let address = IPAddress(text: value),
        prefix == .ip || address.isIPv6 == (prefix == .ipv6)
      else { return nil }
      self.init(address)
    case .dn, .asn1dn:
      guard let der = DistinguishedNameEncoding.der(of: value) else { return nil }
      self.init(type: .idDERASN1DN, data: der)
    case .keyid:
      guard value.hasPrefix("0x") else {
        self.init(type: .idKeyID, data: Array(value.utf8))
        return
      }
      guard let octets = Self.octets(ofHex: value.dropFirst(2)) else { return nil }
      self.init(type: .idKeyID, data: octets)
    }
  }

  private init?(guessing text: String) {
    if text.contains("=") {
      let der = DistinguishedNameEncoding.der(of: text)
      self.init(type: der == nil ? .idKeyID : .idDERASN1DN, data: der ?? Array(text.utf8))
    } else if let address = IPAddress(text: text) {
      self.init(address)
    } else if text.hasPrefix("@#") {
      guard let octets = Self.octets(ofHex: text.dropFirst(2)) else { return nil }
      self.init(type: .idKeyID, data: octets)
    } else if text.hasPrefix("@@") {
      self.init(type: .idRFC822Addr, data: Array(text.utf8.dropFirst(2)))
    } else if text.hasPrefix("@") {
      self.init(type: .idFQDN, data: Array(text.utf8.dropFirst()))
    } else if text.contains("@") {
      self.init(type: .idRFC822Addr, data: Array(text.utf8))
    } else {
      self.init(type: text.contains(":") ? .idKeyID : .idFQDN, data: Array(text.utf8))
    }
  }

  private static func octets(ofHex text: Substring) -> [UInt8]? {
    let digits = text.compactMap { $0.isASCII ? $0.hexDigitValue : nil }
    guard !digits.isEmpty, digits.count == text.count, digits.count.isMultiple(of: 2) else {
      return nil
    }
    return stride(from: 0, to: digits.count, by: 2)
      .map { UInt8(truncatingIfNeeded: digits[$0] << 4 | digits[$0 + 1]) }
  }
}
