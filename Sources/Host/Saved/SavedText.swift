internal import Glibc
internal import PacketDissector

/// The output of a program as lines of words. What `ip -o` puts on one line with backslashes is taken apart.
struct SavedText {
  struct Line {
    /// Counted from one.
    let number: Int
    let words: [Substring]
    /// It belongs to what the line without blanks before it began.
    let isIndented: Bool

    var first: Substring { words.first ?? "" }

    /// The word behind `name`.
    func word(after name: Substring) -> Substring? {
      guard let place = words.firstIndex(of: name), place + 1 < words.count else { return nil }
      return words[place + 1]
    }

    /// The number behind `name`.
    func number(after name: Substring) -> UInt64? {
      word(after: name).flatMap { SavedText.number($0) }
    }

    func number32(after name: Substring) -> UInt32? {
      number(after: name).flatMap { UInt32(exactly: $0) }
    }

    func address(after name: Substring) -> IPAddress? {
      word(after: name).flatMap { IPAddress(text: String($0)) }
    }
  }

  private(set) var lines: [Line] = []

  init(_ text: [UInt8]) {
    let whole = String(decoding: text, as: UTF8.self)
    var number = 0
    for line in whole.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      for part in line.split(separator: "\\", omittingEmptySubsequences: false) {
        let words = part.split { $0 == " " || $0 == "\t" || $0 == "\r" }
        guard !words.isEmpty else { continue }
        let isIndented = part.first == " " || part.first == "\t"
        lines.append(Line(number: number, words: words, isIndented: isIndented))
      }
    }
  }

  /// Each line for which `begins` holds, given the line behind it, with the indented ones that follow.
  func blocks(_ begins: (Line, _ next: Line) -> Bool) -> [ArraySlice<Line>] {
    var blocks: [ArraySlice<Line>] = []
    var index = 0
    while index + 1 < lines.count {
      guard !lines[index].isIndented, begins(lines[index], lines[index + 1]) else {
        index += 1
        continue
      }
      var end = index + 1
      while end < lines.count, lines[end].isIndented { end += 1 }
      blocks.append(lines[index..<end])
      index = end
    }
    return blocks
  }

  // MARK: Words

  /// "0x1f", "31", "31(0x1f)", "31," and "31(bytes),"; nil for "(INF)" and anything else.
  static func number(_ word: Substring) -> UInt64? {
    var digits = word.prefix { $0 != "(" && $0 != "," }
    if digits.hasPrefix("0x") {
      digits = digits.dropFirst(2)
      return UInt64(digits, radix: 16)
    }
    return UInt64(digits)
  }

  /// "10.1.0.0/16", or an address alone.
  static func prefix(_ word: Substring) -> TrafficMatch.Prefix? {
    let parts = word.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = parts.first.flatMap({ IPAddress(text: String($0)) })
    else { return nil }
    let longest: UInt8 = address.isIPv6 ? 128 : 32
    guard parts.count == 2 else { return .init(address, longest) }
    guard let length = UInt8(parts[1]), length <= longest else { return nil }
    return .init(address, length)
  }

  /// The moment of a date and a time of day: of UTC where that ends with Z, else of this machine's zone.
  static func moment(_ date: Substring, _ time: Substring) -> Timestamp? {
    let days = date.split(separator: "-").compactMap { Int32($0) }
    let isUTC = time.hasSuffix("Z")
    let clock = (isUTC ? time.dropLast() : time).split(separator: ":").compactMap { Int32($0) }
    guard days.count == 3, clock.count == 3, (1970...2200).contains(days[0]),
      (1...12).contains(days[1]), (1...31).contains(days[2]), (0...23).contains(clock[0]),
      (0...59).contains(clock[1]), (0...60).contains(clock[2])
    else { return nil }
    // Its pointer to a zone's name is not looked at.
    var broken = unsafe tm()
    unsafe broken.tm_year = days[0] - 1900
    unsafe broken.tm_mon = days[1] - 1
    unsafe broken.tm_mday = days[2]
    unsafe (broken.tm_hour, broken.tm_min, broken.tm_sec) = (clock[0], clock[1], clock[2])
    unsafe broken.tm_isdst = -1
    let seconds = isUTC ? unsafe timegm(&broken) : unsafe mktime(&broken)
    return Timestamp(nanoseconds: Int64(seconds) &* 1_000_000_000)
  }

  /// "2026-11-24 09:16:26Z"
  static func text(_ moment: Timestamp) -> String {
    var seconds = time_t(moment.nanoseconds / 1_000_000_000)
    var broken = unsafe tm()
    // Both are this function's own.
    unsafe _ = gmtime_r(&seconds, &broken)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return unsafe "\(broken.tm_year + 1900)-\(two(broken.tm_mon + 1))-\(two(broken.tm_mday)) "
      + "\(two(broken.tm_hour)):\(two(broken.tm_min)):\(two(broken.tm_sec))Z"
  }
}
