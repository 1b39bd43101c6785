/// The body of a delete payload: SAs that their owner no longer has.
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |              Domain of Interpretation  (DOI)                  |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |  Protocol-Id  |   SPI Size    |           # of SPIs           |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |               Security Parameter Index(es) (SPI)              |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 2408, section 3.15.
package struct IKEv1Delete: Equatable, Sendable {
  package var domain: IKEv1DomainOfInterpretation
  package var protocolID: IKEv1ProtocolID
  /// Of each SPI: 16 for ISAKMP, whose SPI is both cookies, else 4.
  package var spiByteCount: UInt8
  package var spis: [[UInt8]]
  /// What the wire claimed; ``write(to:)`` counts for itself.
  package var spiCount: UInt16

  package init(
    domain: IKEv1DomainOfInterpretation = .ipsec, protocolID: IKEv1ProtocolID,
    spiByteCount: UInt8, spis: [[UInt8]]
  ) {
    self.domain = domain
    self.protocolID = protocolID
    self.spiByteCount = spiByteCount
    self.spis = spis
    self.spiCount = UInt16(truncatingIfNeeded: spis.count)
  }

  @_lifetime(reader: copy reader)
  package init(
    from reader: inout ByteReader, stop: inout DissectionError?
  ) throws(DissectionError) {
    self.init(
      domain: IKEv1DomainOfInterpretation(rawValue: try reader.u32()),
      protocolID: IKEv1ProtocolID(rawValue: try reader.u8()), spiByteCount: try reader.u8(),
      spis: [])
    let countOffset = reader.offset
    spiCount = try reader.u16()
    // SPIs of no bytes would let twelve bytes claim 65,535 of them.
    guard spiByteCount > 0 || spiCount == 0 else {
      stop =
        stop
        ?? reader.error(
          .badValue(field: "number of SPIs", value: UInt64(spiCount)), at: countOffset)
      return
    }
    do throws(DissectionError) {
      for _ in 0..<spiCount { spis.append(try reader.bytes(Int(spiByteCount))) }
    } catch {
      stop = stop ?? error
      reader.skipAll()
    }
  }

  package func write(to writer: inout ByteWriter) {
    writer.u32(domain.rawValue)
    writer.u8(protocolID.rawValue)
    writer.u8(spiByteCount)
    writer.u16(UInt16(truncatingIfNeeded: spis.count))
    for spi in spis { writer.append(spi) }
  }
}
