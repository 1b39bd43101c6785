import PacketDissector

/// The options at the end of a pcapng block: a code, a length and a value padded to 32 bits each.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |      Option Code              |         Option Length         |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     /                       Option Value                            /
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// draft-ietf-opsawg-pcapng, section 3.5. Options never make a file unreadable: one that reaches
/// beyond its block ends the list.
struct PcapngOptions {
  /// More comments than anyone writes; a bound on what a hostile block makes us keep.
  private static let mostComments = 1024

  private let bytes: [UInt8]
  private let isSwapped: Bool

  init(_ bytes: [UInt8], isSwapped: Bool) {
    self.bytes = bytes
    self.isSwapped = isSwapped
  }

  var comments: [String] {
    var comments: [String] = []
    forEach { code, value in
      guard code == 1, comments.count < Self.mostComments else { return }
      comments.append(Self.text(value))
    }
    return comments
  }

  /// Adds what an interface's options say of it.
  func describe(_ interface: inout CaptureInterface) {
    interface.comments = comments
    forEach { code, value in
      switch code {
      case 2: interface.name = Self.text(value)
      case 3: interface.description = Self.text(value)
      default: break
      }
    }
  }

  /// What if_tsresol and if_tsoffset say; microseconds since 1970 without them.
  var clock: PcapngClock {
    var resolution: UInt8 = 6
    var offset: Int64 = 0
    forEach { code, value in
      if code == 9, let byte = value.first { resolution = byte }
      if code == 14, value.count == 8 {
        let ordered = isSwapped == (1.littleEndian == 1) ? Array(value) : value.reversed()
        offset = Int64(truncatingIfNeeded: ordered.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
      }
    }
    return PcapngClock(resolution: resolution, offsetSeconds: offset)
  }

  private func forEach(_ body: (_ code: UInt16, _ value: ArraySlice<UInt8>) -> Void) {
    var at = 0
    while bytes.count - at >= 4 {
      let code = u16(at: at)
      let length = Int(u16(at: at + 2))
      guard code != 0, length <= bytes.count - at - 4 else { return }
      body(code, bytes[(at + 4)..<(at + 4 + length)])
      at += 4 + (length + 3) & ~3
    }
  }

  private func u16(at index: Int) -> UInt16 {
    let first = UInt16(bytes[index])
    let second = UInt16(bytes[index + 1])
    return isSwapped == (1.littleEndian == 1) ? first << 8 | second : second << 8 | first
  }

  private static func text(_ value: ArraySlice<UInt8>) -> String {
    // Some writers count a closing NUL.
    String(decoding: value.prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// How an interface counts time: units since an epoch, a power of 10 or of 2 of them a second.
///
/// draft-ietf-opsawg-pcapng, section 4.2, if_tsresol and if_tsoffset. A time that 64 bits of
/// nanoseconds cannot hold becomes the last that they can.
struct PcapngClock {
  private enum Unit {
    case nanoseconds(UInt64)
    /// A nanosecond is so many units.
    case perNanosecond(UInt64)
    /// A second is two to the power of this.
    case powerOfTwo(UInt8)
    /// Units so small that no count of them makes a nanosecond.
    case none
  }

  private let unit: Unit
  private let offset: Int64

  init(resolution: UInt8, offsetSeconds: Int64) {
    let exponent = resolution & 0x7F
    if resolution & 0x80 != 0 {
      unit = .powerOfTwo(exponent)
    } else if exponent <= 9 {
      unit = .nanoseconds(Self.powerOfTen(9 - exponent))
    } else if exponent <= 28 {
      unit = .perNanosecond(Self.powerOfTen(exponent - 9))
    } else {
      unit = .none
    }
    let (product, overflow) = offsetSeconds.multipliedReportingOverflow(by: 1_000_000_000)
    offset = overflow ? (offsetSeconds < 0 ? .min : .max) : product
  }

  func timestamp(_ units: UInt64) -> Timestamp {
    let nanoseconds: Int64
    switch unit {
    case .nanoseconds(let factor):
      let (product, overflow) = units.multipliedReportingOverflow(by: factor)
      nanoseconds = overflow ? .max : Int64(clamping: product)
    case .perNanosecond(let divisor):
      nanoseconds = Int64(clamping: units / divisor)
    case .powerOfTwo(let exponent):
      // At most 64 + 30 bits before the shift.
      nanoseconds = Int64(
        clamping: (UInt128(units) &* 1_000_000_000) >> UInt128(exponent))
    case .none:
      nanoseconds = 0
    }
    let (sum, overflow) = nanoseconds.addingReportingOverflow(offset)
    return Timestamp(nanoseconds: overflow ? (offset < 0 ? .min : .max) : sum)
  }

  /// `exponent` is at most 19, which 64 bits hold.
  private static func powerOfTen(_ exponent: UInt8) -> UInt64 {
    (0..<exponent).reduce(1) { product, _ in product &* 10 }
  }
}
