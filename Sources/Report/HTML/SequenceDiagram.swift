internal import Diagnosis
internal import PacketDissector

/// What an IKE SA's messages look like drawn: arrows between two lifelines, from top to bottom as they
/// came.
struct SequenceDiagram {
  struct Arrow {
    enum Shape {
      case message
      case retransmission
      /// An answer that the capture does not have.
      case absent
      /// Several exchanges that went as they should.
      case exchanges
      /// An ICMP error, from somewhere on the way.
      case error
    }

    var time: Timestamp
    var frame: UInt64?
    var isFromInitiator: Bool
    var shape: Shape
    var title: String
    var detail = ""
    /// It says that something failed.
    var isRefusal = false
    /// It stands for messages over the time before it.
    var coversTime = false
  }

  enum Row {
    case arrow(Arrow)
    /// Time in which nothing came, drawn shorter than it was.
    case gap(Nanoseconds)
    case leftOut(Int)
  }

  let rows: [Row]
  let leftOut: Int

  /// So many arrows fit a reader's patience: the first half and the last half of more.
  static let arrowLimit = 60
  /// Silence from which on it is marked.
  private static let gap = Nanoseconds.seconds(1)

  /// `icmp` are the errors that quote messages of this SA, `end` is the capture's.
  init(_ session: IKESession, icmp: [ICMPErrors.Entry], end: Timestamp, _ naming: Naming) {
    let builder = SequenceDiagramArrows(session, end: end, naming)
    let arrows = builder.arrows(icmp: icmp).enumerated().sorted { one, other in
      one.element.time != other.element.time
        ? one.element.time < other.element.time : one.offset < other.offset
    }.map(\.element)
    let half = Self.arrowLimit / 2
    leftOut = max(0, arrows.count - Self.arrowLimit)
    var rows: [Row] = []
    var previous: Timestamp?
    for (index, arrow) in arrows.enumerated() {
      if leftOut > 0, (half..<arrows.count - half).contains(index) {
        if index == half { rows.append(.leftOut(leftOut)) }
        previous = nil
        continue
      }
      if let previous, !arrow.coversTime {
        let silence = Nanoseconds(from: previous, to: arrow.time)
        if silence >= Self.gap { rows.append(.gap(silence)) }
      }
      rows.append(.arrow(arrow))
      previous = arrow.time
    }
    self.rows = rows
  }
}

/// Makes the arrows of one IKE SA.
struct SequenceDiagramArrows {
  private typealias Arrow = SequenceDiagram.Arrow

  private let session: IKESession
  private let end: Timestamp
  private let naming: Naming

  /// As many retransmissions have an arrow each; more of them share one.
  private static let singleRetransmissions = 4
  /// As many liveness checks in a row have arrows each; more of them share one.
  private static let singleChecks = 2

  init(_ session: IKESession, end: Timestamp, _ naming: Naming) {
    self.session = session
    self.end = end
    self.naming = naming
  }

  func arrows(icmp: [ICMPErrors.Entry]) -> [SequenceDiagram.Arrow] {
    var arrows: [Arrow] = []
    var rest = session.exchanges[...]
    while let exchange = rest.first {
      let checks = rest.prefix {
        $0.isAnsweredCheck && $0.isInitiators == exchange.isInitiators
          && session.majorVersion == 2
      }
      if checks.count > Self.singleChecks, let all = together(checks) {
        arrows.append(all)
        rest = rest.dropFirst(checks.count)
      } else {
        arrows += self.arrows(of: exchange)
        rest = rest.dropFirst()
      }
    }
    for message in session.unprotected {
      let label = IKEMessageLabel(message.content, majorVersion: session.majorVersion)
      arrows.append(
        Arrow(
          time: message.frame.time, frame: message.frame.number,
          isFromInitiator: message.isInitiators, shape: .message,
          title: "message without encryption", detail: label.payloads, isRefusal: true))
    }
    return arrows + icmp.map(error)
  }

  // MARK: Exchanges

  private func arrows(of exchange: IKEExchange) -> [Arrow] {
    let name = name(of: exchange)
    var arrows: [Arrow] = []
    if let request = exchange.request {
      arrows += self.arrows(
        of: request, session.majorVersion == 1 ? name : "\(name), request",
        fromInitiator: exchange.isInitiators)
      if exchange.response == nil, isAnswerDue(exchange) {
        arrows.append(absentAnswer(exchange, request, name))
      }
    }
    if let response = exchange.response {
      arrows += self.arrows(
        of: response, session.majorVersion == 1 ? name : "\(name), response",
        fromInitiator: !exchange.isInitiators, after: exchange.roundTrip,
        isAlone: exchange.request == nil)
    }
    return arrows
  }

  private func name(of exchange: IKEExchange) -> String {
    if session.majorVersion == 1 {
      let name = IKEv1ExchangeType(rawValue: exchange.type).shortName
      return exchange.messageID == 0
        ? name : "\(name) \(Quantity.hexadecimal(UInt64(exchange.messageID), digits: 8))"
    }
    let name = ExchangeType(rawValue: exchange.type).name ?? "exchange type \(exchange.type)"
    return "\(name) \(exchange.messageID)"
  }

  /// All requests of IKEv2 are answered. In IKEv1 the last message of three is not, nor is an
  /// informational one.
  private func isAnswerDue(_ exchange: IKEExchange) -> Bool {
    guard session.majorVersion == 1 else { return true }
    switch IKEv1ExchangeType(rawValue: exchange.type) {
    case .identityProtection: return true
    case .aggressive, .quickMode:
      let first = session.exchanges.first {
        $0.type == exchange.type && $0.messageID == exchange.messageID
      }
      return first?.request?.first.frame == exchange.request?.first.frame
    default: return false
    }
  }

  private func absentAnswer(
    _ exchange: IKEExchange, _ request: IKEMessageTrack, _ name: String
  ) -> Arrow {
    let time = request.last.frame.time
    let rest = Nanoseconds(from: time, to: max(time, end))
    return Arrow(
      time: time, frame: nil, isFromInitiator: !exchange.isInitiators, shape: .absent,
      title: "no answer to \(name)",
      detail: rest < .seconds(0.001)
        ? "the capture ends with it" : "the capture goes on for \(rest)",
      isRefusal: true)
  }

  private func together(_ checks: ArraySlice<IKEExchange>) -> Arrow? {
    guard let first = checks.first, let last = checks.last, let asked = first.request?.first.frame,
      let end = last.request?.first.frame
    else { return nil }
    return Arrow(
      time: asked.time, frame: asked.number, isFromInitiator: first.isInitiators, shape: .exchanges,
      title: "liveness checks \(first.messageID) to \(last.messageID)",
      detail: "\(checks.count) empty INFORMATIONAL exchanges over "
        + "\(Nanoseconds(from: asked.time, to: end.time)), each answered")
  }

  // MARK: Messages

  private func arrows(
    of message: IKEMessageTrack, _ title: String, fromInitiator: Bool,
    after time: Nanoseconds? = nil,
    isAlone: Bool = false
  ) -> [Arrow] {
    let label = IKEMessageLabel(message.content, majorVersion: session.majorVersion)
    var detail = [label.payloads, IKEMessageLabel.size(message)]
    if let time { detail.append("after \(time)") }
    if isAlone { detail.append("its request is not in the capture") }
    let first = Arrow(
      time: message.first.frame.time, frame: message.first.frame.number,
      isFromInitiator: fromInitiator, shape: .message, title: title,
      detail: detail.filter { !$0.isEmpty }.joined(separator: ", "), isRefusal: label.isRefusal)
    let again = message.transmissions.dropFirst()
    if message.count - 1 > Self.singleRetransmissions {
      let last = message.last.frame
      let span = Nanoseconds(from: message.first.frame.time, to: last.time)
      return [
        first,
        Arrow(
          time: last.time, frame: last.number, isFromInitiator: fromInitiator,
          shape: .retransmission, title: "\(title), again \u{D7}\(message.count - 1) over \(span)",
          detail: "the last of them in frame \(last.number)", coversTime: true),
      ]
    }
    return [first]
      + zip(again, message.gaps).enumerated().map { index, entry in
        Arrow(
          time: entry.0.frame.time, frame: entry.0.frame.number, isFromInitiator: fromInitiator,
          shape: .retransmission, title: "\(title), again",
          detail: "transmission \(index + 2), \(entry.1) after the one before")
      }
  }

  private func error(_ entry: ICMPErrors.Entry) -> Arrow {
    let mtu = entry.header.nextHopMTU.map { ", MTU \($0) bytes" } ?? ""
    return Arrow(
      time: entry.frames.first?.time ?? entry.last.time, frame: entry.frames.first?.number,
      isFromInitiator: entry.quotedSource.address != session.initiator.address
        && entry.quotedSource.address != session.latestInitiator.address,
      // It goes back to whom it quotes: what comes from the initiator's side goes to the responder.
      shape: .error, title: "ICMP: \(entry.header.meaning ?? "error")\(mtu)",
      detail: "from \(naming.text(entry.reporter))"
        + (entry.count > 1
          ? ", \u{D7}\(entry.count) until frame \(entry.last.number)" : ""),
      isRefusal: true)
  }
}

extension IKEExchange {
  /// A liveness check that went as it should.
  fileprivate var isAnsweredCheck: Bool {
    type == ExchangeType.informational.rawValue && request?.content.isEmpty == true
      && request?.count == 1 && response?.count == 1 && response?.content.isEmpty == true
  }
}
