internal import Diagnosis
internal import PacketDissector

extension TextBuffer {
  /// Text inside an element or a quoted attribute: no character of it is markup, and none acts on a
  /// terminal or turns the direction of reading. Backslashes stay as they are, as what came off the wire
  /// went through ``escaped(_:)`` before.
  mutating func html(_ string: String) {
    for scalar in string.unicodeScalars {
      switch scalar {
      case "&": put("&amp;")
      case "<": put("&lt;")
      case ">": put("&gt;")
      case "\"": put("&quot;")
      case "'": put("&#39;")
      default:
        if Self.isHarmless(scalar) {
          put(String(scalar))
        } else {
          put("\\u{")
          hex(UInt64(scalar.value))
          put("}")
        }
      }
    }
  }

  /// `<name class="style">string</name>`
  mutating func element(_ name: StaticString, class style: StaticString = "", _ string: String) {
    open(name, class: style)
    html(string)
    close(name)
  }

  mutating func open(_ name: StaticString, class style: StaticString = "") {
    put("<")
    put(name)
    if style.utf8CodeUnitCount > 0 {
      put(" class=\"")
      put(style)
      put("\"")
    }
    put(">")
  }

  mutating func close(_ name: StaticString) {
    put("</")
    put(name)
    put(">")
  }

  /// A box that scrolls by itself, so that what is wide does not make the page wide.
  mutating func scrollBox(_ label: String, _ content: (inout TextBuffer) -> Void) {
    put("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"")
    html(label)
    put("\">\n")
    content(&self)
    put("</div>\n")
  }
}

extension Naming {
  func text(_ address: IPAddress) -> String { name(of: address).description }

  func text(spi: UInt32) -> String { Quantity.hexadecimal(UInt64(name(of: spi)), digits: 8) }

  func text(ikeSPI spi: UInt64) -> String { Quantity.hexadecimal(name(ofIKE: spi), digits: 16) }

  func text(identity: String) -> String {
    var text = TextBuffer(capacity: 64)
    text.escaped(name(ofIdentity: identity))
    return text.string
  }
}

/// The capture's own time: what a reader sees of frames is when they came after the first.
struct CaptureClock {
  let start: Timestamp

  /// "12.345 s"
  func text(_ time: Timestamp) -> String {
    Self.seconds(Nanoseconds(from: start, to: time))
  }

  /// "12.345 s", "-0.200 s"
  static func seconds(_ duration: Nanoseconds) -> String {
    var text = TextBuffer(capacity: 32)
    text.seconds(duration.count)
    text.put(" s")
    return text.string
  }

  /// "2026-11-23T14:44:29.310000000Z"
  static func utc(_ time: Timestamp) -> String {
    var text = TextBuffer(capacity: 32)
    var style = TimeText(style: .utc)
    style.write(time, to: &text)
    return text.string
  }
}
