/// A message of VICI, strongSwan's Versatile IKE Control Interface: values, lists and sections by name, in
/// the daemon's order.
///
/// The format is described in src/libcharon/plugins/vici/README.md of strongSwan.
package struct VICIMessage: Equatable, Sendable {
  package enum Value: Equatable, Sendable {
    case text(String)
    case list([String])
    case section(VICIMessage)
  }

  package struct Entry: Equatable, Sendable {
    package var name: String
    package var value: Value

    package init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }
  }

  package var entries: [Entry]

  package init(_ entries: [Entry] = []) { self.entries = entries }

  /// The first value of that name.
  package subscript(name: String) -> String? {
    guard case .text(let text)? = value(name) else { return nil }
    return text
  }

  /// The items of the list of that name; none without one.
  package func list(_ name: String) -> [String] {
    guard case .list(let items)? = value(name) else { return [] }
    return items
  }

  package func section(_ name: String) -> VICIMessage? {
    guard case .section(let section)? = value(name) else { return nil }
    return section
  }

  /// All sections with their names.
  package var sections: [(name: String, section: VICIMessage)] {
    entries.compactMap { entry in
      guard case .section(let section) = entry.value else { return nil }
      return (entry.name, section)
    }
  }

  /// A decimal number.
  package func number(_ name: String) -> UInt64? { self[name].flatMap { UInt64($0) } }

  private func value(_ name: String) -> Value? { entries.first { $0.name == name }?.value }
}

/// The types of elements.
private enum Element: UInt8 {
  case sectionStart = 1
  case sectionEnd, keyValue, listStart, listItem, listEnd
}

extension VICIMessage {
  /// The daemon's own messages are four sections deep.
  private static let depthLimit = 32

  /// - Throws: ``VICIError/malformed(_:)`` for bytes that are no message.
  package init(bytes: some Collection<UInt8>) throws(VICIError) {
    var cursor = VICICursor(bytes)
    /// The sections that are open, the innermost last; the first has no name.
    var open: [(name: String, message: VICIMessage)] = [("", VICIMessage())]
    var list: (name: String, items: [String])?
    while !cursor.isAtEnd {
      let type = try cursor.byte()
      switch (Element(rawValue: type), list) {
      case (.sectionStart, nil):
        guard open.count <= Self.depthLimit else { throw .malformed("sections are too deep") }
        open.append((try cursor.name(), VICIMessage()))
      case (.sectionEnd, nil):
        guard open.count > 1, let (name, message) = open.popLast() else {
          throw .malformed("a section ends that none began")
        }
        open[open.count - 1].message.entries.append(Entry(name, .section(message)))
      case (.keyValue, nil):
        let name = try cursor.name()
        open[open.count - 1].message.entries.append(Entry(name, .text(try cursor.value())))
      case (.listStart, nil):
        list = (try cursor.name(), [])
      case (.listItem, .some):
        list?.items.append(try cursor.value())
      case (.listEnd, .some(let ended)):
        open[open.count - 1].message.entries.append(Entry(ended.name, .list(ended.items)))
        list = nil
      default:
        throw .malformed("element type \(type) at byte \(cursor.offset - 1)")
      }
    }
    guard open.count == 1, list == nil else { throw .malformed("a section or list does not end") }
    self = open[0].message
  }

  /// Names are cut at 255 bytes and values at 65,535, which is what their length fields hold.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }

  private func append(to bytes: inout [UInt8]) {
    for entry in entries {
      switch entry.value {
      case .text(let text):
        bytes.append(Element.keyValue.rawValue)
        bytes.appendName(entry.name)
        bytes.appendValue(text)
      case .list(let items):
        bytes.append(Element.listStart.rawValue)
        bytes.appendName(entry.name)
        for item in items {
          bytes.append(Element.listItem.rawValue)
          bytes.appendValue(item)
        }
        bytes.append(Element.listEnd.rawValue)
      case .section(let section):
        bytes.append(Element.sectionStart.rawValue)
        bytes.appendName(entry.name)
        section.append(to: &bytes)
        bytes.append(Element.sectionEnd.rawValue)
      }
    }
  }
}

/// Reads what a message is made of.
struct VICICursor {
  private let bytes: [UInt8]
  private(set) var offset = 0

  init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }

  var isAtEnd: Bool { offset >= bytes.count }

  var rest: ArraySlice<UInt8> { bytes[offset...] }

  mutating func byte() throws(VICIError) -> UInt8 {
    guard offset < bytes.count else { throw .malformed("it ends at byte \(offset)") }
    defer { offset += 1 }
    return bytes[offset]
  }

  /// Text behind a length of one byte.
  mutating func name() throws(VICIError) -> String {
    let count = Int(try byte())
    return try text(count)
  }

  /// Text behind a length of two bytes.
  mutating func value() throws(VICIError) -> String {
    let high = Int(try byte())
    let low = Int(try byte())
    return try text(high << 8 | low)
  }

  private mutating func text(_ count: Int) throws(VICIError) -> String {
    guard count <= bytes.count - offset else {
      throw .malformed("\(count) bytes at byte \(offset), where it has \(bytes.count - offset)")
    }
    defer { offset += count }
    return String(decoding: bytes[offset..<offset + count], as: UTF8.self)
  }
}

extension [UInt8] {
  /// Behind a length of one byte.
  mutating func appendName(_ name: String) {
    let text = name.utf8.prefix(255)
    append(UInt8(text.count))
    append(contentsOf: text)
  }

  fileprivate mutating func appendValue(_ value: String) {
    let text = value.utf8.prefix(65_535)
    append(UInt8(text.count >> 8))
    append(UInt8(text.count & 0xFF))
    append(contentsOf: text)
  }
}
