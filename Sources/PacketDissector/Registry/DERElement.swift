/// One tag-length-value of DER, as far as names and algorithm identifiers need it (X.690).
package struct DERElement {
  package static let objectIdentifier: UInt8 = 0x06
  package static let sequence: UInt8 = 0x30
  package static let set: UInt8 = 0x31

  package let tag: UInt8
  package let content: ArraySlice<UInt8>

  /// Takes the first element off `octets`; nil if there is no whole one.
  package init?(from octets: inout ArraySlice<UInt8>) {
    var rest = octets
    guard let tag = rest.popFirst(), let first = rest.popFirst() else { return nil }
    var count = Int(first)
    if first >= 0x80 {
      // Two octets of length reach as far as a payload can.
      guard (0x81...0x82).contains(first), rest.count >= Int(first & 0x7F) else { return nil }
      count = rest.prefix(Int(first & 0x7F)).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(Int(first & 0x7F))
    }
    guard rest.count >= count else { return nil }
    self.tag = tag
    content = rest.prefix(count)
    octets = rest.dropFirst(count)
  }

  /// The content of the first of `octets`, which moves past it; nil if it has not the tag `tag`.
  package static func content(_ tag: UInt8, from octets: inout ArraySlice<UInt8>) -> ArraySlice<
    UInt8
  >? {
    guard let element = DERElement(from: &octets), element.tag == tag else { return nil }
    return element.content
  }

  /// An object identifier's octets in dots; nil if an arc does not fit in 64 bits or is cut.
  package static func objectIdentifierText(_ octets: some Collection<UInt8>) -> String? {
    var text = TextBuffer(capacity: 64)
    var arc: UInt64 = 0
    var isWhole = false
    for octet in octets {
      guard arc <= UInt64.max >> 7 else { return nil }
      arc = arc << 7 | UInt64(octet & 0x7F)
      isWhole = octet < 0x80
      guard isWhole else { continue }
      if text.count == 0 {
        let root = min(arc / 40, 2)
        text.decimal(root)
        arc -= root * 40
      }
      text.put(".")
      text.decimal(arc)
      arc = 0
    }
    return isWhole ? text.string : nil
  }
}
