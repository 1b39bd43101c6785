import ESP
import Testing

@Suite("The replay window")
struct ReplayWindowTests {
  static let sizes = [1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1024, 4095, 4096, 4097, 10_000]

  /// What the window should be: a set of numbers.
  private struct Model {
    let size: UInt64
    var highest: UInt64 = 0
    var seen: Set<UInt64> = []

    func verdict(_ sequence: UInt64) -> ESPFailure? {
      if sequence == 0 { return .beforeWindow(0) }
      if sequence + size <= highest { return .beforeWindow(sequence) }
      return seen.contains(sequence) ? .repeated(sequence) : nil
    }

    mutating func accept(_ sequence: UInt64) {
      seen.insert(sequence)
      highest = max(highest, sequence)
    }
  }

  private func verdict(_ window: ReplayWindow, _ sequence: UInt64) -> ESPFailure? {
    do throws(ESPFailure) {
      try window.check(sequence)
      return nil
    } catch {
      return error
    }
  }

  @Test("It agrees with a set of numbers over random streams", arguments: sizes)
  func model(_ size: Int) {
    let seed = UInt64.random(in: 0...UInt64.max)
    var source = SplitMix(state: seed)
    var window = ReplayWindow(size: size, usesESN: false)
    var model = Model(size: UInt64(size))
    for step in 0..<20_000 {
      let sequence = next(model.highest, UInt64(size), &source)
      let expected = model.verdict(sequence)
      let found = verdict(window, sequence)
      #expect(found == expected, "size \(size), step \(step), seed \(seed)")
      // A packet that is not authentic is asked about, and never accepted.
      guard expected == nil, found == nil, source.next() % 8 > 0 else { continue }
      window.accept(sequence)
      model.accept(sequence)
      #expect(window.highest == model.highest)
    }
  }

  /// Near the highest number on both sides, sometimes far ahead.
  private func next(_ highest: UInt64, _ size: UInt64, _ source: inout SplitMix) -> UInt64 {
    let back = source.next() % (2 * size + 2)
    switch source.next() % 16 {
    case 0: return highest + source.next() % (3 * size + 200)
    case 1..<8: return highest + 1
    default: return highest > back ? highest - back : 0
    }
  }

  @Test("Without a size it lets everything pass")
  func none() {
    var window = ReplayWindow(size: 0, usesESN: false)
    for sequence: UInt64 in [0, 5, 5, 1, 0xFFFF_FFFF, 5] {
      #expect(verdict(window, sequence) == nil)
      window.accept(sequence)
    }
    #expect(window.highest == 0xFFFF_FFFF)
  }

  @Test("The first packets: any number but zero, in any order")
  func firstPackets() {
    var window = ReplayWindow(size: 32, usesESN: false)
    #expect(verdict(window, 0) == .beforeWindow(0))
    for sequence: UInt64 in [3, 1, 2, 5] {
      #expect(verdict(window, sequence) == nil)
      window.accept(sequence)
      #expect(verdict(window, sequence) == .repeated(sequence))
    }
    #expect(verdict(window, 0) == .beforeWindow(0))
    #expect(verdict(window, 4) == nil)
  }

  @Test("The window's last number is in it, and the one before is not", arguments: sizes)
  func edge(_ size: Int) {
    var window = ReplayWindow(size: size, usesESN: false)
    window.accept(100_000)
    let last = 100_001 - UInt64(size)
    #expect(verdict(window, last) == (size == 1 ? .repeated(last) : nil))
    #expect(verdict(window, last - 1) == .beforeWindow(last - 1))
  }

  @Test("Sizes without bound or below zero do not trap")
  func oddSizes() {
    #expect(ReplayWindow(size: .max, usesESN: true).size == ReplayWindow.largestSize)
    #expect(ReplayWindow(size: .min, usesESN: true).size == 0)
  }

  /// RFC 4303, appendix A2.2.
  @Test("The upper half is guessed so that a number lies in the window or ahead", arguments: sizes)
  func guess(_ size: Int) {
    let reach = UInt64(size - 1)
    let seed = UInt64.random(in: 0...UInt64.max)
    var source = SplitMix(state: seed)
    for _ in 0..<2000 {
      let wrap = (source.next() % 5 + 1) << 32
      let top = wrap &+ source.next() % (4 * reach + 8) &- (2 * reach + 4)
      let window = ReplayWindow(size: size, usesESN: true, highest: top)
      let number = window.sequence(of: UInt32(truncatingIfNeeded: source.next()))
      let range = (top - reach)..<(top - reach + 1 << 32)
      #expect(range.contains(number), "size \(size), top \(top), seed \(seed)")
      for near in [top - reach, top, top + 1, top - reach + 0xFFFF_FFFF] {
        #expect(window.sequence(of: UInt32(truncatingIfNeeded: near)) == near)
      }
    }
  }

  @Test("Before the first wrap there is no epoch before: such a number is none that a sender has")
  func beforeFirst() {
    var window = ReplayWindow(size: 64, usesESN: true)
    #expect(window.sequence(of: 1) == 1)
    #expect(window.sequence(of: 0xFFFF_FFC0) == 0xFFFF_FFC0)
    #expect(window.sequence(of: 0xFFFF_FFC1) == 0xFFFF_FFFF_FFFF_FFC1)
    window.accept(62)
    #expect(window.sequence(of: 0xFFFF_FFFF) == 0xFFFF_FFFF_FFFF_FFFF)
    window.accept(63)
    #expect(window.sequence(of: 0xFFFF_FFFF) == 0xFFFF_FFFF)
    #expect(window.sequence(of: 0) == 0)
    #expect(verdict(window, 0) == .beforeWindow(0))
  }

  @Test("Zero is a number like others after a wrap")
  func zeroAfterWrap() {
    var window = ReplayWindow(size: 64, usesESN: true, highest: 1 << 32 - 1)
    let zero = window.sequence(of: 0)
    #expect(zero == 1 << 32)
    #expect(verdict(window, zero) == nil)
    window.accept(zero)
    #expect(verdict(window, zero) == .repeated(zero))
    #expect(window.sequence(of: 0xFFFF_FFFF) == 1 << 32 - 1)
  }

  @Test("At the last epoch's end nothing traps")
  func lastEpoch() {
    var window = ReplayWindow(size: 64, usesESN: true, highest: .max - 1)
    #expect(window.sequence(of: 5) == 5)
    window.accept(.max)
    #expect(verdict(window, .max) == .repeated(.max))
    #expect(verdict(window, .max - 1) == nil)
  }

  @Test("Extended numbers without a window are guessed by the nearer half")
  func noWindow() {
    let window = ReplayWindow(size: 0, usesESN: true, highest: 7 << 32 + 5)
    #expect(window.sequence(of: 1) == 7 << 32 + 1)
    #expect(window.sequence(of: 0xFFFF_FFF0) == 6 << 32 + 0xFFFF_FFF0)
    #expect(window.sequence(of: 0x7000_0000) == 7 << 32 + 0x7000_0000)
  }
}

/// Steele, Lea and Flood's generator: a stream from a seed that a failure prints.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
