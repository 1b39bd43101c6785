package import Measurement
package import PacketDissector

/// `ipsecdiag respond` for people: a line an event, behind the time of day.
package struct RespondText {
  private let page: Page
  private static let column = 10

  package init(_ page: Page) {
    self.page = page
  }

  package func write(_ event: RespondingEvent, at time: Timestamp, to text: inout TextBuffer) {
    guard let words = RespondWords.words(event) else { return }
    write(words, at: time, to: &text)
  }

  package func write(_ words: String, at time: Timestamp, to text: inout TextBuffer) {
    text.put(Self.clock(time))
    text.spaces(2)
    var harmless = TextBuffer()
    harmless.escaped(words)
    page.paragraph(harmless.string, from: Self.column, indent: Self.column, to: &text)
  }

  /// "14:02:59", in this machine's time zone.
  private static func clock(_ time: Timestamp) -> String {
    var text = TextBuffer()
    var style = TimeText(style: .local)
    style.write(time, to: &text)
    // The date and its T take eleven characters.
    return String(text.string.dropFirst(11).prefix(8))
  }
}
