/// What VICI's two sides send: a type, a name for most, and a message.
package struct VICIPacket: Equatable, Sendable {
  package enum Kind: UInt8, Sendable {
    case commandRequest = 0
    case commandResponse, commandUnknown, eventRegister, eventUnregister, eventConfirm, eventUnknown
    case event

    var hasName: Bool {
      switch self {
      case .commandRequest, .eventRegister, .eventUnregister, .event: true
      case .commandResponse, .commandUnknown, .eventConfirm, .eventUnknown: false
      }
    }
  }

  package var kind: Kind
  /// Empty where the kind has none.
  package var name: String
  package var message: VICIMessage

  /// The most bytes behind a length: the protocol's own limit.
  package static let longest = 512 << 10

  package init(_ kind: Kind, _ name: String = "", _ message: VICIMessage = VICIMessage()) {
    self.kind = kind
    self.name = name
    self.message = message
  }

  /// Reads what stands behind the length.
  package init(bytes: some Collection<UInt8>) throws(VICIError) {
    var cursor = VICICursor(bytes)
    let type = try cursor.byte()
    guard let kind = Kind(rawValue: type) else { throw .malformed("packet type \(type)") }
    self.kind = kind
    name = kind.hasName ? try cursor.name() : ""
    message = try VICIMessage(bytes: cursor.rest)
  }

  /// With the length in front, as it is sent.
  package var bytes: [UInt8] {
    var body = [kind.rawValue]
    if kind.hasName { body.appendName(name) }
    body += message.bytes
    let count = UInt32(truncatingIfNeeded: body.count)
    return (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) } + body
  }
}

extension VICIPacket {
  /// Takes the first packet off `bytes`; nil while it has not come whole.
  static func take(from bytes: inout [UInt8]) throws(VICIError) -> VICIPacket? {
    guard bytes.count >= 4 else { return nil }
    let count = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    guard count <= longest else { throw .malformed("a packet of \(count) bytes") }
    guard bytes.count - 4 >= count else { return nil }
    let packet = try VICIPacket(bytes: bytes[4..<4 + count])
    bytes.removeFirst(4 + count)
    return packet
  }
}
