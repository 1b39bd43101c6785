/// The signature algorithms of AUTH method 14 and of SUPPORTED_AUTH_METHODS, RFC 7427 appendix A.
///
/// The rows are generated from `Registries/signature-algorithm-identifiers.csv`.
package enum SignatureAlgorithmTable {
  /// The name of a DER AlgorithmIdentifier: that of the row with the same octets, else that of its
  /// OID, else the OID itself. Nil if it is no AlgorithmIdentifier.
  package static func name(of algorithmIdentifier: [UInt8]) -> String? {
    var text = TextBuffer(capacity: algorithmIdentifier.count * 2)
    text.hex(algorithmIdentifier)
    let der = text.string
    if let row = rows.first(where: { $0.der == der }) { return row.name }
    guard let oid = objectIdentifier(in: algorithmIdentifier) else { return nil }
    // Rows that share an OID differ in the parameters, which the name's later words say.
    let name = rows.first { $0.oid == oid }?.name
    return name?.split(separator: " ").first.map(String.init) ?? oid
  }

  /// The OID of `SEQUENCE { OID, parameters }` in dots.
  private static func objectIdentifier(in algorithmIdentifier: [UInt8]) -> String? {
    var octets = algorithmIdentifier[...]
    guard var sequence = DERElement.content(DERElement.sequence, from: &octets),
      let oid = DERElement.content(DERElement.objectIdentifier, from: &sequence)
    else { return nil }
    return DERElement.objectIdentifierText(oid)
  }
}
