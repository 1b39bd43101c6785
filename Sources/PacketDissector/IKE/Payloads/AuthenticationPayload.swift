/// The AUTH payload: the proof that its sender is who the ID payload says.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | Auth Method   |                RESERVED                       |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~                      Authentication Data                      ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.8. The data of method 14 begins with a length octet and the AlgorithmIdentifier
/// of that length (RFC 7427, section 3).
package struct AuthenticationPayload: Equatable, Sendable {
  package var method: AuthenticationMethod
  /// The DER that names the signature's algorithm; nil with any method but 14.
  package var algorithmIdentifier: [UInt8]?
  /// The signature or MAC.
  package var data: [UInt8]

  package init(method: AuthenticationMethod, data: [UInt8]) {
    self.method = method
    self.data = data
  }

  /// Method 14, Digital Signature. An AlgorithmIdentifier has at most 255 octets here.
  package init(algorithmIdentifier: [UInt8], signature: [UInt8]) {
    self.method = .digitalSignature
    self.algorithmIdentifier = algorithmIdentifier
    self.data = signature
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader, stop: inout DissectionError?) throws(DissectionError) {
    method = AuthenticationMethod(rawValue: try reader.u8())
    try reader.skip(3)
    var attempt = reader
    if method == .digitalSignature {
      do throws(DissectionError) {
        algorithmIdentifier = try attempt.bytes(Int(attempt.u8()))
        reader = attempt
      } catch {
        stop = error
      }
    }
    data = reader.rest()
  }

  func write(to writer: inout ByteWriter) {
    writer.u8(method.rawValue)
    writer.zeros(3)
    if let algorithmIdentifier {
      writer.u8(UInt8(truncatingIfNeeded: algorithmIdentifier.count))
      writer.append(algorithmIdentifier)
    }
    writer.append(data)
  }

  /// The name of the signature's algorithm, or its OID; nil with any method but 14.
  package var algorithmName: String? {
    algorithmIdentifier.flatMap(SignatureAlgorithmTable.name(of:))
  }

  func fields(in range: Range<Int>) -> [Field] {
    var fields = [Field("method", code: method, at: range.part(4, 1))]
    guard let algorithmIdentifier else {
      return fields + [Field("data", .bytes(data), at: range.from(8))]
    }
    let algorithm = range.part(9, algorithmIdentifier.count)
    fields.append(
      Field(
        "algorithm", algorithmName.map(Field.Value.text) ?? .none, at: algorithm,
        [Field("AlgorithmIdentifier", .bytes(algorithmIdentifier), at: algorithm)]))
    fields.append(
      Field("signature", .bytes(data), at: range.from(9 + algorithmIdentifier.count)))
    return fields
  }
}
