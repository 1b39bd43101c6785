internal import Diagnosis

/// A linear scale from values to pixels, with round numbers to label it.
struct PlotAxis {
  let lowest: Double
  let highest: Double
  let pixels: ClosedRange<Double>
  /// Where values grow towards lower pixels, as upwards on a page.
  let isUpward: Bool
  let ticks: [Double]
  private let decimals: Int

  /// Holds all of `values`, its ends moved outwards to round numbers where `isRounded`.
  init(
    _ values: ClosedRange<Double>, on pixels: ClosedRange<Double>, isUpward: Bool = false,
    tickCount: Int, isRounded: Bool = false, smallestStep: Double = 0
  ) {
    let span = max(values.upperBound - values.lowerBound, max(smallestStep, 1e-5))
    let step = max(smallestStep, Self.roundStep(span / Double(max(1, tickCount))))
    var low = values.lowerBound
    var high = low + span
    if isRounded {
      low = (low / step).rounded(.down) * step
      high = (high / step).rounded(.up) * step
    }
    lowest = low
    highest = high
    self.pixels = pixels
    self.isUpward = isUpward
    let first = (low / step).rounded(.up)
    ticks = (0...2 * max(1, tickCount)).map { (first + Double($0)) * step }
      .filter { $0 <= high + step * 1e-6 }
    var scale = step
    var places = 0
    while scale < 0.999, places < 6 {
      scale *= 10
      places += 1
    }
    decimals = places
  }

  /// The next of 1, 2, 5, 10, 20, 50 … that is no smaller.
  private static func roundStep(_ step: Double) -> Double {
    var power = 1.0
    while power * 10 <= step { power *= 10 }
    while power > step { power /= 10 }
    return [1, 2, 5, 10].map { $0 * power }.first { $0 >= step * 0.999 } ?? power * 10
  }

  func pixel(_ value: Double) -> Double {
    let share = (value - lowest) / (highest - lowest)
    let length = pixels.upperBound - pixels.lowerBound
    return isUpward ? pixels.upperBound - share * length : pixels.lowerBound + share * length
  }

  func label(_ tick: Double) -> String {
    if decimals == 0 { return Quantity.grouped(Int64(max(-9e18, min(9e18, tick.rounded())))) }
    let text = Quantity.decimal(abs(tick), places: decimals)
    return tick < 0 ? "-" + text : text
  }
}
