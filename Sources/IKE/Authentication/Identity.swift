package import PacketDissector

/// Who a side is, or is to be: what an ID payload says (RFC 7296, section 3.5).
package struct Identity: Hashable, Sendable {
  package let type: IdentificationType
  package let data: [UInt8]

  package init(type: IdentificationType, data: [UInt8]) {
    self.type = type
    self.data = data
  }

  package init(_ payload: IdentificationPayload) {
    self.init(type: payload.type, data: payload.data)
  }

  package init(_ address: IPAddress) {
    self.init(type: address.isIPv6 ? .idIPv6Addr : .idIPv4Addr, data: address.octets)
  }

  /// ID_NULL: no identity (RFC 7619, section 2.2).
  package static let null = Identity(type: .idNull, data: [])

  package var payload: IdentificationPayload { IdentificationPayload(type: type, data: data) }

  /// The ID payload without its generic header: what AUTH covers of it.
  package var payloadBody: [UInt8] {
    [type.rawValue, 0, 0, 0] + data
  }

  /// Whether a peer that claims `claimed` is the one that is expected. Names of domains and mail addresses
  /// differ by more than the case of ASCII letters, distinguished names by more than that and the string
  /// types of their DER; all else by any octet.
  package func matches(_ claimed: Identity) -> Bool {
    guard type == claimed.type else { return false }
    if data == claimed.data { return true }
    switch type {
    case .idFQDN, .idRFC822Addr:
      return data.elementsEqual(claimed.data) { $0.lowercasedASCII == $1.lowercasedASCII }
    case .idDERASN1DN:
      guard let own = DistinguishedName(der: data), let other = DistinguishedName(der: claimed.data)
      else { return false }
      return own.agrees(with: other)
    default:
      return false
    }
  }
}

extension Identity: CustomStringConvertible {
  /// As ``init(text:)`` reads it, but for names of which some octets are no text.
  package var description: String {
    switch payload.value {
    case .address(let address): return address.description
    case .text(let text): return text
    case .distinguishedName(let name): return name.description
    case .bytes where type == .idNull: return "(none)"
    case .bytes(let bytes):
      let isPrintable = !bytes.isEmpty && bytes.allSatisfy { (0x21...0x7E).contains($0) }
      if isPrintable { return "keyid:" + String(decoding: bytes, as: UTF8.self) }
      var text = TextBuffer(capacity: bytes.count * 2 + 8)
      text.put("keyid:0x")
      text.hex(bytes)
      return text.string
    }
  }
}

extension DistinguishedName {
  /// The same attributes in the same order. A value with octets that are no text agrees with none: two
  /// different ones would look alike.
  fileprivate func agrees(with other: DistinguishedName) -> Bool {
    attributes.elementsEqual(other.attributes) { left, right in
      left.type == right.type && !left.value.contains("\u{FFFD}")
        && left.value.utf8.elementsEqual(right.value.utf8) {
          $0.lowercasedASCII == $1.lowercasedASCII
        }
    }
  }
}

extension UInt8 {
  fileprivate var lowercasedASCII: UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
  }
}
