internal import Glibc
package import PacketDissector

/// How a line of text shows a frame's time.
package enum TimeStyle: String, CaseIterable, Sendable {
  /// Seconds since the first frame.
  case relative
  /// Seconds since the frame before.
  case delta
  /// Seconds since 1970.
  case epoch
  /// RFC 3339, UTC.
  case utc
  /// RFC 3339 in this machine's time zone, with its offset.
  case local
}

/// Writes timestamps; keeps the last second's text, as most frames share it with the one before.
package struct TimeText: Sendable {
  private let style: TimeStyle
  private var first: Timestamp?
  private var previous: Timestamp?
  private var second: Int64?
  private var date: [UInt8] = []
  private var zone: [UInt8] = []

  package init(style: TimeStyle) {
    self.style = style
  }

  /// Appends `time`; microseconds for reading, nanoseconds in RFC 3339.
  package mutating func write(_ time: Timestamp, to text: inout TextBuffer) {
    let start = first ?? time
    let before = previous ?? time
    first = start
    previous = time
    switch style {
    case .relative: seconds(time.nanoseconds &- start.nanoseconds, to: &text)
    case .delta: seconds(time.nanoseconds &- before.nanoseconds, to: &text)
    case .epoch: seconds(time.nanoseconds, to: &text)
    case .utc, .local: calendar(time, to: &text)
    }
  }

  private func seconds(_ nanoseconds: Int64, to text: inout TextBuffer) {
    if nanoseconds < 0 { text.put(UInt8(ascii: "-")) }
    let microseconds = nanoseconds.magnitude / 1000
    text.decimal(microseconds / 1_000_000)
    text.put(UInt8(ascii: "."))
    text.decimal(microseconds % 1_000_000, width: 6)
  }

  private mutating func calendar(_ time: Timestamp, to text: inout TextBuffer) {
    let (whole, fraction) = time.split
    if second != whole {
      second = whole
      setDate(whole)
    }
    text.put(date)
    text.put(UInt8(ascii: "."))
    text.decimal(UInt64(fraction), width: 9)
    text.put(zone)
  }

  private mutating func setDate(_ whole: Int64) {
    let offset = style == .local ? Self.localOffset(at: whole) : 0
    let (days, seconds) = (whole &+ Int64(offset)).split(by: 86_400)
    let day = CivilDate(daysSince1970: days)
    var text = TextBuffer(capacity: 32)
    text.decimal(UInt64(clamping: day.year), width: 4)
    text.put("-")
    text.decimal(UInt64(clamping: day.month), width: 2)
    text.put("-")
    text.decimal(UInt64(clamping: day.day), width: 2)
    text.put("T")
    text.decimal(UInt64(clamping: seconds / 3600), width: 2)
    text.put(":")
    text.decimal(UInt64(clamping: seconds / 60 % 60), width: 2)
    text.put(":")
    text.decimal(UInt64(clamping: seconds % 60), width: 2)
    date = Array(text.string.utf8)
    zone = Array((style == .utc ? "Z" : Self.offset(offset)).utf8)
  }

  /// Seconds east of Greenwich that this machine's time zone had then.
  private static func localOffset(at whole: Int64) -> Int {
    var seconds = time_t(whole)
    var parts = unsafe tm()
    return unsafe localtime_r(&seconds, &parts) == nil ? 0 : unsafe parts.tm_gmtoff
  }

  /// "+02:00"
  private static func offset(_ seconds: Int) -> String {
    var text = TextBuffer(capacity: 8)
    text.put(seconds < 0 ? "-" : "+")
    text.decimal(UInt64(seconds.magnitude / 3600), width: 2)
    text.put(":")
    text.decimal(UInt64(seconds.magnitude / 60 % 60), width: 2)
    return text.string
  }
}

extension Timestamp {
  /// Whole seconds, rounded down, and the nanoseconds beyond them.
  package var split: (seconds: Int64, nanoseconds: Int64) {
    nanoseconds.split(by: 1_000_000_000)
  }
}

extension Int64 {
  /// Quotient rounded down, and the remainder, which is never negative.
  func split(by divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

/// A day of the proleptic Gregorian calendar.
package struct CivilDate: Equatable, Sendable {
  package let year: Int64
  package let month: Int64
  package let day: Int64

  /// Counts in eras of 400 years that begin on 1 March, so that a leap day ends its year.
  package init(daysSince1970 days: Int64) {
    let (era, dayOfEra) = (days + 719_468).split(by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }
}
