internal import Diagnosis
package import Measurement
internal import PacketDissector

extension Verdict {
  /// What a series of echoes comes to. Silence that means nothing is unknown, never a failure.
  package init(_ result: PingResult, _ naming: Naming) {
    let words = PingWords(result)
    let findings = result.findings
    if let worst = findings.max(by: { $0.severity < $1.severity }), worst.severity > .info {
      self.init(
        worst.severity == .critical ? .critical : .warning,
        "\(worst.id.rawValue): \(naming.text(worst.summary))")
    } else if result.sent == 0 {
      self.init(.unknown, "nothing was sent: \(words.unsentReason)")
    } else if result.plan.probe.isOneWay {
      self.init(
        .ok, "\(Self.counted(result.sent, "one-way echo", "es")) sent; nobody answers those")
    } else if result.answered == 0 {
      self.init(
        .unknown,
        "no answer to \(Self.counted(result.sent, words.name, "es")), which alone proves nothing")
    } else {
      let median = result.roundTrips.median.map { ", round trip \(Nanoseconds($0))" } ?? ""
      self.init(
        .ok, "\(result.answered) of \(result.sent) \(words.name)es answered\(median)")
    }
  }
}

/// What text and JSON of a ping have in common.
struct PingWords {
  private let result: PingResult

  init(_ result: PingResult) { self.result = result }

  var name: String {
    if case .inner = result.plan.probe { return "ICMP echo" }
    return "ESP echo"
  }

  var unsentReason: String {
    if let unsent = result.unsent.first { return unsent.reason }
    return ending ?? (result.isInterrupted ? "interrupted" : "the series was empty")
  }

  /// Why the SA ended early; nil where it did not.
  var ending: String? { result.ending?.reason }

  /// What may explain that nothing came, and what to try next.
  var silence: [String] {
    guard result.sent > 0, result.answered == 0, !result.plan.probe.isOneWay else { return [] }
    switch result.plan.probe {
    case .inner:
      return [
        "the host may not answer ICMP, or its policy has no way back into the tunnel; try another --inner ADDRESS"
      ]
    case .encrypted(let format, _):
      guard !result.isNegotiated else { return [] }
      let other = format == .merged ? "draft03" : "merged"
      return [
        "the peer did not announce ESP echo, and most do not have it: silence means nothing",
        "it may speak the other format: --format \(other)",
        "any peer answers ICMP behind it: --inner ADDRESS",
      ]
    case .unencrypted(let format, _):
      let others = ESPEchoFormat.allCases.filter { $0.isUnencrypted && $0 != format }
        .map { "--format \($0.rawValue)" }
      return [
        "the peer may not have it, ESP may be filtered, or these reserved SPIs alone: silence means nothing",
        "other formats: \(others.joined(separator: ", "))",
        "through an SA of its own: give --psk-file or a profile",
      ]
    }
  }

  /// What stands out beside loss.
  var remarks: [String] {
    var remarks: [String] = []
    if result.shortened > 0 {
      remarks.append(
        "\(result.shortened) came shortened: the peer copies no more than its path takes")
    }
    if result.onAnotherPath > 0 {
      remarks.append("\(result.onAnotherPath) came on another SA than asked for")
    }
    if result.wrongData > 0 { remarks.append("\(result.wrongData) had other data than was sent") }
    if result.late > 0 { remarks.append("\(result.late) came late") }
    if result.duplicates > 0 { remarks.append("\(result.duplicates) came more than once") }
    return remarks
  }
}
