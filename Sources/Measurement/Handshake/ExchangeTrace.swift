package import IKE
package import PacketDissector

/// One exchange of a handshake as its initiator saw it: when, how large, how often.
package struct ExchangeTrace: Sendable {
  /// How much a message is on the wire.
  package struct Size: Equatable, Sendable {
    /// Octets of whole IP packets, before IP cuts any of them up.
    package var octets = 0
    /// Messages that it came in (RFC 7383); 1 where it was not fragmented.
    package var messages = 0
    /// IP packets that those take on the path.
    package var packets = 0
    /// Octets of the largest IP packet, before IP cuts it up.
    package var largest = 0

    package init() {}

    fileprivate mutating func add(_ bytes: Int, _ path: PathSizeModel) {
      let packet = path.packetBytes(of: bytes)
      octets += packet
      messages += 1
      packets += path.packets(of: bytes)
      largest = max(largest, packet)
    }
  }

  package let type: ExchangeType
  package let messageID: UInt32
  package let firstSent: Instant
  package private(set) var lastSent: Instant
  /// When the answer was whole; nil if it never was.
  package private(set) var answered: Instant?
  /// How often the request was sent.
  package private(set) var transmissions = 0
  /// The request as it was last sent, and the answer.
  package private(set) var request = Size()
  package private(set) var answer = Size()
  /// All that was sent and received for it.
  package private(set) var packetsSent = 0
  package private(set) var packetsReceived = 0
  package private(set) var octetsSent = 0
  package private(set) var octetsReceived = 0
  /// CPU time of this side, from the answer before to the first transmission.
  package let computing: Duration
  fileprivate let first: [UInt8]
  private var fragments: Set<UInt16> = []

  fileprivate init(
    _ message: TracedMessage, _ bytes: [UInt8], at now: Instant, computing: Duration
  ) {
    type = message.type
    messageID = message.messageID
    firstSent = now
    lastSent = now
    first = bytes
    self.computing = computing
  }

  /// From the first transmission to the whole answer.
  package var duration: Duration? { answered.map { $0 - firstSent } }

  /// What waiting for lost packets cost: from the first transmission to the last one that was answered.
  package var waitedToRepeat: Duration { lastSent - firstSent }

  fileprivate mutating func sent(
    _ message: TracedMessage, _ bytes: [UInt8], _ path: PathSizeModel, at now: Instant
  ) {
    if message.fragment == 1 {
      transmissions += 1
      request = Size()
      if answered == nil { lastSent = now }
    }
    request.add(bytes.count, path)
    packetsSent += path.packets(of: bytes.count)
    octetsSent += path.packetBytes(of: bytes.count)
  }

  fileprivate mutating func received(
    _ message: TracedMessage, _ bytes: [UInt8], _ path: PathSizeModel, at now: Instant
  ) {
    packetsReceived += path.packets(of: bytes.count)
    octetsReceived += path.packetBytes(of: bytes.count)
    guard answered == nil, fragments.insert(message.fragment).inserted else { return }
    answer.add(bytes.count, path)
    if fragments.count >= Int(message.fragments) { answered = now }
  }
}

/// A handshake as its initiator saw it, told by every datagram that went or came.
package struct HandshakeTrace: Sendable {
  package let start: Instant
  package private(set) var exchanges: [ExchangeTrace] = []
  /// When the SA stood; nil if it never did.
  package private(set) var established: Instant?
  /// CPU time of this side, from the start on.
  package private(set) var computed = Duration.zero
  private let path: PathSizeModel
  private let ports: IKEPorts
  /// CPU time at the last moment that counts as waiting's end.
  private var resumed = Duration.zero

  /// `path` says how IP packets are counted; `ports` where messages stand behind the non-ESP marker.
  package init(at start: Instant, _ path: PathSizeModel, _ ports: IKEPorts) {
    self.start = start
    self.path = path
    self.ports = ports
  }

  package var total: Duration? { established.map { $0 - start } }
  package var transmissions: Int { exchanges.reduce(0) { $0 + $1.transmissions } }
  package var packets: Int { exchanges.reduce(0) { $0 + $1.packetsSent + $1.packetsReceived } }
  package var octets: Int { exchanges.reduce(0) { $0 + $1.octetsSent + $1.octetsReceived } }
  package var repeated: Int { transmissions - exchanges.count }
  /// What waiting before sending again cost, over all exchanges.
  package var waitedToRepeat: Duration { exchanges.reduce(.zero) { $0 + $1.waitedToRepeat } }

  /// Takes one datagram (a UDP payload) at `now`, with the CPU time of this side so far.
  package mutating func note(
    _ datagram: [UInt8], isSent: Bool, local: Endpoint, remote: Endpoint, at now: Instant,
    cpu: Duration
  ) {
    guard established == nil else { return }
    let isEncapsulated = [local.port, remote.port].contains(ports.encapsulated)
    let bytes = isEncapsulated ? NonESPMarker.removed(from: datagram) : datagram
    guard let bytes, let message = TracedMessage(bytes), message.isResponse != isSent else {
      return
    }
    if isSent {
      if isNew(message, bytes) {
        exchanges.append(
          ExchangeTrace(message, bytes, at: now, computing: cpu - resumed))
        resumed = cpu
      }
      exchanges[exchanges.count - 1].sent(message, datagram, path, at: now)
    } else if let index = exchanges.lastIndex(where: { $0.isAnswered(by: message) }) {
      exchanges[index].received(message, datagram, path, at: now)
      resumed = cpu
    }
    computed = cpu
  }

  /// The SA stands: what comes now belongs to no handshake.
  package mutating func end(at now: Instant, cpu: Duration) {
    guard established == nil else { return }
    established = now
    computed = cpu
  }

  /// Whether a request begins an exchange: not one that is sent again, as it was or cut anew. IKE_SA_INIT with
  /// a cookie or another share has the same message ID, and is another request.
  private func isNew(_ message: TracedMessage, _ bytes: [UInt8]) -> Bool {
    guard let last = exchanges.last, last.isAnswered(by: message) else { return true }
    return message.type == .ikeSAInit && last.first != bytes
  }

  /// The last request, if it stayed unanswered.
  package var unanswered: TunnelFindings.Unanswered? {
    guard let last = exchanges.last, last.answered == nil else { return nil }
    return TunnelFindings.Unanswered(
      largestPacket: last.request.largest, ikeFragments: last.request.messages,
      ipPackets: last.request.packets)
  }
}

extension ExchangeTrace {
  fileprivate func isAnswered(by message: TracedMessage) -> Bool {
    type == message.type && messageID == message.messageID
  }
}

/// What a trace needs to know of an IKE message.
struct TracedMessage {
  let type: ExchangeType
  let messageID: UInt32
  let isResponse: Bool
  /// Of a message that is not fragmented, 1 of 1.
  var fragment: UInt16 = 1
  var fragments: UInt16 = 1

  init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes.rawBytes)
    guard let header = try? IKEHeader(from: &reader) else { return nil }
    type = ExchangeType(rawValue: header.exchangeType)
    messageID = header.messageID
    isResponse = header.isResponse
    guard header.nextPayload == PayloadType.encryptedFragment.rawValue else { return }
    // The generic payload header, then number and total (RFC 7383, section 2.5).
    guard (try? reader.u32()) != nil, let number = try? reader.u16(),
      let total = try? reader.u16()
    else { return nil }
    fragment = number
    fragments = total
  }
}
