package import IKE
internal import PacketDissector

/// Answers ESP echo requests of all formats: the responder's side of the drafts, without I/O.
///
/// One for each peer, so that one peer's flood does not silence the others.
package struct EchoResponder: Sendable {
  /// What to do about a packet.
  package enum Answer: Equatable, Sendable {
    /// Send this payload with Next Header 144 on the SA of this outbound SPI.
    case reply([UInt8], outboundSPI: UInt32)
    case silence(Silence)
  }

  package enum Silence: Hashable, Sendable {
    /// Merged format, R clear: the sender wants none.
    case oneWay
    /// A reply, or no echo at all.
    case noRequest
    case overLimit
    /// In clear, a reply was asked for on another SPI than 8.
    case wrongReplySPI
    /// The reply path has no room for as much as a header.
    case noRoom
  }

  package struct Counters: Hashable, Sendable {
    package var answered = 0
    package var shortened = 0
    /// Replies that went by the request's own SA, as the SPI asked for is none of the peer's.
    package var foreignSPI = 0
    package var silences: [Silence: Int] = [:]
  }

  package private(set) var counters = Counters()
  private var limit: RateLimit

  /// `repliesPerSecond` is also how many come at once.
  package init(repliesPerSecond: Int = 1_000) {
    limit = RateLimit(perSecond: repliesPerSecond)
  }

  /// Answers the payload, without trailer, of an authenticated packet with Next Header 144.
  ///
  /// `partnerSPI` is the outbound SPI of the pair of SAs that it came in on, and `peerSPIs` are all outbound
  /// SPIs to the same peer: a reply goes by none but these. `room` is how many octets of payload the path of
  /// the replies takes, nil where that is not known; what the request has beyond it is left out of the reply.
  package mutating func answer(
    _ payload: [UInt8], partnerSPI: UInt32, peerSPIs: [UInt32], room: Int? = nil, at now: Instant
  ) -> Answer {
    guard let request = ReceivedESPEcho(payload: payload.rawBytes)?.echo, request.kind == .request
    else { return silence(.noRequest) }
    guard request.asksReply else { return silence(.oneWay) }
    guard let reply = reply(to: request, room: room) else { return silence(.noRoom) }
    guard limit.allows(at: now) else { return silence(.overLimit) }
    count(reply, request)
    guard request.hasReplyFlag, let asked = request.replySPI else {
      return .reply(reply.payload, outboundSPI: partnerSPI)
    }
    if peerSPIs.contains(asked) { return .reply(reply.payload, outboundSPI: asked) }
    counters.foreignSPI += 1
    return .reply(reply.payload, outboundSPI: partnerSPI)
  }

  /// Answers a packet in clear on SPI 7, from its SPI on; nil where none is due. Whoever asks is unproven:
  /// no reply is longer than its request.
  package mutating func answer(
    unencrypted packet: [UInt8], room: Int? = nil, at now: Instant
  ) -> [UInt8]? {
    guard let received = UnencryptedESPEcho(packet: packet.rawBytes), !received.isReply else {
      _ = silence(.noRequest)
      return nil
    }
    if let refusal = Self.refusal(received) {
      _ = silence(refusal)
      return nil
    }
    let room = room.map { $0 - Self.framingBytes(received) }
    guard let content = content(answering: received, room: room) else {
      _ = silence(.noRoom)
      return nil
    }
    guard limit.allows(at: now) else {
      _ = silence(.overLimit)
      return nil
    }
    if let reply = content.echo, let request = received.content.echo {
      count(reply, request)
    } else {
      counters.answered += 1
    }
    return UnencryptedESPEcho(isReply: true, sequenceNumber: 0, content: content).packet
  }

  private static func refusal(_ received: UnencryptedESPEcho) -> Silence? {
    guard let echo = received.content.echo else { return nil }
    guard echo.kind == .request else { return .noRequest }
    // The development kernel answers whatever R and SPI say.
    guard received.content.format == .merged else { return nil }
    if !echo.hasReplyFlag { return .oneWay }
    return echo.replySPI == UnencryptedESPEcho.replySPI ? nil : .wrongReplySPI
  }

  /// ESP header and the longest trailer.
  private static func framingBytes(_ received: UnencryptedESPEcho) -> Int {
    ESPHeader.byteCount + (received.content.format == .merged ? 5 : 0)
  }

  private func content(
    answering received: UnencryptedESPEcho, room: Int?
  ) -> UnencryptedESPEcho.Content? {
    switch received.content {
    case .merged(let request):
      reply(to: request.echo, room: room).map { .merged(ReceivedESPEcho($0)) }
    case .kernel(let request):
      reply(to: request, room: room).map { .kernel($0) }
    case .colitti2023(let paddingBytes):
      .colitti2023(paddingBytes: min(paddingBytes, max(0, (room ?? paddingBytes) - 2)))
    }
  }

  /// A copy of the request with the reply's sub-type, and as much data as has room.
  private func reply(to request: ESPEcho, room: Int?) -> ESPEcho? {
    var reply = request
    reply.kind = .reply
    guard let room else { return reply }
    guard room >= request.headerBytes else { return nil }
    reply.data = Array(request.data.prefix(room - request.headerBytes))
    return reply
  }

  private mutating func count(_ reply: ESPEcho, _ request: ESPEcho) {
    counters.answered += 1
    if reply.data.count < request.data.count { counters.shortened += 1 }
  }

  private mutating func silence(_ reason: Silence) -> Answer {
    counters.silences[reason, default: 0] += 1
    return .silence(reason)
  }
}
