/// The CERT payload.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | Cert Encoding |                                               |
///     +-+-+-+-+-+-+-+-+                                               +
///     ~                       Certificate Data                        ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.6.
package struct CertificatePayload: Equatable, Sendable {
  static let hashByteCount = 20

  package var encoding: CertificateEncoding
  package var data: [UInt8]

  package init(encoding: CertificateEncoding, data: [UInt8]) {
    self.encoding = encoding
    self.data = data
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader, stop: inout DissectionError?) throws(DissectionError) {
    encoding = CertificateEncoding(rawValue: try reader.u8())
    let offset = reader.offset
    data = reader.rest()
    if isHashAndURL {
      stop = reader.sizeError(of: data.count, at: offset, due: Self.hashByteCount...Int.max)
    }
  }

  func write(to writer: inout ByteWriter) {
    writer.u8(encoding.rawValue)
    writer.append(data)
  }

  private var isHashAndURL: Bool {
    encoding == .hashAndURLOfX509Certificate || encoding == .hashAndURLOfX509Bundle
  }

  /// The SHA-1 of the certificate or bundle, and where to fetch it; nil for other encodings.
  package var hashAndURL: (hash: [UInt8], url: String)? {
    guard isHashAndURL, data.count >= Self.hashByteCount else { return nil }
    return (
      Array(data.prefix(Self.hashByteCount)),
      String(decoding: data.dropFirst(Self.hashByteCount), as: UTF8.self)
    )
  }

  func fields(in range: Range<Int>) -> [Field] {
    var fields = [Field("encoding", code: encoding, at: range.part(4, 1))]
    if let (hash, url) = hashAndURL {
      fields.append(Field("hash", .bytes(hash), at: range.part(5, Self.hashByteCount)))
      fields.append(Field("URL", .text(url), at: range.from(5 + Self.hashByteCount)))
    } else {
      fields.append(Field("certificate", .bytes(data), at: range.from(5)))
    }
    return fields
  }
}

/// The CERTREQ payload: whose certificates the sender can use.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | Cert Encoding |                                               |
///     +-+-+-+-+-+-+-+-+                                               +
///     ~                    Certification Authority                    ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.7.
package struct CertificateRequestPayload: Equatable, Sendable {
  package var encoding: CertificateEncoding
  package var data: [UInt8]

  package init(encoding: CertificateEncoding, data: [UInt8]) {
    self.encoding = encoding
    self.data = data
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader, stop: inout DissectionError?) throws(DissectionError) {
    encoding = CertificateEncoding(rawValue: try reader.u8())
    let offset = reader.offset
    data = reader.rest()
    let excess = data.count % CertificatePayload.hashByteCount
    if listsHashes, excess != 0 {
      stop = reader.error(.trailing(count: excess), at: offset + data.count - excess)
    }
  }

  func write(to writer: inout ByteWriter) {
    writer.u8(encoding.rawValue)
    writer.append(data)
  }

  private var listsHashes: Bool {
    encoding == .x509CertificateSignature || encoding == .hashAndURLOfX509Certificate
      || encoding == .hashAndURLOfX509Bundle
  }

  /// The SHA-1 of each accepted authority's public key; nil for encodings that list none.
  package var authorities: [[UInt8]]? {
    let size = CertificatePayload.hashByteCount
    guard listsHashes, data.count.isMultiple(of: size) else { return nil }
    return stride(from: 0, to: data.count, by: size).map { Array(data[$0..<$0 + size]) }
  }

  func fields(in range: Range<Int>) -> [Field] {
    var fields = [Field("encoding", code: encoding, at: range.part(4, 1))]
    if let authorities {
      for (index, hash) in authorities.enumerated() {
        fields.append(
          Field("authority", .bytes(hash), at: range.part(5 + index * hash.count, hash.count)))
      }
    } else {
      fields.append(Field("authority", .bytes(data), at: range.from(5)))
    }
    return fields
  }
}
