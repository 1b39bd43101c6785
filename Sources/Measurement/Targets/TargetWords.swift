/// The words of a list of targets that comes in pieces, and may have millions of lines: separated by white
/// space and commas, with comments behind #.
package struct TargetWords: Sendable {
  /// A word, and the line that it stands on, counted from 1.
  package typealias Body = (_ word: String, _ line: Int) -> Void

  private var word: [UInt8] = []
  private var line = 1
  private var isComment = false
  /// No name and no range of addresses is longer; the rest of such a word is left out, so that what
  /// remains is no target.
  private static let longestWord = 512

  package init() {}

  package mutating func add(_ bytes: some Sequence<UInt8>, _ body: Body) {
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\n"):
        end(body)
        line += 1
        isComment = false
      case _ where isComment: continue
      case UInt8(ascii: "#"):
        end(body)
        isComment = true
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: ","): end(body)
      default:
        if word.count < Self.longestWord { word.append(byte) }
      }
    }
  }

  /// The last word, which nothing may have ended.
  package mutating func end(_ body: Body) {
    guard !word.isEmpty else { return }
    body(String(decoding: word, as: UTF8.self), line)
    word.removeAll(keepingCapacity: true)
  }
}
