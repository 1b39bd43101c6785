import PacketDissector
import Report
import Testing

@Suite("Times")
struct TimeTests {
  static let second: Int64 = 1_000_000_000

  /// Seconds since 1970 as GNU date has them.
  @Test(
    "RFC 3339 is read and written, over leap days and before 1970",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2026-11-23T14:44:29Z", 1_795_445_069),
      ("2024-02-29T23:59:59Z", 1_709_251_199), ("2024-03-01T00:00:00Z", 1_709_251_200),
      ("2000-02-29T12:00:00Z", 951_825_600), ("1900-03-01T00:00:00Z", -2_203_891_200),
      ("1969-12-31T23:59:59Z", -1), ("1968-02-29T00:00:00Z", -58_060_800),
      ("2100-02-28T23:59:59Z", 4_107_542_399), ("2100-03-01T00:00:00Z", 4_107_542_400),
    ] as [(String, Int64)])
  func calendar(text: String, seconds: Int64) {
    #expect(Timestamp(rfc3339: text)?.nanoseconds == seconds * Self.second)
    let written = Self.write([seconds * Self.second], .utc)
    #expect(written == ["\(text.dropLast()).000000000Z"])
  }

  @Test(
    "Fractions, offsets, a space and small letters are read",
    arguments: [
      ("2026-11-23T14:44:29.31Z", 310_000_000), ("2026-11-23t14:44:29.000000001z", 1),
      ("2026-11-23 14:44:29.1234567899Z", 123_456_789), ("2026-11-23T16:44:29+02:00", 0),
      ("2026-11-23T07:14:29-0730", 0), ("2026-11-24T00:44:29+10:00", 0),
    ] as [(String, Int64)])
  func variants(text: String, nanoseconds: Int64) {
    let expected = 1_795_445_069 * Self.second + nanoseconds
    #expect(Timestamp(rfc3339: text)?.nanoseconds == expected)
  }

  @Test(
    "What no calendar or clock has is refused",
    arguments: [
      "", "now", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
      "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z",
      "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
      "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+2", "26-01-01T00:00:00Z",
      "2026-01-01T00:00:00Zx", "2026-01-01", "9999-01-01T00:00:00Z", "２０２６-01-01T00:00:00Z",
    ])
  func refused(_ text: String) {
    #expect(Timestamp(rfc3339: text) == nil)
  }

  @Test("Seconds since 1970 are read with up to nine decimals")
  func epoch() {
    #expect(Timestamp(epochSeconds: "1795445069.31")?.nanoseconds == 1_795_445_069_310_000_000)
    #expect(Timestamp(epochSeconds: "0")?.nanoseconds == 0)
    #expect(Timestamp(epochSeconds: "4294967295.999999999") != nil)
    for text in ["", ".5", "1.", "-1", "+-1", "1e9", "4294967296", "1 ", "1.5x"] {
      #expect(Timestamp(epochSeconds: text) == nil, "\(text)")
    }
  }

  @Test("Each style shows what it is for, also of times that run backwards")
  func styles() {
    let times: [Int64] = [1_500_000_999, 1_750_000_000, 1_250_000_000, -1_000_000]
    #expect(Self.write(times, .relative) == ["0.000000", "0.249999", "-0.250000", "-1.501000"])
    #expect(Self.write(times, .delta) == ["0.000000", "0.249999", "-0.500000", "-1.251000"])
    #expect(Self.write(times, .epoch) == ["1.500000", "1.750000", "1.250000", "-0.001000"])
    #expect(
      Self.write(times, .utc) == [
        "1970-01-01T00:00:01.500000999Z", "1970-01-01T00:00:01.750000000Z",
        "1970-01-01T00:00:01.250000000Z", "1969-12-31T23:59:59.999000000Z",
      ])
  }

  @Test("The ends of the range neither trap nor lose digits")
  func ends() {
    for style in TimeStyle.allCases {
      #expect(Self.write([.min, .max, .min], style).count == 3)
    }
    #expect(Self.write([.max], .utc) == ["2262-04-11T23:47:16.854775807Z"])
    #expect(Self.write([.min], .utc) == ["1677-09-21T00:12:43.145224192Z"])
  }

  private static func write(_ times: [Int64], _ style: TimeStyle) -> [String] {
    var writer = TimeText(style: style)
    return times.map { time in
      var text = TextBuffer()
      writer.write(Timestamp(nanoseconds: time), to: &text)
      return text.string
    }
  }
}
