package import PacketDissector

/// One IKE SA, or an attempt at one, with its exchanges.
package struct IKESession: Sendable {
  package let majorVersion: UInt8
  package let initiatorSPI: UInt64
  /// Zero until the responder has answered.
  package private(set) var responderSPI: UInt64 = 0
  /// Where the initiator and the responder were seen first, and last.
  package private(set) var initiator: Endpoint
  package private(set) var responder: Endpoint
  package private(set) var latestInitiator: Endpoint
  package private(set) var latestResponder: Endpoint
  package private(set) var first: FrameReference
  package private(set) var last: FrameReference
  package private(set) var messages: UInt64 = 0
  /// Messages seen twice within ``copyDelay``: a mirror port's, not the sender's.
  package private(set) var copies: UInt64 = 0
  package private(set) var exchanges: [IKEExchange] = []
  /// Exchanges that went without incident and made room for others.
  package private(set) var forgotten: UInt64 = 0
  package static let exchangeLimit = 128
  /// Liveness checks of the initiator and of the responder.
  package var initiatorLiveness = LivenessRecord()
  package var responderLiveness = LivenessRecord()
  package var nat = NATDetection()
  package private(set) var usesTCP = false
  package private(set) var usesPort4500 = false
  /// Messages without encryption where there should be some: INVALID_IKE_SPI and the like.
  package private(set) var unprotected:
    [(frame: FrameReference, content: IKEMessageContent, isInitiators: Bool)] = []

  /// Nanoseconds within which the same bytes are the same message seen twice.
  static let copyDelay: Int64 = 5_000_000

  init(_ header: IKEHeader, _ sighting: Sighting) {
    majorVersion = header.majorVersion
    initiatorSPI = header.initiatorSPI
    let isFromInitiator = Self.isFromInitiator(header) ?? true
    initiator = isFromInitiator ? sighting.sourceEnd : sighting.destinationEnd
    responder = isFromInitiator ? sighting.destinationEnd : sighting.sourceEnd
    latestInitiator = initiator
    latestResponder = responder
    first = sighting.frame
    last = sighting.frame
  }

  /// IKEv2 says it in a flag; in IKEv1 only the very first message shows it, which has no responder
  /// cookie.
  private static func isFromInitiator(_ header: IKEHeader) -> Bool? {
    if header.majorVersion >= 2 { return header.flags & 0x08 != 0 }
    return header.responderSPI == 0 ? true : nil
  }

  package var duration: Nanoseconds { Nanoseconds(from: first.time, to: last.time) }

  mutating func add(
    _ header: IKEHeader, _ record: IPsecRecord, _ content: IKEMessageContent, digest: UInt64,
    _ sighting: Sighting, espFromPeer: UInt64
  ) {
    let fromInitiator =
      Self.isFromInitiator(header)
      ?? (sighting.source == latestInitiator.address
        && (sighting.source != sighting.destination
          || sighting.sourcePort == latestInitiator.port))
    messages &+= 1
    if header.responderSPI != 0 { responderSPI = header.responderSPI }
    if sighting.frame.time >= last.time { last = sighting.frame }
    usesTCP = usesTCP || record.encapsulation == .tcp
    usesPort4500 = usesPort4500 || sighting.sourcePort == 4500 || sighting.destinationPort == 4500
    latestInitiator = fromInitiator ? sighting.sourceEnd : sighting.destinationEnd
    latestResponder = fromInitiator ? sighting.destinationEnd : sighting.sourceEnd
    let transmission = IKEMessageTrack.Transmission(
      frame: sighting.frame, source: sighting.sourceEnd, destination: sighting.destinationEnd,
      hopLimit: sighting.hopLimit, espFromPeer: espFromPeer)
    let message = IKEMessageTrack(
      content, digest: digest, bytes: record.range.count, transmission, sighting)
    if majorVersion == 1 {
      addIKEv1(header, message, fromInitiator)
    } else {
      addIKEv2(header, message, sighting, fromInitiator)
    }
    if exchanges.count > Self.exchangeLimit { forgetOne() }
  }

  // MARK: IKEv2

  private mutating func addIKEv2(
    _ header: IKEHeader, _ message: IKEMessageTrack, _ sighting: Sighting, _ fromInitiator: Bool
  ) {
    let isInit = header.exchangeType == ExchangeType.ikeSAInit.rawValue
    if isInit { nat.note(message.content, header, sighting) }
    if !isInit, message.content.firstEncrypted == nil, message.content.fragment == nil {
      if unprotected.count < 16 {
        unprotected.append((sighting.frame, message.content, fromInitiator))
      }
      return
    }
    let isAskedByInitiator = header.isResponse ? !fromInitiator : fromInitiator
    let place = exchanges.lastIndex {
      $0.type == header.exchangeType && $0.messageID == header.messageID
        && $0.isInitiators == isAskedByInitiator
    }
    if header.isResponse {
      addResponse(header, message, isAskedByInitiator, place)
    } else {
      addRequest(header, message, isAskedByInitiator, place, startsAnew: isInit)
    }
  }

  private mutating func addRequest(
    _ header: IKEHeader, _ message: IKEMessageTrack, _ isInitiators: Bool, _ place: Int?,
    startsAnew: Bool
  ) {
    if let place, var known = exchanges[place].request {
      exchanges[place].request = nil
      defer { if exchanges[place].request == nil { exchanges[place].request = known } }
      if merge(message, into: &known) { return }
      // IKE_SA_INIT is asked again with other content after COOKIE and INVALID_KE_PAYLOAD.
      if !startsAnew { return known.add(message.first) }
    } else if let place, exchanges[place].request == nil, !startsAnew {
      exchanges[place].request = message
      return
    }
    exchanges.append(
      IKEExchange(
        type: header.exchangeType, messageID: header.messageID, isInitiators: isInitiators,
        request: message))
  }

  private mutating func addResponse(
    _ header: IKEHeader, _ message: IKEMessageTrack, _ isInitiators: Bool, _ place: Int?
  ) {
    guard let place else {
      return exchanges.append(
        IKEExchange(
          type: header.exchangeType, messageID: header.messageID, isInitiators: isInitiators,
          response: message))
    }
    guard var known = exchanges[place].response else {
      exchanges[place].response = message
      return noteLiveness(place)
    }
    exchanges[place].response = nil
    if !merge(message, into: &known) { known.add(message.first) }
    exchanges[place].response = known
  }

  /// Counts `message` as another transmission or piece of `known`; false if it is neither.
  private mutating func merge(
    _ message: IKEMessageTrack, into known: inout IKEMessageTrack
  ) -> Bool {
    if let piece = message.content.fragment, known.fragments != nil {
      return mergeFragment(message, piece, into: &known)
    }
    guard message.digest == known.digest else {
      // The keys opened it only now, or a retransmission was encrypted anew.
      return false
    }
    let since = message.first.frame.time.nanoseconds &- known.last.frame.time.nanoseconds
    if since.magnitude <= UInt64(Self.copyDelay) {
      copies &+= 1
      return true
    }
    known.add(message.first)
    known.ipFragments = max(known.ipFragments, message.ipFragments)
    known.packetBytes = max(known.packetBytes, message.packetBytes)
    return true
  }

  private mutating func mergeFragment(
    _ message: IKEMessageTrack, _ piece: (number: UInt16, total: UInt16),
    into known: inout IKEMessageTrack
  ) -> Bool {
    let last = known.fragments?.lastFrame.time.nanoseconds ?? 0
    let cameBefore =
      known.fragments?.add(piece, bytes: message.bytes, message.first.frame) ?? false
    known.packetBytes = max(known.packetBytes, message.packetBytes)
    if message.content.isOpened { known.content.take(opened: message.content) }
    if known.content.firstEncrypted == nil {
      known.content.firstEncrypted = message.content.firstEncrypted
    }
    if !cameBefore {
      known.bytes += message.bytes
      return true
    }
    let since = message.first.frame.time.nanoseconds &- last
    if since.magnitude <= UInt64(Self.copyDelay), piece.number == known.content.fragment?.number {
      copies &+= 1
    } else if piece.number == known.content.fragment?.number {
      known.add(message.first)
    }
    return true
  }

  private mutating func noteLiveness(_ place: Int) {
    let exchange = exchanges[place]
    guard exchange.type == ExchangeType.informational.rawValue, let request = exchange.request,
      request.content.isEmpty, let response = exchange.response
    else { return }
    let time = exchange.roundTrip ?? Nanoseconds(0)
    if exchange.isInitiators {
      initiatorLiveness.answered(request.first.frame, response.first.frame, time)
    } else {
      responderLiveness.answered(request.first.frame, response.first.frame, time)
    }
  }

  // MARK: IKEv1

  /// In IKEv1 a message is answered by the next of the same exchange from the other side, if there is
  /// one due.
  private mutating func addIKEv1(
    _ header: IKEHeader, _ message: IKEMessageTrack, _ fromInitiator: Bool
  ) {
    for place in exchanges.indices.reversed()
    where exchanges[place].type == header.exchangeType
      && exchanges[place].messageID == header.messageID
    {
      if exchanges[place].isInitiators == fromInitiator, var known = exchanges[place].request {
        exchanges[place].request = nil
        let isMerged = merge(message, into: &known)
        exchanges[place].request = known
        if isMerged { return }
      } else if var known = exchanges[place].response {
        exchanges[place].response = nil
        let isMerged = merge(message, into: &known)
        exchanges[place].response = known
        if isMerged { return }
      }
    }
    let isSingle = header.exchangeType == IKEv1ExchangeType.informational.rawValue
    let open = exchanges.lastIndex {
      $0.type == header.exchangeType && $0.messageID == header.messageID
        && $0.isInitiators != fromInitiator && $0.response == nil
    }
    if let open, !isSingle {
      exchanges[open].response = message
    } else {
      exchanges.append(
        IKEExchange(
          type: header.exchangeType, messageID: header.messageID, isInitiators: fromInitiator,
          request: message))
    }
  }

  /// Makes room: first what went without incident, then the oldest.
  private mutating func forgetOne() {
    let plain = exchanges.indices.dropFirst(8).first { place in
      let exchange = exchanges[place]
      return exchange.request?.count == 1 && exchange.response?.count == 1
        && exchange.response?.content.error == nil
        && exchange.type != ExchangeType.createChildSA.rawValue
        && exchange.request?.content.deletions.isEmpty ?? true
    }
    exchanges.remove(at: plain ?? 8)
    forgotten &+= 1
  }
}

/// How one side checks whether the other lives, and what it hears.
package struct LivenessRecord: Sendable {
  package private(set) var answeredCount: UInt64 = 0
  /// Of the latest checks, at most ``limit``.
  package private(set) var roundTrips: [Nanoseconds] = []
  /// From one check to the next.
  package private(set) var intervals: [Nanoseconds] = []
  package private(set) var firstAsked: FrameReference?
  package private(set) var lastAsked: FrameReference?
  package private(set) var lastAnswered: FrameReference?
  private static let limit = 512

  package init() {}

  mutating func answered(
    _ asked: FrameReference, _ answered: FrameReference, _ roundTrip: Nanoseconds
  ) {
    if firstAsked == nil { firstAsked = asked }
    if let lastAsked {
      Self.append(Nanoseconds(from: lastAsked.time, to: asked.time), to: &intervals)
    }
    Self.append(roundTrip, to: &roundTrips)
    lastAsked = asked
    lastAnswered = answered
    answeredCount &+= 1
  }

  private static func append(_ value: Nanoseconds, to list: inout [Nanoseconds]) {
    if list.count == limit { list.removeFirst(limit / 2) }
    list.append(value)
  }

  package var medianRoundTrip: Nanoseconds? { Self.median(roundTrips) }
  package var medianInterval: Nanoseconds? { Self.median(intervals) }

  private static func median(_ values: [Nanoseconds]) -> Nanoseconds? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }
}

extension IKEMessageContent {
  /// Takes over what the fragments of a message held, once the last of them came.
  fileprivate mutating func take(opened content: IKEMessageContent) {
    let fragment = fragment
    let first = firstEncrypted
    self = content
    self.fragment = fragment
    firstEncrypted = first ?? content.firstEncrypted
  }
}
