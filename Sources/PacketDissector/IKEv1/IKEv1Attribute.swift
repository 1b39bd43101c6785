/// A data attribute: of an SA transform, of RESPONDER-LIFETIME, or of a mode-config payload.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |A|       Attribute Type        |    AF=0  Attribute Length     |
///     |F|                             |    AF=1  Attribute Value      |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     .                   AF=0  Attribute Value                       .
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 2408, section 3.3.
package struct IKEv1Attribute: Equatable, Sendable {
  /// Whose numbers the attribute types of a list are.
  package enum Space: Sendable {
    /// The IKE SA's own: RFC 2409, appendix A.
    case phase1
    /// Those of AH, ESP and IPComp SAs: RFC 2407, section 4.5.
    case phase2
    /// Those of mode config and XAUTH.
    case configuration
  }

  package enum Kind: Hashable, Sendable {
    case phase1(IKEv1AttributeType)
    case phase2(IKEv1SAAttributeType)
    case configuration(IKEv1ConfigurationAttributeType)
  }

  package enum Value: Equatable, Sendable {
    /// AF=1: two octets in the place of the length.
    case basic(UInt16)
    /// AF=0: as many octets as the length says.
    case variable([UInt8])
  }

  package var kind: Kind
  package var value: Value
  package var range: Range<Int>

  package init(_ kind: Kind, _ value: Value, range: Range<Int> = 0..<0) {
    self.kind = kind
    self.value = value
    self.range = range
  }

  @_lifetime(reader: copy reader)
  package init(from reader: inout ByteReader, in space: Space) throws(DissectionError) {
    let start = reader.offset
    let type = try reader.u16()
    kind = Kind(type & 0x7FFF, in: space)
    if type & 0x8000 != 0 {
      value = .basic(try reader.u16())
    } else {
      value = .variable(try reader.bytes(Int(try reader.u16())))
    }
    range = start..<reader.offset
  }

  package func write(to writer: inout ByteWriter) {
    switch value {
    case .basic(let value):
      writer.u16(kind.rawValue | 0x8000)
      writer.u16(value)
    case .variable(let bytes):
      writer.u16(kind.rawValue & 0x7FFF)
      writer.u16(UInt16(truncatingIfNeeded: bytes.count))
      writer.append(bytes)
    }
  }

  /// All attributes up to the reader's end; the first that is malformed ends the list.
  @_lifetime(reader: copy reader)
  package static func list(
    from reader: inout ByteReader, in space: Space, stop: inout DissectionError?
  ) -> [IKEv1Attribute] {
    var attributes: [IKEv1Attribute] = []
    do throws(DissectionError) {
      while !reader.isAtEnd {
        attributes.append(try IKEv1Attribute(from: &reader, in: space))
      }
    } catch {
      stop = stop ?? error
      reader.skipAll()
    }
    return attributes
  }
}

extension IKEv1Attribute.Kind {
  package init(_ rawValue: UInt16, in space: IKEv1Attribute.Space) {
    switch space {
    case .phase1: self = .phase1(IKEv1AttributeType(rawValue: rawValue))
    case .phase2: self = .phase2(IKEv1SAAttributeType(rawValue: rawValue))
    case .configuration:
      self = .configuration(IKEv1ConfigurationAttributeType(rawValue: rawValue))
    }
  }

  package var rawValue: UInt16 {
    switch self {
    case .phase1(let type): type.rawValue
    case .phase2(let type): type.rawValue
    case .configuration(let type): type.rawValue
    }
  }

  package var name: String? {
    switch self {
    case .phase1(let type): type.name
    case .phase2(let type): type.name
    case .configuration(let type): type.name
    }
  }
}

extension IKEv1Attribute {
  /// The value as a number, in either form of the attribute; nil when it is empty or too wide.
  package var number: UInt64? {
    switch value {
    case .basic(let value): UInt64(value)
    case .variable(let bytes):
      bytes.isEmpty || bytes.count > 8 ? nil : bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  /// What the registry of the attribute's values calls its number.
  package var valueName: String? {
    guard let code = number.flatMap({ UInt16(exactly: $0) }) else { return nil }
    return switch kind {
    case .phase1(.encryptionAlgorithm): IKEv1EncryptionAlgorithm.name(of: code)
    case .phase1(.hashAlgorithm): IKEv1HashAlgorithm.name(of: code)
    case .phase1(.authenticationMethod): IKEv1AuthenticationMethod.name(of: code)
    case .phase1(.groupDescription), .phase2(.groupDescription): IKEv1Group.name(of: code)
    case .phase1(.groupType): IKEv1GroupType.name(of: code)
    case .phase1(.lifeType), .phase2(.saLifeType): IKEv1LifeType.name(of: code)
    case .phase2(.encapsulationMode): IKEv1EncapsulationMode.name(of: code)
    case .phase2(.authenticationAlgorithm): IKEv1AuthenticationAlgorithm.name(of: code)
    case .configuration(.xauthType): IKEv1XAUTHType.name(of: code)
    case .configuration(.xauthStatus): IKEv1XAUTHStatus.name(of: code)
    default: nil
    }
  }

  /// A password or another answer that proves a person: no report may print it.
  package var isSecret: Bool {
    switch kind {
    case .configuration(.xauthUserPassword), .configuration(.xauthPasscode),
      .configuration(.xauthNextPin), .configuration(.xauthAnswer):
      true
    default: false
    }
  }
}

extension [IKEv1Attribute] {
  /// The pairs of life type and duration, RFC 2407 section 4.5; a duration without a type before
  /// it, or wider than 64 bits, is left out.
  package var lifetimes: [(type: IKEv1LifeType, duration: UInt64)] {
    var pairs: [(type: IKEv1LifeType, duration: UInt64)] = []
    var type: IKEv1LifeType?
    for attribute in self {
      switch attribute.kind {
      case .phase1(.lifeType), .phase2(.saLifeType):
        type = attribute.number.flatMap { UInt16(exactly: $0) }.map(IKEv1LifeType.init(rawValue:))
      case .phase1(.lifeDuration), .phase2(.saLifeDuration):
        if let type, let duration = attribute.number { pairs.append((type, duration)) }
        type = nil
      default: break
      }
    }
    return pairs
  }
}
