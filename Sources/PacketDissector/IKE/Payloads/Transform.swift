/// One algorithm that a proposal offers.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     | Last Substruc |   RESERVED    |        Transform Length       |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |Transform Type |   RESERVED    |          Transform ID         |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     ~                      Transform Attributes                     ~
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// RFC 7296, section 3.3.2.
package struct Transform: Equatable, Sendable {
  package var type: TransformType
  /// A number of the registry that ``type`` chooses: see ``name``.
  package var id: UInt16
  package var attributes: [TransformAttribute]
  /// The bytes of the transform behind the last whole attribute.
  package var undecoded: [UInt8]
  @SourceRange package var range: Range<Int>

  package init(_ type: TransformType, id: UInt16, attributes: [TransformAttribute] = []) {
    self.type = type
    self.id = id
    self.attributes = attributes
    undecoded = []
    range = 0..<0
  }

  /// A transform with a key length in bits.
  package init(_ type: TransformType, id: UInt16, keyLength: UInt16) {
    let attribute = TransformAttribute(
      type: TransformAttributeType.keyLength.rawValue, .short(keyLength))
    self.init(type, id: id, attributes: [attribute])
  }

  /// The key length in bits that the transform asks for.
  package var keyLength: UInt16? {
    for attribute in attributes
    where attribute.type == TransformAttributeType.keyLength.rawValue {
      if case .short(let bits) = attribute.value { return bits }
    }
    return nil
  }

  /// The registered name of ``id`` in the registry of ``type``.
  package var name: String? {
    switch type {
    case .encryption: EncryptionAlgorithm.name(of: id)
    case .prf: PseudorandomFunction.name(of: id)
    case .integrity: IntegrityAlgorithm.name(of: id)
    case .keyExchange, .additionalKeyExchange1, .additionalKeyExchange2, .additionalKeyExchange3,
      .additionalKeyExchange4, .additionalKeyExchange5, .additionalKeyExchange6,
      .additionalKeyExchange7:
      KeyExchangeMethod.name(of: id)
    case .sequenceNumbers: SequenceNumbers.name(of: id)
    case .keyWrap: KeyWrapAlgorithm.name(of: id)
    case .groupControllerAuthentication: GroupControllerAuthentication.name(of: id)
    default: nil
    }
  }

  @_lifetime(reader: copy reader)
  fileprivate init(
    from reader: inout ByteReader, isLast: inout Bool, stop: inout DissectionError?
  ) throws(DissectionError) {
    let start = reader.offset
    isLast = try Substructure.isLast(from: &reader, more: 3, stop: &stop)
    var body = try Substructure.body(from: &reader, header: 4, by: .transformLength)
    type = TransformType(rawValue: try body.u8())
    try body.skip(1)
    id = try body.u16()
    attributes = TransformAttribute.list(from: &body, stop: &stop)
    undecoded = body.rest()
    range = start..<reader.offset
  }

  /// Reads transforms up to the one that says it is the last, or to one that is cut.
  @_lifetime(reader: copy reader)
  static func list(
    from reader: inout ByteReader, stop: inout DissectionError?
  ) -> [Transform] {
    var transforms: [Transform] = []
    var isLast = reader.isAtEnd
    while !isLast {
      var attempt = reader
      do throws(DissectionError) {
        transforms.append(try Transform(from: &attempt, isLast: &isLast, stop: &stop))
      } catch {
        stop = stop ?? error
        break
      }
      reader = attempt
    }
    return transforms
  }

  package static func write(_ transforms: [Transform], to writer: inout ByteWriter) {
    for (index, transform) in transforms.enumerated() {
      writer.lengthPrefixed(at: 2) { writer in
        writer.u8(index + 1 == transforms.count ? 0 : 3)
        writer.zeros(3)
        writer.u8(transform.type.rawValue)
        writer.u8(0)
        writer.u16(transform.id)
        for attribute in transform.attributes { attribute.write(to: &writer) }
        writer.append(transform.undecoded)
      }
    }
  }

  var field: Field {
    var children = [
      Field("type", code: type, at: range.part(4, 1)),
      Field("ID", .number(UInt64(id), name: name), at: range.part(6, 2)),
    ]
    for attribute in attributes {
      if attribute.type == TransformAttributeType.keyLength.rawValue,
        case .short(let bits) = attribute.value
      {
        children.append(Field("key length", .number(UInt64(bits)), at: attribute.range))
      } else {
        children.append(attribute.field(named: TransformAttributeType.name(of: attribute.type)))
      }
    }
    children.append(undecoded: undecoded, at: range)
    return Field("transform", at: range, children)
  }
}

/// The frame that proposals and transforms share: last(1) | reserved(1) | length(2).
enum Substructure {
  /// Reads the octet that is 0 in the last of its kind and `more` in the others.
  @_lifetime(reader: copy reader)
  static func isLast(
    from reader: inout ByteReader, more: UInt8, stop: inout DissectionError?
  ) throws(DissectionError) -> Bool {
    let offset = reader.offset
    let octet = try reader.u8()
    if octet != 0, octet != more {
      stop =
        stop
        ?? reader.error(.badValue(field: "last substructure", value: UInt64(octet)), at: offset)
    }
    return octet == 0
  }

  /// Reads the reserved octet and the length, which counts the four octets up to its own end too.
  ///
  /// `header` is how many octets must follow those four.
  @_lifetime(copy reader)
  @_lifetime(reader: copy reader)
  static func body(
    from reader: inout ByteReader, header: Int, by source: LengthSource
  ) throws(DissectionError) -> ByteReader {
    try reader.skip(1)
    let offset = reader.offset
    let length = Int(try reader.u16())
    guard length >= 4 + header else {
      throw reader.error(.badLength(claimed: length, minimum: 4 + header), at: offset)
    }
    return try reader.slice(length - 4, by: source)
  }
}
