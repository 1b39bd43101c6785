/// Numbers and times as IKE daemons' configuration files write them.
package enum ConfigurationDuration {
  package enum Unit: Double, Sendable {
    case milliseconds = 0.001
    case seconds = 1
  }

  /// "30", "30s", "2m", "1h", "1d", "500ms", "1.5s": seconds. A number alone counts in `unit`. Nil for
  /// anything else, and for more than ten years.
  package static func seconds(_ text: String, unit: Unit = .seconds) -> Double? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let number = number(String(digits)) else { return nil }
    let scale: Double
    switch text[digits.endIndex...] {
    case "": scale = unit.rawValue
    case "ms": scale = 0.001
    case "s": scale = 1
    case "m": scale = 60
    case "h": scale = 3600
    case "d": scale = 86_400
    default: return nil
    }
    let seconds = number * scale
    return seconds <= 315_360_000 ? seconds : nil
  }

  /// A decimal number that is not negative; nil for what Swift would read as one besides, such as "nan".
  package static func number(_ text: String) -> Double? {
    guard !text.isEmpty, text.utf8.count <= 32, text.first != ".",
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") })
    else { return nil }
    return Double(text)
  }
}
