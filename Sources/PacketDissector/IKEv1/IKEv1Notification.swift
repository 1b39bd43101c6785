/// The body of a notification payload.
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |              Domain of Interpretation  (DOI)                  |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |  Protocol-ID  |   SPI Size    |      Notify Message Type      |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                Security Parameter Index (SPI)                 |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                       Notification Data                       |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 2408, section 3.14.
package struct IKEv1Notification: Equatable, Sendable {
  /// What the data of a known type says.
  package enum Meaning: Equatable, Sendable {
    /// Of R-U-THERE and its answer, RFC 3706 section 5.3.
    case sequenceNumber(UInt32)
    /// Whether the responder detects replay, RFC 2407 section 4.6.3.2.
    case replayDetection(Bool)
    /// Another gateway to use, of UNITY-LOAD-BALANCE.
    case gateway(IPAddress)
  }

  package var domain: IKEv1DomainOfInterpretation
  package var protocolID: IKEv1ProtocolID
  package var spi: [UInt8]
  package var type: IKEv1NotifyType
  package var data: [UInt8]
  /// The data of RESPONDER-LIFETIME, RFC 2407 section 4.6.3.1; empty for the other types.
  package private(set) var attributes: [IKEv1Attribute] = []

  package init(
    _ type: IKEv1NotifyType, domain: IKEv1DomainOfInterpretation = .ipsec,
    protocolID: IKEv1ProtocolID = .protoIsakmp, spi: [UInt8] = [], data: [UInt8] = []
  ) {
    self.domain = domain
    self.protocolID = protocolID
    self.spi = spi
    self.type = type
    self.data = data
  }

  /// A RESPONDER-LIFETIME.
  package init(
    lifetime attributes: [IKEv1Attribute], protocolID: IKEv1ProtocolID, spi: [UInt8]
  ) {
    var writer = ByteWriter()
    for attribute in attributes { attribute.write(to: &writer) }
    self.init(.responderLifetime, protocolID: protocolID, spi: spi, data: writer.bytes)
    self.attributes = attributes
  }

  @_lifetime(reader: copy reader)
  package init(
    from reader: inout ByteReader, stop: inout DissectionError?
  ) throws(DissectionError) {
    domain = IKEv1DomainOfInterpretation(rawValue: try reader.u32())
    protocolID = IKEv1ProtocolID(rawValue: try reader.u8())
    let spiByteCount = Int(try reader.u8())
    type = IKEv1NotifyType(rawValue: try reader.u16())
    spi = try reader.bytes(spiByteCount)
    switch type {
    case .rUThere, .rUThereAck, .replayStatus, .unityLoadBalance:
      reader.expect(4, stop: &stop)
    case .responderLifetime:
      var content = copy reader
      attributes = IKEv1Attribute.list(
        from: &content, in: protocolID == .protoIsakmp ? .phase1 : .phase2, stop: &stop)
    default: break
    }
    data = reader.rest()
  }

  package func write(to writer: inout ByteWriter) {
    writer.u32(domain.rawValue)
    writer.u8(protocolID.rawValue)
    writer.u8(UInt8(truncatingIfNeeded: spi.count))
    writer.u16(type.rawValue)
    writer.append(spi)
    writer.append(data)
  }

  package var meaning: Meaning? {
    guard data.count == 4 else { return nil }
    let word = data.reduce(0) { $0 << 8 | UInt32($1) }
    return switch type {
    case .rUThere, .rUThereAck: .sequenceNumber(word)
    case .replayStatus: .replayDetection(word != 0)
    case .unityLoadBalance: .gateway(IPAddress(v4: word))
    default: nil
    }
  }
}
