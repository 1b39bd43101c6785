package import PacketDissector

extension Timestamp {
  /// Reads RFC 3339: "2026-11-23T14:44:29.310Z", with a space for the T and an offset for the Z if
  /// need be. Nil for anything else, and for days that no calendar has.
  package init?(rfc3339 text: String) {
    var rest = text.utf8[...]
    guard let year = Self.number(&rest, digits: 4), Self.take(&rest, "-"),
      let month = Self.number(&rest, digits: 2), Self.take(&rest, "-"),
      let day = Self.number(&rest, digits: 2), Self.take(&rest, "Tt "),
      let hour = Self.number(&rest, digits: 2), Self.take(&rest, ":"),
      let minute = Self.number(&rest, digits: 2), Self.take(&rest, ":"),
      let second = Self.number(&rest, digits: 2),
      hour < 24, minute < 60, second <= 60,
      let days = CivilDate.daysSince1970(year: year, month: month, day: day),
      let fraction = Self.fraction(&rest), let offset = Self.offset(&rest), rest.isEmpty
    else { return nil }
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return nil }
    self.init(nanoseconds: product &+ fraction)
  }

  /// Reads seconds since 1970 with up to nine decimals: "1732371869.31".
  package init?(epochSeconds text: String) {
    var rest = text.utf8[...]
    let whole = rest.prefix { $0 != UInt8(ascii: ".") }
    guard let seconds = UInt32(Substring(whole)) else { return nil }
    rest = rest.dropFirst(whole.count)
    guard let fraction = Self.fraction(&rest), rest.isEmpty else { return nil }
    self.init(nanoseconds: Int64(seconds) * 1_000_000_000 + fraction)
  }

  private static func number(_ rest: inout Substring.UTF8View, digits: Int) -> Int64? {
    let part = rest.prefix(digits)
    guard part.count == digits, part.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    rest = rest.dropFirst(digits)
    return part.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
  }

  private static func take(_ rest: inout Substring.UTF8View, _ choices: String) -> Bool {
    guard let first = rest.first, choices.utf8.contains(first) else { return false }
    rest = rest.dropFirst()
    return true
  }

  /// Nanoseconds of ".310"; zero where there is no point.
  private static func fraction(_ rest: inout Substring.UTF8View) -> Int64? {
    guard take(&rest, ".") else { return 0 }
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    guard !digits.isEmpty else { return nil }
    rest = rest.dropFirst(digits.count)
    let nine = digits.prefix(9)
    return nine.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
      * [
        1_000_000_000, 100_000_000, 10_000_000,
        1_000_000, 100_000, 10_000, 1000, 100, 10, 1,
      ][nine.count]
  }

  /// Seconds east of Greenwich: "Z", "+02:00" or "-0700".
  private static func offset(_ rest: inout Substring.UTF8View) -> Int64? {
    if take(&rest, "Zz") { return 0 }
    let sign: Int64 = rest.first == UInt8(ascii: "-") ? -1 : 1
    guard take(&rest, "+-"), let hours = number(&rest, digits: 2) else { return nil }
    _ = take(&rest, ":")
    guard let minutes = number(&rest, digits: 2), hours < 24, minutes < 60 else { return nil }
    return sign * (hours * 3600 + minutes * 60)
  }
}

extension CivilDate {
  /// The inverse of ``init(daysSince1970:)``; nil for a day that its month does not have.
  static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64? {
    guard (1...12).contains(month), (1...31).contains(day) else { return nil }
    let shiftedYear = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = shiftedYear.split(by: 400)
    let shiftedMonth = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    let back = CivilDate(daysSince1970: days)
    return back.month == month && back.day == day ? days : nil
  }
}
