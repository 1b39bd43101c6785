// Structures that some notifications carry.

/// The gateway that REDIRECT and REDIRECTED_FROM name: type(1), length(1), identity.
///
/// RFC 5685, sections 9.2 and 9.3.
package struct GatewayIdentity: Equatable, Sendable {
  package var type: GatewayIdentityType
  /// At most 255 octets.
  package var data: [UInt8]

  package init(type: GatewayIdentityType, data: [UInt8]) {
    self.type = type
    self.data = data
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(DissectionError) {
    type = GatewayIdentityType(rawValue: try reader.u8())
    data = try reader.bytes(Int(reader.u8()))
  }

  func write(to writer: inout ByteWriter) {
    writer.u8(type.rawValue)
    writer.u8(UInt8(truncatingIfNeeded: data.count))
    writer.append(data)
  }

  /// The identity as its type demands; bytes where it does not fit.
  package var value: Field.Value {
    switch type {
    case .ipv4 where data.count == 4, .ipv6 where data.count == 16:
      IPAddress(octets: data).map(Field.Value.address) ?? .bytes(data)
    case .fqdn: .text(String(decoding: data, as: UTF8.self))
    default: .bytes(data)
    }
  }
}

/// Which post-quantum preshared key is meant: type(1), identity.
///
/// RFC 8784, section 5.1.
package struct PPKIdentity: Equatable, Sendable {
  package var type: PPKIdentityType
  package var data: [UInt8]

  package init(type: PPKIdentityType, data: [UInt8]) {
    self.type = type
    self.data = data
  }

  /// Reads the type and an identity of `count` octets.
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader, count: Int) throws(DissectionError) {
    guard count >= 0 else {
      throw reader.error(
        .badLength(claimed: reader.remaining, minimum: reader.remaining - count), at: reader.offset)
    }
    type = PPKIdentityType(rawValue: try reader.u8())
    data = try reader.bytes(count)
  }

  func write(to writer: inout ByteWriter) {
    writer.u8(type.rawValue)
    writer.append(data)
  }
}

/// USE_AGGFRAG's octet of flags.
///
/// RFC 9347, section 5.1.
package struct AggregationFlags: OptionSet, Sendable {
  /// The sender can't take packets that are fragmented over several.
  package static let dontFragment = AggregationFlags(rawValue: 0x01)
  /// The sender wants congestion control.
  package static let congestionControl = AggregationFlags(rawValue: 0x02)

  package let rawValue: UInt8

  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  var names: [String] {
    (contains(.dontFragment) ? ["don't fragment"] : [])
      + (contains(.congestionControl) ? ["congestion control"] : [])
  }
}

/// One authentication method that a peer announces: length(1), method(1), then by that length nothing,
/// the link to a CA, or the link and the DER of an AlgorithmIdentifier.
///
/// RFC 9593, section 3.2.
package struct AuthenticationAnnouncement: Equatable, Sendable {
  package var method: AuthenticationMethod
  /// Counts from 1 the CAs in the same message's CERTREQ; 0 is any of them.
  package var certificateLink: UInt8?
  /// At most 252 octets; empty unless ``method`` needs one, and never without a link.
  package var algorithmIdentifier: [UInt8]

  package init(
    method: AuthenticationMethod, certificateLink: UInt8? = nil, algorithmIdentifier: [UInt8] = []
  ) {
    self.method = method
    self.certificateLink = certificateLink
    self.algorithmIdentifier = algorithmIdentifier
  }

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(DissectionError) {
    let start = reader.offset
    let length = Int(try reader.u8())
    guard length >= 2 else {
      throw reader.error(.badLength(claimed: length, minimum: 2), at: start)
    }
    var body = try reader.slice(length - 1, by: .recordLength)
    method = AuthenticationMethod(rawValue: try body.u8())
    certificateLink = body.isAtEnd ? nil : try body.u8()
    algorithmIdentifier = body.rest()
  }

  /// Reads announcements up to the reader's end, or to one that is cut.
  @_lifetime(reader: copy reader)
  static func list(
    from reader: inout ByteReader, stop: inout DissectionError?
  ) -> [AuthenticationAnnouncement] {
    var announcements: [AuthenticationAnnouncement] = []
    while !reader.isAtEnd {
      var attempt = reader
      do throws(DissectionError) {
        announcements.append(try AuthenticationAnnouncement(from: &attempt))
      } catch {
        stop = stop ?? error
        break
      }
      reader = attempt
    }
    return announcements
  }

  func write(to writer: inout ByteWriter) {
    writer.u8(UInt8(truncatingIfNeeded: byteCount))
    writer.u8(method.rawValue)
    if let certificateLink {
      writer.u8(certificateLink)
      writer.append(algorithmIdentifier)
    }
  }

  var byteCount: Int { certificateLink == nil ? 2 : 3 + algorithmIdentifier.count }

  /// The name of the signature's algorithm, or its OID.
  package var algorithmName: String? {
    SignatureAlgorithmTable.name(of: algorithmIdentifier)
  }
}
