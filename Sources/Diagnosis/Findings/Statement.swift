package import PacketDissector

/// A sentence that keeps apart what it says and whom it names, so that a report can rename addresses,
/// SPIs and identities throughout.
///
///     "no answer from \(peer) in \(seconds: 165.1)"
package struct Statement: Equatable, Sendable, ExpressibleByStringInterpolation {
  package enum Part: Equatable, Sendable {
    /// Our own words, and numbers.
    case text(String)
    case address(IPAddress)
    /// ESP and AH, four bytes.
    case spi(UInt32)
    /// IKE, eight bytes.
    case ikeSPI(UInt64)
    /// Who a peer claims to be: as it came off the wire, unescaped.
    case identity(String)
    /// A network or range of a traffic selector.
    case network(String)
  }

  package private(set) var parts: [Part]

  package init(_ parts: [Part]) { self.parts = parts }

  package init(stringLiteral value: String) { parts = [.text(value)] }

  package init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts }

  package static func + (left: Statement, right: Statement) -> Statement {
    Statement(left.parts + right.parts)
  }

  package static func += (left: inout Statement, right: Statement) { left.parts += right.parts }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var parts: [Part] = []

    package init(literalCapacity: Int, interpolationCount: Int) {}

    package mutating func appendLiteral(_ literal: String) {
      if !literal.isEmpty { parts.append(.text(literal)) }
    }

    package mutating func appendInterpolation(_ address: IPAddress) {
      parts.append(.address(address))
    }

    package mutating func appendInterpolation(spi: UInt32) { parts.append(.spi(spi)) }

    package mutating func appendInterpolation(ikeSPI: UInt64) { parts.append(.ikeSPI(ikeSPI)) }

    package mutating func appendInterpolation(identity: String) {
      parts.append(.identity(identity))
    }

    package mutating func appendInterpolation(network: String) { parts.append(.network(network)) }

    package mutating func appendInterpolation(_ text: String) { parts.append(.text(text)) }

    package mutating func appendInterpolation(_ number: some FixedWidthInteger) {
      parts.append(.text(Quantity.grouped(Int64(clamping: number))))
    }

    package mutating func appendInterpolation(_ statement: Statement) { parts += statement.parts }

    /// A duration with its unit, as precise as a reader needs.
    package mutating func appendInterpolation(_ duration: Nanoseconds) {
      parts.append(.text(duration.description))
    }
  }

  /// The sentence with everyone's own name, for tests and logs.
  package var plain: String {
    parts.map { part in
      switch part {
      case .text(let text), .identity(let text), .network(let text): text
      case .address(let address): address.description
      case .spi(let spi): Quantity.hexadecimal(UInt64(spi), digits: 8)
      case .ikeSPI(let spi): Quantity.hexadecimal(spi, digits: 16)
      }
    }.joined()
  }
}

/// A span of time.
package struct Nanoseconds: Equatable, Comparable, Sendable, CustomStringConvertible {
  package var count: Int64

  package init(_ count: Int64) { self.count = count }

  /// From one moment of a capture to another; saturates.
  package init(from start: Timestamp, to end: Timestamp) {
    let (difference, overflow) = end.nanoseconds.subtractingReportingOverflow(start.nanoseconds)
    count = overflow ? (end < start ? .min : .max) : difference
  }

  /// Saturates.
  package init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carries) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    count = overflow || carries ? (seconds < 0 ? .min : .max) : sum
  }

  package static func seconds(_ seconds: Double) -> Nanoseconds {
    Nanoseconds(Int64(max(-9e9, min(9e9, seconds)) * 1e9))
  }

  package var seconds: Double { Double(count) / 1e9 }

  package static func < (left: Nanoseconds, right: Nanoseconds) -> Bool { left.count < right.count }

  /// "0.34 ms", "12.4 ms", "4.0 s", "165 s", "2 h 5 min"
  package var description: String {
    let sign = count < 0 ? "-" : ""
    let microseconds = count.magnitude / 1000
    switch microseconds {
    case ..<1000: return "\(sign)0.\(Quantity.padded(microseconds / 10, 2)) ms"
    case ..<100_000:
      return "\(sign)\(microseconds / 1000).\(microseconds / 100 % 10) ms"
    case ..<1_000_000: return "\(sign)\(microseconds / 1000) ms"
    case ..<100_000_000:
      return "\(sign)\(microseconds / 1_000_000).\(microseconds / 100_000 % 10) s"
    case ..<7_200_000_000: return "\(sign)\(microseconds / 1_000_000) s"
    case ..<172_800_000_000:
      let minutes = microseconds / 60_000_000
      return "\(sign)\(minutes / 60) h \(minutes % 60) min"
    default: return "\(sign)\(microseconds / 86_400_000_000) days"
    }
  }
}

/// Numbers as a reader takes them in.
package enum Quantity {
  /// "1,204,881"
  package static func grouped(_ value: Int64) -> String {
    var digits = String(value.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    groups.insert(digits, at: 0)
    return (value < 0 ? "-" : "") + groups.joined(separator: ",")
  }

  /// "0.18 %", "12 %": two significant digits; "0 %" only for nothing at all.
  package static func percent(_ part: UInt64, of whole: UInt64) -> String {
    guard whole > 0 else { return "0 %" }
    let share = Double(part) * 100 / Double(whole)
    if part == 0 { return "0 %" }
    if share >= 10 { return "\(Int(share.rounded())) %" }
    if share >= 1 { return "\(decimal(share, places: 1)) %" }
    if share >= 0.01 { return "\(decimal(share, places: 2)) %" }
    return "under 0.01 %"
  }

  /// A number that is not negative, with that many places behind the point.
  package static func decimal(_ value: Double, places: Int) -> String {
    var scale: UInt64 = 1
    for _ in 0..<max(0, places) { scale *= 10 }
    guard value.isFinite, value >= 0, value < 1e12 else { return "\(value)" }
    let scaled = UInt64((value * Double(scale)).rounded())
    return places == 0 ? "\(scaled)" : "\(scaled / scale).\(padded(scaled % scale, places))"
  }

  /// "once", "twice", "17 times"
  package static func times(_ count: UInt64) -> String {
    switch count {
    case 1: "once"
    case 2: "twice"
    default: "\(grouped(Int64(clamping: count))) times"
    }
  }

  static func padded(_ value: UInt64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  package static func hexadecimal(_ value: UInt64, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
