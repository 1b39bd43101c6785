package import PacketDissector

/// An identity of IKE that a certificate can carry, RFC 7296 section 3.5 and RFC 4945 section 3.1.
package enum CertificateIdentity: Hashable, Sendable {
  /// ID_FQDN.
  case domainName([UInt8])
  /// ID_RFC822_ADDR.
  case mailAddress([UInt8])
  /// ID_IPV4_ADDR or ID_IPV6_ADDR: 4 or 16 octets.
  case address([UInt8])
  /// ID_DER_ASN1_DN.
  case distinguishedName([UInt8])

  /// Nil for types that no certificate proves, and for addresses of another length.
  package init?(type: IdentificationType, data: [UInt8]) {
    switch type {
    case .idFQDN: self = .domainName(data)
    case .idRFC822Addr: self = .mailAddress(data)
    case .idIPv4Addr where data.count == 4: self = .address(data)
    case .idIPv6Addr where data.count == 16: self = .address(data)
    case .idDERASN1DN: self = .distinguishedName(data)
    default: return nil
    }
  }
}

extension Certificate {
  /// Whether the certificate is one of this identity: a subjectAltName of the same kind with the
  /// same value, or the very subject. A wildcard stands for nothing, and the common name for no
  /// host.
  package func carries(_ identity: CertificateIdentity) -> Bool {
    switch identity {
    case .distinguishedName(let name):
      return !name.isEmpty && name == subject
    case .address(let address):
      return names(7).contains { $0.elementsEqual(address) }
    case .domainName(let name):
      guard !name.isEmpty, !name.contains(UInt8(ascii: "*")) else { return false }
      return names(2).contains { Self.isSameHost($0, name[...]) }
    case .mailAddress(let mailbox):
      guard let at = mailbox.lastIndex(of: UInt8(ascii: "@")) else { return false }
      return names(1).contains { other in
        // The part before the at sign may differ by case, RFC 5321 section 2.4.
        guard let otherAt = other.lastIndex(of: UInt8(ascii: "@")) else { return false }
        return other[..<otherAt].elementsEqual(mailbox[..<at])
          && Self.isSameHost(other[otherAt...], mailbox[at...])
      }
    }
  }

  /// The values of GeneralNames with this number: 1 rfc822Name, 2 dNSName, 7 iPAddress
  /// (RFC 5280 section 4.2.1.6).
  private func names(_ number: UInt8) -> [ArraySlice<UInt8>] {
    guard let der = alternativeNames else { return [] }
    var octets = der[...]
    guard var names = DERElement.content(DERElement.sequence, from: &octets) else { return [] }
    var values: [ArraySlice<UInt8>] = []
    while let name = DERElement(from: &names) {
      if name.tag == 0x80 | number { values.append(name.content) }
    }
    return values
  }

  private static func isSameHost(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
    left.elementsEqual(right) { lowercase($0) == lowercase($1) }
  }

  private static func lowercase(_ octet: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet) ? octet | 0x20 : octet
  }
}
