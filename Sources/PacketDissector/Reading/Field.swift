/// One named value of a packet, with the bytes it came from: what `decode -v` and JSON show.
///
/// Trees of these are made from typed values, never the other way round.
package struct Field: Equatable, Sendable {
  package enum Value: Equatable, Sendable {
    /// A heading: its children say the rest.
    case none
    /// A number, with its registered name where it has one.
    case number(UInt64, name: String? = nil)
    /// A number that is read in hexadecimal, such as an SPI: `digits` digits wide.
    case hex(UInt64, digits: Int)
    /// Bit flags, with the names of those that are set.
    case flags(UInt64, names: [String])
    /// Text off the wire or made here; whoever shows it escapes it.
    case text(String)
    case bytes([UInt8])
    case address(IPAddress)
    case flag(Bool)
    /// Where decoding stopped, and why.
    case error(DissectionError)
  }

  /// Lower case, in the standard's terms: "next payload".
  package var name: String
  package var value: Value
  /// Bytes from the first byte of the frame, or of the reassembled datagram.
  package var range: Range<Int>
  package var children: [Field]

  package init(
    _ name: String, _ value: Value = .none, at range: Range<Int>, _ children: [Field] = []
  ) {
    self.name = name
    self.value = value
    self.range = range
    self.children = children
  }

  /// A number with the name that its registry gives it.
  package init<Code: RegistryValue>(_ name: String, code: Code, at range: Range<Int>) {
    self.init(name, .number(UInt64(code.rawValue), name: code.name), at: range)
  }
}
