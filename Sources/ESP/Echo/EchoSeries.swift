package import IKE
package import PacketDissector

/// The requests of one series of echoes, and what came back for each: the initiator's side, without I/O. ESP
/// echo and ICMP echo alike are told apart by identifier and sequence number.
package struct EchoSeries: Sendable {
  /// A reply as it came.
  package struct Reply: Equatable, Sendable {
    package var roundTrip: Duration
    /// Octets of data that came back.
    package var dataBytes: Int
    /// The SPI that it came on; nil where there is none.
    package var inboundSPI: UInt32?
    /// It has other data than the request had.
    package var hasWrongData: Bool
    /// Later than the series waits.
    package var isLate: Bool
  }

  package struct Request: Equatable, Sendable {
    package var sequence: UInt16
    package var at: Instant
    /// Octets of data behind the echo's header.
    package var dataBytes: Int
    package var asksReply: Bool
    /// Octets of the IP packet that carried it; nil where it was not sent yet.
    package var datagramBytes: Int?
    /// Where the reply is wanted; nil leaves it to the peer.
    package var replySPI: UInt32?
    /// The first that came.
    package var reply: Reply?
    /// Further replies to the same request.
    package var duplicates = 0

    package init(
      sequence: UInt16, at: Instant, dataBytes: Int, asksReply: Bool = true,
      replySPI: UInt32? = nil
    ) {
      self.sequence = sequence
      self.at = at
      self.dataBytes = dataBytes
      self.asksReply = asksReply
      self.replySPI = replySPI
    }

    /// The responder copied less than it was sent, which it may for the sake of its path's MTU.
    package var isShortened: Bool { reply.map { $0.dataBytes < dataBytes } ?? false }
    /// The reply came on another SA than it was asked for.
    package var cameOnAnotherPath: Bool {
      guard let replySPI, let came = reply?.inboundSPI else { return false }
      return came != replySPI
    }
  }

  /// What a packet that came is to the series.
  package enum Match: Equatable, Sendable {
    /// The first reply to the request of this index.
    case reply(Int)
    case duplicate(Int)
    /// Of another series, or to a request that is no longer kept.
    case unknown
  }

  package let identifier: UInt16
  /// How long a reply may take before its request counts as lost.
  package let timeout: Duration
  package private(set) var requests: [Request] = []
  private var nextSequence: UInt16

  /// The sequence numbers begin at `firstSequence`, and wrap.
  package init(identifier: UInt16, timeout: Duration = .seconds(1), firstSequence: UInt16 = 1) {
    self.identifier = identifier
    self.timeout = timeout
    nextSequence = firstSequence
  }

  /// Makes the next request of ESP echo, and remembers it as sent at `now`.
  ///
  /// `format` is one that has an echo header. In the merged format a request always names its reply path,
  /// which is `replySPI`, or zero for a one-way probe.
  package mutating func request(
    _ format: ESPEchoFormat, dataBytes: Int, asksReply: Bool = true, replySPI: UInt32?,
    at now: Instant
  ) -> ESPEcho {
    let sequence = record(
      dataBytes: dataBytes, asksReply: asksReply, replySPI: asksReply ? replySPI : nil, at: now)
    let isMerged = format == .merged
    return ESPEcho(
      .request, hasReplyFlag: isMerged ? asksReply : replySPI != nil, identifier: identifier,
      sequence: sequence,
      replySPI: isMerged ? (asksReply ? replySPI ?? 0 : 0) : replySPI,
      data: EchoData.pattern(dataBytes, sequence: sequence))
  }

  /// Remembers a request that was made elsewhere: its sequence number.
  package mutating func record(
    dataBytes: Int, asksReply: Bool = true, replySPI: UInt32? = nil, at now: Instant
  ) -> UInt16 {
    let sequence = nextSequence
    nextSequence &+= 1
    requests.append(
      Request(
        sequence: sequence, at: now, dataBytes: dataBytes, asksReply: asksReply, replySPI: replySPI)
    )
    return sequence
  }

  /// Says in which IP packet the newest request went out.
  package mutating func sent(in datagramBytes: Int) {
    guard let last = requests.indices.last else { return }
    requests[last].datagramBytes = datagramBytes
  }

  /// Forgets the newest request, which could not be sent.
  package mutating func withdraw() {
    _ = requests.popLast()
  }

  /// Takes a reply of ESP echo.
  package mutating func note(
    _ reply: ESPEcho, on inboundSPI: UInt32?, at now: Instant
  ) -> Match {
    guard reply.kind == .reply else { return .unknown }
    return note(
      identifier: reply.identifier, sequence: reply.sequence, data: reply.data, on: inboundSPI,
      at: now)
  }

  /// Takes a reply to the newest request of its number. `data` is compared with what was sent, as far as it
  /// goes.
  package mutating func note(
    identifier: UInt16, sequence: UInt16, data: [UInt8], on inboundSPI: UInt32?, at now: Instant
  ) -> Match {
    guard identifier == self.identifier,
      let index = requests.lastIndex(where: { $0.sequence == sequence })
    else { return .unknown }
    guard requests[index].reply == nil else {
      requests[index].duplicates += 1
      return .duplicate(index)
    }
    let request = requests[index]
    let sent = EchoData.pattern(request.dataBytes, sequence: sequence)
    requests[index].reply = Reply(
      roundTrip: now - request.at, dataBytes: data.count, inboundSPI: inboundSPI,
      hasWrongData: !sent.starts(with: data), isLate: now - request.at > timeout)
    return .reply(index)
  }

  /// When the last open request counts as lost; nil if none is open.
  package var deadline: Instant? {
    requests.filter { $0.asksReply && $0.reply == nil }.map { $0.at + timeout }.max()
  }
}
