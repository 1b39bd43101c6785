/// The known word that somebody who mistyped one may have meant.
package enum NearestWord {
  /// Nil where none is near: more than a third of the letters would have to change.
  package static func to(_ word: String, among known: some Sequence<String>) -> String? {
    // Longer than any word of a table: nobody meant one.
    guard word.count <= 40 else { return nil }
    let letters = Array(word)
    let limit = max(1, letters.count / 3)
    var best: (word: String, distance: Int)?
    for candidate in known {
      let other = Array(candidate)
      guard abs(other.count - letters.count) <= limit else { continue }
      let distance = edits(from: letters, to: other)
      guard distance <= limit else { continue }
      if let best, (best.distance, best.word) <= (distance, candidate) { continue }
      best = (candidate, distance)
    }
    return best?.word
  }

  /// How many letters must be put in, taken out, replaced or swapped with their neighbour.
  private static func edits(from a: [Character], to b: [Character]) -> Int {
    var before: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var least = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          least = min(least, before[j - 1] + 1)
        }
        row.append(least)
      }
      before = last
      last = row
    }
    return last[b.count]
  }
}
