/// What is known of vendor ID payloads (RFC 7296, section 3.12; RFC 2408, section 3.16).
///
/// The rows are generated from `Registries/vendor-ids.csv`, which says where each was seen.
package enum VendorIDTable {
  /// The name of the most specific row that `payload` matches: a whole match before the longest
  /// prefix. Nil if none does.
  package static func name(of payload: [UInt8]) -> String? {
    var text = TextBuffer(capacity: payload.count * 2)
    text.hex(payload)
    let digits = Array(text.string.utf8)
    var best: (isWhole: Bool, length: Int, name: String)?
    for row in rows {
      let pattern = row.pattern.utf8
      guard row.isWhole ? digits.count == pattern.count : digits.count >= pattern.count,
        zip(pattern, digits).allSatisfy({ $0 == UInt8(ascii: ".") || $0 == $1 })
      else { continue }
      if let best, (best.isWhole ? 1 : 0, best.length) >= (row.isWhole ? 1 : 0, pattern.count) {
        continue
      }
      best = (row.isWhole, pattern.count, row.name)
    }
    return best?.name
  }
}
