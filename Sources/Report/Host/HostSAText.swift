package import Diagnosis
internal import Host
package import PacketDissector

/// One SA of a machine for people: who, its window, where its sequence numbers stand, what it refused.
package struct HostSAText {
  private let page: Page
  private let naming: Naming
  private let time: Timestamp
  /// Where the words of an SA's lines stand.
  private static let column = 14

  /// `time` is when the SA was read.
  package init(_ page: Page, _ naming: Naming, at time: Timestamp) {
    self.page = page
    self.naming = naming
    self.time = time
  }

  /// All that matters of it.
  package func write(
    _ judgement: SAJudgement, isVerbose: Bool = false, to text: inout TextBuffer
  ) {
    let sa = judgement.sa
    page.paragraph(title(judgement), from: 0, indent: 4, to: &text)
    line("window", window(judgement), to: &text)
    line("sequence", sequence(judgement), to: &text)
    line("carried", carried(sa), to: &text)
    if judgement.role != .outbound { line("dropped", dropped(sa), to: &text) }
    if let forecast = judgement.forecast {
      line("forecast", self.forecast(forecast, of: sa), to: &text)
    }
    let ends = limits(sa)
    if !ends.isEmpty { line("limits", ends.joined(separator: ", "), to: &text) }
    guard isVerbose else { return }
    line("made of", composition(sa), to: &text)
    let marks = marks(sa)
    if !marks.isEmpty { line("chosen by", marks.joined(separator: ", "), to: &text) }
  }

  /// All that matters of one that has nothing to tell.
  package func writeLine(_ judgement: SAJudgement, to text: inout TextBuffer) {
    let protection =
      switch judgement.protection {
      case .notApplicable: "no window, normal on this side"
      case .off: "no window"
      case .window(let size): "window \(size)"
      }
    let numbers = judgement.sa.usesESN ? ", ESN" : ""
    let packets = Verdict.counted(judgement.sa.counters.packets, "packet")
    text.spaces(2)
    page.paragraph(
      "\(title(judgement)), \(protection)\(numbers), \(packets)", from: 2, indent: 4, to: &text)
  }

  private func line(_ label: String, _ words: String, to text: inout TextBuffer) {
    page.line(label, words, column: Self.column, to: &text)
  }

  /// "SPI c0eb461a  in  10.2.0.2 → 10.1.0.2  net-net/child"
  func title(_ judgement: SAJudgement) -> String {
    let sa = judgement.sa
    let role =
      switch judgement.role {
      case .inbound: "in"
      case .outbound: "out"
      case .unknown: "direction unknown"
      }
    var words = naming.text(
      "\(sa.ipProtocol == 51 ? "AH SPI" : "SPI") \(spi: sa.spi) \(role) \(sa.source) \(page.arrow) \(sa.destination)"
    )
    if let owner = judgement.owner {
      words += naming.text(" (\(identity: owner.connection)/\(identity: owner.child))")
    }
    return words
  }

  // MARK: Anti-replay

  private func window(_ judgement: SAJudgement) -> String {
    var words: String
    switch judgement.protection {
    case .notApplicable: return "none: normal on this side"
    case .off: words = "none: repeated packets are accepted"
    case .window(let size):
      words = "\(grouped(UInt64(size))) packets"
      if let received = judgement.sa.replay.received {
        words += ", \(grouped(UInt64(received))) of them seen"
      }
    }
    if let configured = judgement.configuredWindow, configured != judgement.sa.replay.window {
      words += "; the daemon is configured with \(grouped(UInt64(configured)))"
    }
    if let recommended = judgement.recommendedWindow {
      words += "; the packets captured take \(grouped(UInt64(recommended)))"
    }
    return words
  }

  private func sequence(_ judgement: SAJudgement) -> String {
    let replay = judgement.sa.replay
    let bits = judgement.sa.usesESN ? "64 bits (ESN)" : "32 bits"
    return switch judgement.role {
    case .inbound: "\(grouped(replay.incoming)) the highest received, \(bits)"
    case .outbound: "\(grouped(replay.outgoing)) the last sent, \(bits)"
    case .unknown:
      "\(grouped(replay.incoming)) the highest received, "
        + "\(grouped(replay.outgoing)) the last sent, \(bits)"
    }
  }

  private func carried(_ sa: KernelSA) -> String {
    var words =
      "\(Verdict.counted(sa.counters.packets, "packet")), "
      + Verdict.counted(sa.counters.bytes, "byte")
    if let added = sa.added {
      words += " in \(Nanoseconds(from: min(added, time), to: time))"
    }
    return words
  }

  private func dropped(_ sa: KernelSA) -> String {
    let counters = sa.counters
    if counters.beforeWindow == 0, counters.replayed == 0, counters.integrityFailed == 0 {
      return "none"
    }
    return "\(grouped(UInt64(counters.beforeWindow))) older than the window, "
      + "\(grouped(UInt64(counters.replayed))) repeated, "
      + "\(grouped(UInt64(counters.integrityFailed))) failed their ICV, since it was made"
  }

  private func forecast(_ forecast: SAJudgement.Forecast, of sa: KernelSA) -> String {
    let rate = Quantity.decimal(forecast.perSecond, places: forecast.perSecond < 10 ? 1 : 0)
    let basis =
      switch forecast.basis {
      case .measured(let time): "measured over \(time)"
      case .average(let time): "the average of \(time)"
      }
    // Nanoseconds of 64 bits end after 292 years.
    let years = Int64(86_400 * 365) * 100
    let left =
      forecast.left.count / 1_000_000_000 > years ? "more than 100 years" : "\(forecast.left)"
    return "numbers of \(sa.usesESN ? "64" : "32") bits last \(left) at \(rate) packets/s, \(basis)"
  }

  // MARK: The rest

  /// What ends the SA, with how far it is.
  private func limits(_ sa: KernelSA) -> [String] {
    let counters = sa.counters
    var words: [String] = []
    if let hard = sa.limits.age.hard {
      let age = sa.added.map { max(0, Nanoseconds(from: $0, to: time).seconds) } ?? 0
      let left = Double(hard) - age
      words.append(left > 0 ? "ends in \(Nanoseconds.seconds(left))" : "its time is over")
    }
    if let hard = sa.limits.bytes.hard {
      words.append("\(share(counters.bytes, of: hard)) of \(grouped(hard)) bytes used")
    }
    if let hard = sa.limits.packets.hard {
      words.append("\(share(counters.packets, of: hard)) of \(grouped(hard)) packets used")
    }
    return words
  }

  private func share(_ part: UInt64, of whole: UInt64) -> String {
    whole == 0 ? "all" : "\(Quantity.decimal(Double(part) * 100 / Double(whole), places: 1)) %"
  }

  private func composition(_ sa: KernelSA) -> String {
    var parts = [sa.aead?.name, sa.cipher?.name, sa.integrity?.name, sa.compression]
      .compactMap { $0 }
    if let bits = sa.integrity?.icvBits ?? sa.aead?.icvBits { parts.append("ICV of \(bits) bits") }
    parts.append("\(KernelNames.mode(sa.mode) ?? "unknown") mode")
    if let encapsulation = sa.encapsulation {
      let carrier = encapsulation.type == KernelSA.Encapsulation.espInTCP ? "TCP" : "UDP"
      parts.append(
        "in \(carrier) port \(encapsulation.sourcePort) to \(encapsulation.destinationPort)")
    }
    if let offload = sa.offload {
      parts.append(
        offload.isWholePacket
          ? "whole packets done by interface \(offload.interface)"
          : "cryptography done by interface \(offload.interface)")
    }
    return naming.text("\(parts.joined(separator: ", "))")
  }

  /// What else decides which packets take it.
  private func marks(_ sa: KernelSA) -> [String] {
    var words: [String] = []
    if sa.reqID != 0 { words.append("reqid \(sa.reqID)") }
    if let interface = sa.interfaceID { words.append("if_id \(interface)") }
    if let mark = sa.mark {
      words.append(
        "mark 0x\(Quantity.hexadecimal(UInt64(mark.value), digits: 1))/"
          + "0x\(Quantity.hexadecimal(UInt64(mark.mask), digits: 1))")
    }
    if let cpu = sa.cpu { words.append("CPU \(cpu)") }
    if let selector = sa.selector {
      words.append(
        naming.text(
          "\(network: "\(selector.source)") \(page.arrow) \(network: "\(selector.destination)")"))
    }
    return words
  }

  private func grouped(_ count: UInt64) -> String { Quantity.grouped(Int64(clamping: count)) }
}
