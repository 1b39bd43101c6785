/// Where nonces and SPIs come from: a generator that nobody can foretell, or a test's seeded one.
package struct RandomSource: Sendable {
  private var generator: any RandomNumberGenerator & Sendable

  package init(_ generator: some RandomNumberGenerator & Sendable) {
    self.generator = generator
  }

  /// The kernel's generator, getrandom(2).
  package static var system: RandomSource { RandomSource(SystemRandomNumberGenerator()) }

  package mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(max(0, count))
    while bytes.count < count {
      let word = generator.next()
      for shift in stride(from: 0, to: UInt64(64), by: 8) where bytes.count < count {
        bytes.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    return bytes
  }

  package mutating func word() -> UInt32 { UInt32(truncatingIfNeeded: generator.next()) }

  /// An IKE SA's SPI, which is never zero (RFC 7296, section 3.1).
  package mutating func ikeSPI() -> UInt64 {
    var spi = generator.next()
    while spi == 0 { spi = generator.next() }
    return spi
  }

  /// A Child SA's SPI: 1 to 255 are reserved (RFC 4303, section 2.1).
  package mutating func childSPI() -> UInt32 {
    var spi = UInt32(truncatingIfNeeded: generator.next())
    while spi < 256 { spi = UInt32(truncatingIfNeeded: generator.next()) }
    return spi
  }

  /// A source for another machine, so that what one of them draws does not shift the other's numbers.
  package mutating func split() -> RandomSource {
    guard !(generator is SystemRandomNumberGenerator) else { return .system }
    return RandomSource(SplitMix64(state: generator.next()))
  }
}

/// Steele, Lea and Flood's generator: small, fast, and foretold by anyone who knows its state. Its place
/// is in tests and simulations.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(state: UInt64) {
    self.state = state
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
