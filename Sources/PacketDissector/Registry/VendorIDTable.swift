/// What is known of vendor ID payloads (RFC 7296, section 3.12; RFC 2408, section 3.16).
///
/// The rows are generated from `Registries/vendor-ids.csv`, which says where each was seen.
package enum VendorIDTable {
  /// The name of the most specific row that `payload` matches: the one with the most digits that
  /// are not wildcards, and of two such the one that must match the whole payload. An exact match
  /// thereby goes before the longest prefix. Nil if no row matches.
  package static func name(of payload: [UInt8]) -> String? {
    var best: (literals: Int, isWhole: Bool, name: String)?
    let indexed = leadingWord(of: payload).flatMap { index.rowsByLeadingWord[$0] } ?? []
    for number in indexed + index.otherRows {
      let row = rows[number]
      guard let literals = literalsMatched(of: row.pattern, isWhole: row.isWhole, in: payload)
      else { continue }
      if let best, (best.literals, best.isWhole ? 1 : 0) >= (literals, row.isWhole ? 1 : 0) {
        continue
      }
      best = (literals, row.isWhole, row.name)
    }
    return best?.name
  }

  /// How many digits of `pattern` are not wildcards, where it matches `payload`; nil where not.
  private static func literalsMatched(
    of pattern: String, isWhole: Bool, in payload: [UInt8]
  ) -> Int? {
    let digits = pattern.utf8
    let payloadDigits = payload.count * 2
    guard isWhole ? digits.count == payloadDigits : digits.count <= payloadDigits else {
      return nil
    }
    var literals = 0
    for (position, digit) in digits.enumerated() where digit != UInt8(ascii: ".") {
      let byte = payload[position / 2]
      guard value(ofDigit: digit) == (position.isMultiple(of: 2) ? byte >> 4 : byte & 0xF) else {
        return nil
      }
      literals += 1
    }
    return literals
  }

  /// Nearly all rows fix their first four bytes, which finds them; the few others are all tried.
  private struct Index {
    var rowsByLeadingWord: [UInt32: [Int]] = [:]
    var otherRows: [Int] = []

    init() {
      for (number, row) in VendorIDTable.rows.enumerated() {
        let leading = row.pattern.utf8.prefix(8)
        if leading.count == 8, !leading.contains(UInt8(ascii: ".")) {
          let word = leading.reduce(0) { $0 << 4 | UInt32(VendorIDTable.value(ofDigit: $1)) }
          rowsByLeadingWord[word, default: []].append(number)
        } else {
          otherRows.append(number)
        }
      }
    }
  }

  private static let index = Index()

  private static func leadingWord(of payload: [UInt8]) -> UInt32? {
    payload.count < 4 ? nil : payload.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// The value of a lower-case hexadecimal digit.
  private static func value(ofDigit digit: UInt8) -> UInt8 {
    digit < UInt8(ascii: "a") ? digit &- UInt8(ascii: "0") : digit &- UInt8(ascii: "a") &+ 10
  }
}
