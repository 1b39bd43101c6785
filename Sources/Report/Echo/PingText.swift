internal import Diagnosis
internal import ESP
package import Measurement
package import PacketDissector

/// What `ipsecdiag ping` prints: the verdict, the numbers, what is wrong, and what to try.
package struct PingText {
  private let result: PingResult
  private let naming: Naming
  private let options: DiagnosisText.Options
  private var page: Page { options.page }
  private static let column = 14

  package init(
    _ result: PingResult, _ naming: Naming, _ options: DiagnosisText.Options
  ) {
    self.result = result
    self.naming = naming
    self.options = options
  }

  package func write(to text: inout TextBuffer) {
    text.put(Verdict(result, naming), options)
    if options.isQuiet { return }
    text.put("\n")
    // Without an SA there is nothing to tell but why.
    if result.setupFindings.isEmpty { measured(to: &text) }
    let writer = FindingText(page, naming, start: nil, isVerbose: options.isVerbose)
    for (index, finding) in result.findings.enumerated() {
      if index > 0 || result.setupFindings.isEmpty { text.put("\n") }
      writer.write(finding, to: &text)
    }
    if options.isVerbose { each(to: &text) }
  }

  private func measured(to text: inout TextBuffer) {
    path(to: &text)
    numbers(to: &text)
    sizes(to: &text)
    liveness(to: &text)
    hints(to: &text)
  }

  private func line(_ label: String, _ words: String, to text: inout TextBuffer) {
    let start = text.count
    text.put("  ")
    text.put(label)
    text.pad(to: Self.column, from: start)
    var escaped = TextBuffer(capacity: 128)
    escaped.escaped(words)
    page.paragraph(escaped.string, from: Self.column, indent: Self.column, to: &text)
  }

  private func path(to text: inout TextBuffer) {
    let ends = "\(naming.name(of: result.local)) \(page.arrow) \(naming.name(of: result.remote))"
    switch result.plan.probe {
    case .encrypted(let format, let reply):
      line("path", "\(ends), \(spis)", to: &text)
      line("format", "ESP echo, \(format.title): experimental, not in any RFC", to: &text)
      if case .spi(let spi) = reply {
        line(
          "reply path", "asked for on SPI \(Quantity.hexadecimal(UInt64(spi), digits: 8))",
          to: &text)
      }
      line(
        "announced",
        result.isNegotiated ? "yes, by both sides in IKE_AUTH" : "not by the peer", to: &text)
    case .inner(let source, let destination):
      line("path", "\(ends), \(spis)", to: &text)
      line(
        "inside",
        "ICMP echo, \(naming.name(of: source)) \(page.arrow) \(naming.name(of: destination))",
        to: &text)
    case .unencrypted(let format, _):
      let carrier = result.isInUDP ? "ESP in UDP, port 4500" : "ESP, IP protocol 50"
      line("path", "\(ends), \(carrier)", to: &text)
      line(
        "format",
        "ESP echo in clear, \(format.title): experimental, not in any RFC; anybody on the path can forge replies",
        to: &text)
    }
  }

  private var spis: String {
    guard let spis = result.spis else { return "no SA" }
    let out = Quantity.hexadecimal(UInt64(naming.name(of: spis.outbound)), digits: 8)
    let back = Quantity.hexadecimal(UInt64(naming.name(of: spis.inbound)), digits: 8)
    return "SPI \(out) there, \(back) back"
  }

  private func numbers(to text: inout TextBuffer) {
    var sums = "\(result.sent) sent"
    if !result.plan.probe.isOneWay {
      sums += ", \(result.answered) answered, \(result.lost) lost"
      if result.sent > 0 {
        sums += " (\(Quantity.percent(UInt64(result.lost), of: UInt64(result.sent))))"
      }
    }
    line("echoes", ([sums] + PingWords(result).remarks).joined(separator: "; "), to: &text)
    let trips = result.roundTrips
    if let least = trips.smallest, let median = trips.median, let most = trips.largest {
      var words = "least \(Nanoseconds(least)), median \(Nanoseconds(median))"
      if trips.count >= 10, let ninth = trips.percentile(90) {
        words += ", 90 % within \(Nanoseconds(ninth))"
      }
      line("round trip", "\(words), most \(Nanoseconds(most))", to: &text)
    }
    if result.otherPackets > 0 {
      line("besides", "\(result.otherPackets) other packets came in", to: &text)
    }
    for (reason, unsent) in Dictionary(grouping: result.unsent, by: \.reason) {
      let sizes = unsent.map { String($0.dataBytes) }.joined(separator: ", ")
      line("not sent", "\(sizes) B: \(reason)", to: &text)
    }
    for error in result.errors.prefix(4) { line("ICMP", error, to: &text) }
  }

  /// A line a size, where there were several.
  private func sizes(to text: inout TextBuffer) {
    guard result.plan.sizes.count > 1 else { return }
    for size in PingSizes(result).all {
      let datagram = size.datagramBytes.map { ", IP packet \($0) B" } ?? ""
      line(
        "size \(size.bytes) B", "\(size.answered) of \(size.sent) answered\(datagram)", to: &text)
    }
  }

  private func liveness(to text: inout TextBuffer) {
    guard result.established != nil else { return }
    let trips = result.liveness.roundTrips
    if let last = DurationStatistics(trips).median {
      line("IKE", "alive, round trip \(Nanoseconds(last))", to: &text)
    } else {
      line("IKE", result.liveness.asked > 0 ? "did not answer" : "was not asked", to: &text)
    }
    if let ending = PingWords(result).ending { line("ended", ending, to: &text) }
    if result.isInterrupted {
      line("ended", "interrupted; this is what came until then", to: &text)
    }
  }

  private func hints(to text: inout TextBuffer) {
    let hints = PingWords(result).silence
    for (index, hint) in hints.enumerated() {
      line(index == 0 ? "what now" : "", hint, to: &text)
    }
  }

  private func each(to text: inout TextBuffer) {
    text.put("\n")
    for request in result.requests {
      line("echo \(request.sequence)", PingText.words(of: request), to: &text)
    }
  }

  /// One echo: "56 B, 1.2 ms".
  static func words(of request: EchoSeries.Request) -> String {
    guard let reply = request.reply else { return "\(request.dataBytes) B of data, no answer" }
    return "\(request.dataBytes) B of data, \(Nanoseconds(reply.roundTrip))"
      + (request.isShortened ? ", \(reply.dataBytes) B came back" : "")
      + (request.duplicates > 0 ? ", \(request.duplicates) more" : "")
      + (request.cameOnAnotherPath ? ", on another SA" : "")
  }
}

/// How each size fared.
struct PingSizes {
  struct Size {
    /// As the command line counts: data, or the inner packet.
    var bytes: Int
    var sent = 0
    var answered = 0
    var datagramBytes: Int?
  }

  private(set) var all: [Size] = []

  init(_ result: PingResult) {
    var headers = 0
    if case .inner(_, let destination) = result.plan.probe {
      headers = destination.isIPv6 ? 48 : 28
    }
    for request in result.requests {
      let bytes = request.dataBytes + headers
      let index = all.firstIndex { $0.bytes == bytes } ?? all.endIndex
      if index == all.endIndex { all.append(Size(bytes: bytes)) }
      all[index].sent += 1
      if request.reply != nil { all[index].answered += 1 }
      all[index].datagramBytes = request.datagramBytes
    }
    all.sort { $0.bytes < $1.bytes }
  }
}
