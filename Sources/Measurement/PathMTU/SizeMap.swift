/// Which sizes of one class of packets pass, as far as a search has come: runs of sizes, smallest first.
package struct SizeMap: Equatable, Sendable {
  /// Neighbouring sizes that fare alike. Between tried sizes that fare alike, all others are taken to.
  package struct Run: Equatable, Sendable {
    package let sizes: ClosedRange<Int>
    package let passes: Bool
    /// Who refuses some of them; nil where all are lost in silence.
    package let refusal: SizeTally.Refusal?

    package init(sizes: ClosedRange<Int>, passes: Bool, refusal: SizeTally.Refusal? = nil) {
      self.sizes = sizes
      self.passes = passes
      self.refusal = refusal
    }
  }

  package let runs: [Run]

  package init(runs: [Run]) {
    self.runs = runs
  }

  /// `tallies` are in the order of their sizes; undecided ones are passed over.
  init(_ tallies: [SizeTally], misses: Int) {
    var runs: [Run] = []
    for tally in tallies {
      let passes: Bool
      var refusal: SizeTally.Refusal?
      switch tally.verdict(misses: misses) {
      case .undecided: continue
      case .passes: passes = true
      case .lost: passes = false
      case .refused(let by):
        passes = false
        refusal = by
      }
      if let last = runs.last, last.passes == passes {
        runs[runs.count - 1] = Run(
          sizes: last.sizes.lowerBound...tally.size, passes: passes,
          refusal: last.refusal ?? refusal)
      } else {
        runs.append(Run(sizes: tally.size...tally.size, passes: passes, refusal: refusal))
      }
    }
    self.runs = runs
  }

  /// The largest size up to which all pass; nil where not even the smallest does.
  package var limit: Int? {
    guard let first = runs.first, first.passes else { return nil }
    return first.sizes.upperBound
  }

  /// What does not pass although something larger does.
  package var bands: [Run] {
    guard let last = runs.lastIndex(where: \.passes) else { return [] }
    return runs[..<last].filter { !$0.passes }
  }

  /// The largest sizes, where they do not pass.
  package var top: Run? {
    runs.last.flatMap { $0.passes ? nil : $0 }
  }
}
