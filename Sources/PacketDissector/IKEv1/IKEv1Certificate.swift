/// The body of a certificate or certificate request payload.
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | Cert Encoding |                                               |
///     +-+-+-+-+-+-+-+-+         Certificate (Authority) Data          +
///     |                                                               |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 2408, sections 3.9 and 3.10.
package struct IKEv1Certificate: Equatable, Sendable {
  package var encoding: IKEv1CertificateEncoding
  package var data: [UInt8]

  package init(encoding: IKEv1CertificateEncoding, data: [UInt8]) {
    self.encoding = encoding
    self.data = data
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader) throws(DissectionError) {
    encoding = IKEv1CertificateEncoding(rawValue: try reader.u8())
    data = reader.rest()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(encoding.rawValue)
    writer.append(data)
  }
}
