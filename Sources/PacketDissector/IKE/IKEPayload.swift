/// One payload of an IKEv2 message.
///
/// A malformed body keeps what could be decoded, and the bytes behind that.
///
/// RFC 7296, section 3.2.
package struct IKEPayload: Equatable, Sendable {
  package var type: PayloadType
  /// Whoever does not know ``type`` must refuse the message.
  package var isCritical: Bool
  /// The whole payload, its generic header included.
  @SourceRange package var range: Range<Int>
  package var body: Body
  /// The bytes of the payload that follow what ``body`` holds; empty unless ``stop`` says why.
  package var undecoded: [UInt8]
  /// The first thing that was wrong in the body.
  package var stop: DissectionError?

  package enum Body: Equatable, Sendable {
    case securityAssociation(SecurityAssociationPayload)
    case keyExchange(KeyExchangePayload)
    /// IDi, IDr and IDg.
    case identification(IdentificationPayload)
    case certificate(CertificatePayload)
    case certificateRequest(CertificateRequestPayload)
    case authentication(AuthenticationPayload)
    case nonce([UInt8])
    case notify(NotifyPayload)
    case delete(DeletePayload)
    case vendorID([UInt8])
    /// TSi and TSr.
    case trafficSelectors(TrafficSelectorPayload)
    /// SK.
    case encrypted(EncryptedPayload)
    /// SKF.
    case encryptedFragment(EncryptedFragmentPayload)
    case configuration(ConfigurationPayload)
    case eap(EAPMessage)
    case groupSecurityAssociation(GroupSecurityAssociationPayload)
    case keyDownload(KeyDownloadPayload)
    /// GSPM and PS, types that are not known, and bodies of which nothing could be decoded.
    case opaque([UInt8])
  }

  package init(_ type: PayloadType, isCritical: Bool = false, _ body: Body) {
    self.type = type
    self.isCritical = isCritical
    self.body = body
    range = 0..<0
    undecoded = []
  }

  /// Reads the body, which is all that `reader` holds, behind the generic header.
  @_lifetime(reader: copy reader)
  init(
    type: PayloadType, header: GenericPayloadHeader, range: Range<Int>,
    from reader: inout ByteReader
  ) {
    self.type = type
    self.isCritical = header.isCritical
    self.range = range
    let whole = reader.offset..<reader.end
    var stop: DissectionError?
    do throws(DissectionError) {
      body = try Body(of: type, next: header.nextPayload, from: &reader, stop: &stop)
      undecoded = reader.rest()
      if stop == nil, !undecoded.isEmpty {
        stop = reader.error(
          .trailing(count: undecoded.count), at: whole.upperBound - undecoded.count)
      }
    } catch {
      stop = error
      body = .opaque(reader.copy(whole))
      undecoded = []
    }
    self.stop = stop
  }

  /// Writes the payload with its generic header; `next` is the type of the one that follows.
  package func write(to writer: inout ByteWriter, next: PayloadType) {
    writer.lengthPrefixed(at: 2) { writer in
      writer.u8((firstInside ?? next).rawValue)
      writer.u8(isCritical ? 0x80 : 0)
      writer.u16(0)
      body.write(to: &writer)
      writer.append(undecoded)
    }
  }

  /// SK or SKF, which end a chain even if they are too short to hold anything.
  package var isEncrypted: Bool { type == .encrypted || type == .encryptedFragment }

  /// The type of the first payload inside of SK or SKF; nil for any other.
  package var firstInside: PayloadType? {
    switch body {
    case .encrypted(let payload): payload.firstPayload
    case .encryptedFragment(let payload): payload.firstPayload
    default: nil
    }
  }
}

extension IKEPayload.Body {
  /// Decodes a body; what is wrong behind its fixed part is noted in `stop`, not thrown.
  @_lifetime(reader: copy reader)
  fileprivate init(
    of type: PayloadType, next: PayloadType, from reader: inout ByteReader,
    stop: inout DissectionError?
  ) throws(DissectionError) {
    switch type {
    case .securityAssociation:
      self = .securityAssociation(SecurityAssociationPayload(from: &reader, stop: &stop))
    case .keyExchange:
      self = .keyExchange(try KeyExchangePayload(from: &reader))
    case .identificationInitiator, .identificationResponder, .groupIdentification:
      self = .identification(try IdentificationPayload(from: &reader, stop: &stop))
    case .certificate:
      self = .certificate(try CertificatePayload(from: &reader, stop: &stop))
    case .certificateRequest:
      self = .certificateRequest(try CertificateRequestPayload(from: &reader, stop: &stop))
    case .authentication:
      self = .authentication(try AuthenticationPayload(from: &reader, stop: &stop))
    case .nonce:
      self = .nonce(reader.rest())
    case .notify:
      self = .notify(try NotifyPayload(from: &reader, stop: &stop))
    case .delete:
      self = .delete(try DeletePayload(from: &reader, stop: &stop))
    case .vendorID:
      self = .vendorID(reader.rest())
    case .trafficSelectorInitiator, .trafficSelectorResponder:
      self = .trafficSelectors(try TrafficSelectorPayload(from: &reader, stop: &stop))
    case .encrypted:
      self = .encrypted(EncryptedPayload(firstPayload: next, from: &reader))
    case .encryptedFragment:
      self = .encryptedFragment(
        try EncryptedFragmentPayload(firstPayload: next, from: &reader))
    case .configuration:
      self = .configuration(try ConfigurationPayload(from: &reader, stop: &stop))
    case .eap:
      self = .eap(try EAPMessage(from: &reader, stop: &stop))
    case .groupSecurityAssociation:
      self = .groupSecurityAssociation(try GroupSecurityAssociationPayload(from: &reader))
    case .keyDownload:
      self = .keyDownload(try KeyDownloadPayload(from: &reader))
    default:
      self = .opaque(reader.rest())
    }
  }

  fileprivate func write(to writer: inout ByteWriter) {
    switch self {
    case .securityAssociation(let payload): payload.write(to: &writer)
    case .keyExchange(let payload): payload.write(to: &writer)
    case .identification(let payload): payload.write(to: &writer)
    case .certificate(let payload): payload.write(to: &writer)
    case .certificateRequest(let payload): payload.write(to: &writer)
    case .authentication(let payload): payload.write(to: &writer)
    case .notify(let payload): payload.write(to: &writer)
    case .delete(let payload): payload.write(to: &writer)
    case .trafficSelectors(let payload): payload.write(to: &writer)
    case .encrypted(let payload): payload.write(to: &writer)
    case .encryptedFragment(let payload): payload.write(to: &writer)
    case .configuration(let payload): payload.write(to: &writer)
    case .eap(let payload): payload.write(to: &writer)
    case .groupSecurityAssociation(let payload): payload.write(to: &writer)
    case .keyDownload(let payload): payload.write(to: &writer)
    case .nonce(let bytes), .vendorID(let bytes), .opaque(let bytes): writer.append(bytes)
    }
  }
}
