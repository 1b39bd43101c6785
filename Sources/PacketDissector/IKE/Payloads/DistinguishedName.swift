/// An X.501 name: what ID_DER_ASN1_DN carries, most general attribute first.
///
/// RFC 5280, section 4.1.2.4.
package struct DistinguishedName: Equatable, Sendable {
  package struct Attribute: Equatable, Sendable {
    /// The short name of RFC 4514, section 3, or the OID in dots.
    package let type: String
    package let value: String
  }

  package let attributes: [Attribute]

  /// A name from its DER; nil if that is malformed or has octets behind it.
  package init?(der: [UInt8]) {
    var octets = der[...]
    guard var sets = DERElement.content(DERElement.sequence, from: &octets), octets.isEmpty else {
      return nil
    }
    var attributes: [Attribute] = []
    while !sets.isEmpty {
      guard var pairs = DERElement.content(DERElement.set, from: &sets) else { return nil }
      while !pairs.isEmpty {
        guard var pair = DERElement.content(DERElement.sequence, from: &pairs),
          let type = DERElement.content(DERElement.objectIdentifier, from: &pair),
          let oid = DERElement.objectIdentifierText(type),
          let value = DERElement(from: &pair)
        else { return nil }
        attributes.append(
          Attribute(
            type: Self.shortName(of: oid), value: Self.text(value.content, tag: value.tag)))
      }
    }
    self.attributes = attributes
  }

  private static func text(_ octets: ArraySlice<UInt8>, tag: UInt8) -> String {
    // BMPString: two octets a character.
    guard tag == 0x1E else { return String(decoding: octets, as: UTF8.self) }
    let units = stride(from: octets.startIndex, to: octets.endIndex - 1, by: 2)
      .map { UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]) }
    return String(decoding: units, as: UTF16.self)
  }

  private static func shortName(of oid: String) -> String {
    switch oid {
    case "2.5.4.3": "CN"
    case "2.5.4.4": "SN"
    case "2.5.4.5": "serialNumber"
    case "2.5.4.6": "C"
    case "2.5.4.7": "L"
    case "2.5.4.8": "ST"
    case "2.5.4.9": "street"
    case "2.5.4.10": "O"
    case "2.5.4.11": "OU"
    case "2.5.4.12": "T"
    case "2.5.4.42": "GN"
    case "1.2.840.113549.1.9.1": "E"
    case "0.9.2342.19200300.100.1.1": "UID"
    case "0.9.2342.19200300.100.1.25": "DC"
    default: oid
    }
  }
}

extension DistinguishedName: CustomStringConvertible {
  /// "C=CH, O=example, CN=gateway", in the order of the DER.
  package var description: String {
    attributes.map { "\($0.type)=\($0.value)" }.joined(separator: ", ")
  }
}
