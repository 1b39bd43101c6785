package import PacketDissector

/// What decrypted packets tell of the traffic inside a tunnel: echoes and TCP segments by size, whether
/// they were answered, and the MSS that TCP agreed on.
package struct InnerTraffic: Sendable {
  /// Echo requests of one inner size, and how many were answered.
  package struct Echoes: Sendable {
    package var sent: UInt64 = 0
    package var answered: UInt64 = 0
    package var first: FrameReference
  }

  /// Echo requests that were split into IP fragments before ESP.
  package struct SplitEchoes: Sendable {
    package var sent: UInt64 = 0
    package var answered: UInt64 = 0
    package var first: FrameReference
  }

  /// Echo requests and TCP connection attempts through one direction of a tunnel.
  package struct Requests: Sendable {
    package private(set) var sent: UInt64 = 0
    package private(set) var answered: UInt64 = 0
    package private(set) var lastAnswer: FrameReference?
    /// Those since the last answer that size does not explain, and the most that there ever were.
    package private(set) var unanswered = Run()
    package private(set) var longestUnanswered = Run()
    /// Inner packets of so many bytes pass: what was answered, and what any path carries.
    private var largestPassing = 256

    package struct Run: Sendable {
      package var count: UInt64 = 0
      package var first: FrameReference?
      package var last: FrameReference?
      /// Whom the requests went to; nil where several were asked.
      package var destination: IPAddress?

      package var duration: Nanoseconds {
        guard let first, let last else { return Nanoseconds(0) }
        return Nanoseconds(from: first.time, to: last.time)
      }
    }

    fileprivate mutating func ask(_ bytes: Int, _ destination: IPAddress, _ frame: FrameReference) {
      sent &+= 1
      guard bytes <= largestPassing else { return }
      if unanswered.count == 0 {
        unanswered.first = frame
        unanswered.destination = destination
      } else if unanswered.destination != destination {
        unanswered.destination = nil
      }
      unanswered.count &+= 1
      unanswered.last = frame
      if unanswered.count > longestUnanswered.count { longestUnanswered = unanswered }
    }

    fileprivate mutating func answer(_ bytes: Int, _ frame: FrameReference) {
      answered &+= 1
      largestPassing = max(largestPassing, bytes)
      lastAnswer = frame
      unanswered = Run()
    }
  }

  /// One direction of a TCP connection.
  package struct Segments: Sendable {
    package let source: Endpoint
    package let destination: Endpoint
    /// The tunnel's outer addresses: who sent the ESP.
    package let outerSource: IPAddress
    package let outerDestination: IPAddress
    package var maximumSegmentSize: UInt16 = 0
    package var highestEnd: UInt32
    package var hasData = false
    /// What the other side has acknowledged.
    package var acknowledged: UInt32?
    /// The inner packet of the segment that was sent most often without being acknowledged.
    package var stuckSequence: UInt32 = 0
    package var stuckBytes = 0
    package var stuckCount: UInt32 = 0
    package var stuckFrames: [FrameReference] = []
    /// The largest inner packet that was acknowledged.
    package var largestAcknowledged = 0
    /// Sent, not acknowledged yet: end of the segment and the packet's size.
    fileprivate var pending: [(end: UInt32, bytes: Int)] = []
  }

  package struct Path: Hashable, Sendable {
    package let source: IPAddress
    package let destination: IPAddress

    package init(source: IPAddress, destination: IPAddress) {
      self.source = source
      self.destination = destination
    }
  }

  /// By outer path and inner packet size.
  package private(set) var echoes: [Path: [Int: Echoes]] = [:]
  package private(set) var splitEchoes: [Path: SplitEchoes] = [:]
  package private(set) var requests: [Path: Requests] = [:]
  package private(set) var segments: [Segments] = []
  private var waiting: [EchoKey: (path: Path, bytes: Int?)] = [:]
  private var index: [ConnectionKey: Int] = [:]
  private static let connectionLimit = 4096
  private static let sizeLimit = 4096
  private static let waitingLimit = 65_536

  private struct EchoKey: Hashable {
    let source: IPAddress
    let destination: IPAddress
    let identifier: UInt16
    let sequence: UInt16
  }

  private struct ConnectionKey: Hashable {
    let source: Endpoint
    let destination: Endpoint
  }

  /// Notes a packet that came out of ESP; `bytes` are the inner packet's.
  mutating func add(_ frame: Frame, _ bytes: RawSpan, _ sighting: Sighting) {
    guard let internet = frame.internet else { return }
    if let position = internet.fragment {
      if position.offset == 0 { add(firstFragment: internet, bytes, sighting) }
      return
    }
    if let echo = frame.icmp?.header.echo {
      return add(
        echo, isRequest: frame.icmp?.header.type == 8 || frame.icmp?.header.type == 128, internet,
        sighting)
    }
    if internet.protocol == 6 { add(tcp: frame, internet, bytes, sighting) }
  }

  /// The first IP fragment of an inner packet has the header of an echo, and says nothing of its size.
  private mutating func add(
    firstFragment internet: InternetHeader, _ bytes: RawSpan, _ sighting: Sighting
  ) {
    let start = Self.headerBytes(bytes) + (internet.source.isIPv6 ? 8 : 0)
    guard start < bytes.byteCount else { return }
    let inner = Frame(
      inner: bytes.extracting(start..<bytes.byteCount), nextHeader: internet.protocol)
    guard let header = inner.icmp?.header, let echo = header.echo else { return }
    let path = Path(source: sighting.source, destination: sighting.destination)
    guard header.type == 8 || header.type == 128 else {
      return answer(echo.identifier, echo.sequenceNumber, internet, sighting)
    }
    guard splitEchoes.count < Self.sizeLimit || splitEchoes[path] != nil else { return }
    splitEchoes[path, default: SplitEchoes(first: sighting.frame)].sent &+= 1
    wait(for: echo.identifier, echo.sequenceNumber, internet, path, bytes: nil)
  }

  private mutating func add(
    _ echo: (name: String, identifier: UInt16, sequenceNumber: UInt16), isRequest: Bool,
    _ internet: InternetHeader, _ sighting: Sighting
  ) {
    if isRequest {
      let path = Path(source: sighting.source, destination: sighting.destination)
      let bytes = internet.totalLength
      if echoes[path]?[bytes] == nil {
        guard echoes.count < Self.sizeLimit, echoes[path]?.count ?? 0 < Self.sizeLimit else {
          return
        }
        echoes[path, default: [:]][bytes] = Echoes(first: sighting.frame)
      }
      echoes[path]?[bytes]?.sent &+= 1
      requests[path, default: Requests()].ask(bytes, internet.destination, sighting.frame)
      wait(for: echo.identifier, echo.sequenceNumber, internet, path, bytes: bytes)
    } else {
      answer(echo.identifier, echo.sequenceNumber, internet, sighting)
    }
  }

  private mutating func wait(
    for identifier: UInt16, _ sequence: UInt16, _ internet: InternetHeader, _ path: Path,
    bytes: Int?
  ) {
    if waiting.count >= Self.waitingLimit { waiting.removeAll() }
    waiting[
      EchoKey(
        source: internet.source, destination: internet.destination, identifier: identifier,
        sequence: sequence)] = (path, bytes)
  }

  private mutating func answer(
    _ identifier: UInt16, _ sequence: UInt16, _ internet: InternetHeader, _ sighting: Sighting
  ) {
    let key = EchoKey(
      source: internet.destination, destination: internet.source, identifier: identifier,
      sequence: sequence)
    guard let asked = waiting.removeValue(forKey: key) else { return }
    if let bytes = asked.bytes {
      echoes[asked.path]?[bytes]?.answered &+= 1
      requests[asked.path]?.answer(bytes, sighting.frame)
    } else {
      splitEchoes[asked.path]?.answered &+= 1
    }
  }

  private mutating func add(
    tcp frame: Frame, _ internet: InternetHeader, _ bytes: RawSpan, _ sighting: Sighting
  ) {
    // The TCP header ends where the payload, which is last, begins.
    let ipHeader = Self.headerBytes(bytes)
    let reader = ByteReader(bytes, in: ipHeader..<bytes.byteCount)
    guard let sequence = reader.peekWord(4), let acknowledged = reader.peekWord(8) else { return }
    let source = Endpoint(internet.source, frame.sourcePort)
    let destination = Endpoint(internet.destination, frame.destinationPort)
    let forward = ConnectionKey(source: source, destination: destination)
    let place: Int
    if let found = index[forward] {
      place = found
    } else {
      guard segments.count < Self.connectionLimit else { return }
      place = segments.count
      index[forward] = place
      segments.append(
        Segments(
          source: source, destination: destination, outerSource: sighting.source,
          outerDestination: sighting.destination, highestEnd: sequence))
    }
    if frame.maximumSegmentSize > 0 {
      segments[place].maximumSegmentSize = frame.maximumSegmentSize
    }
    note(connecting: frame.tcpFlags & 0x12, place, internet, sighting)
    if frame.payloadLength > 0 {
      segments[place].send(
        sequence, bytes: frame.payloadLength, packet: internet.totalLength, sighting.frame)
    }
    if frame.tcpFlags & 0x10 != 0,
      let back = index[ConnectionKey(source: destination, destination: source)]
    {
      segments[back].acknowledge(acknowledged)
    }
  }

  /// SYN asks, SYN with ACK answers.
  private mutating func note(
    connecting flags: UInt8, _ place: Int, _ internet: InternetHeader, _ sighting: Sighting
  ) {
    let path = Path(source: sighting.source, destination: sighting.destination)
    if flags == 0x02 {
      requests[path, default: Requests()].ask(
        internet.totalLength, internet.destination, sighting.frame)
    } else if flags == 0x12 {
      let own = segments[place]
      guard
        let asked = index[ConnectionKey(source: own.destination, destination: own.source)]
      else { return }
      let askedPath = Path(
        source: segments[asked].outerSource, destination: segments[asked].outerDestination)
      requests[askedPath]?.answer(internet.totalLength, sighting.frame)
    }
  }

  private static func headerBytes(_ bytes: RawSpan) -> Int {
    guard let first = ByteReader(bytes).peek() else { return 0 }
    return first >> 4 == 6 ? 40 : Int(first & 0xF) * 4
  }
}

extension InnerTraffic.Segments {
  private static let pendingLimit = 256

  fileprivate mutating func send(
    _ sequence: UInt32, bytes: Int, packet: Int, _ frame: FrameReference
  ) {
    hasData = true
    let end = sequence &+ UInt32(truncatingIfNeeded: bytes)
    if sequence == stuckSequence, stuckCount > 0 {
      stuckCount &+= 1
      stuckBytes = max(stuckBytes, packet)
      if stuckFrames.count < 12 { stuckFrames.append(frame) }
    } else if Int32(truncatingIfNeeded: end &- highestEnd) > 0 {
      highestEnd = end
      if stuckCount == 0 {
        (stuckSequence, stuckBytes, stuckCount, stuckFrames) = (sequence, packet, 1, [frame])
      }
    }
    if pending.count < Self.pendingLimit { pending.append((end, packet)) }
  }

  fileprivate mutating func acknowledge(_ number: UInt32) {
    acknowledged = number
    pending.removeAll { entry in
      guard Int32(truncatingIfNeeded: number &- entry.end) >= 0 else { return false }
      largestAcknowledged = max(largestAcknowledged, entry.bytes)
      return true
    }
    // What was waited for has come: the next segment that goes out is the one to watch.
    if stuckCount > 0, Int32(truncatingIfNeeded: number &- stuckSequence) > 0 { stuckCount = 0 }
  }
}
