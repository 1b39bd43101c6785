import Testing

@testable import Diagnosis

@Suite("Distances of late packets")
struct DistanceHistogramTests {
  @Test("Percentiles are exact up to 63, and within 1/32 beyond")
  func percentiles() {
    for _ in 0..<20 {
      let seed = UInt64.random(in: .min ... .max)
      var random = SplitMix(seed: seed)
      let most = UInt32.random(in: 1...2_000_000, using: &random)
      let values = (0..<500).map { _ in UInt32.random(in: 1...most, using: &random) }.sorted()
      var histogram = DistanceHistogram()
      for value in values { histogram.add(value) }
      #expect(histogram.total == 500 && histogram.largest == values[499])
      for share in [0.01, 0.5, 0.9, 0.99, 1.0] {
        let exact = values[Int((500 * share).rounded(.up)) - 1]
        let told = histogram.percentile(share)
        #expect(told <= exact && exact - told <= exact / 32, "\(share), seed \(seed)")
        if exact < 64 { #expect(told == exact, "\(share), seed \(seed)") }
      }
    }
  }

  @Test("The largest distances have their place")
  func extremes() {
    var histogram = DistanceHistogram()
    for distance: UInt32 in [0, 63, 64, 127, 128, 1 << 20, 1 << 31, .max] {
      histogram.add(distance)
    }
    #expect(histogram.total == 8 && histogram.largest == .max)
    #expect(histogram.count(in: 0..<64) == 2)
    #expect(histogram.count(in: 64..<128) == 2)
  }

  @Test("One taken back is gone, and the largest with it")
  func removal() {
    var histogram = DistanceHistogram()
    histogram.add(5)
    histogram.add(9)
    histogram.remove(9)
    #expect(histogram.total == 1 && histogram.largest == 5)
    histogram.remove(7)
    #expect(histogram.total == 1)
    histogram.remove(5)
    #expect(histogram.total == 0 && histogram.largest == 0 && histogram.percentile(0.5) == 0)
  }
}
