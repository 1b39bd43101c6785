package import PacketDissector

/// A request and its response, each with all its transmissions; in IKEv1, the messages of one exchange.
package struct IKEExchange: Sendable {
  package let type: UInt8
  package let messageID: UInt32
  /// Whether the IKE SA's original initiator asked.
  package let isInitiators: Bool
  package var request: IKEMessageTrack?
  package var response: IKEMessageTrack?

  /// From the first transmission of the request to the first response.
  package var answerTime: Nanoseconds? {
    guard let request, let response, request.first.frame.time <= response.first.frame.time else {
      return nil
    }
    return Nanoseconds(from: request.first.frame.time, to: response.first.frame.time)
  }

  /// From the last transmission before the response to it.
  package var roundTrip: Nanoseconds? {
    guard let request, let response else { return nil }
    let answered = response.first.frame.time
    return request.transmissions.last { $0.frame.time <= answered }
      .map { Nanoseconds(from: $0.frame.time, to: answered) }
  }

  package var isAnswered: Bool { response != nil }
}

/// One message, however often and in however many pieces it was sent.
package struct IKEMessageTrack: Sendable {
  package struct Transmission: Sendable {
    package let frame: FrameReference
    package let source: Endpoint
    package let destination: Endpoint
    package let hopLimit: UInt8
    /// ESP packets that the other side had sent until then.
    package let espFromPeer: UInt64
  }

  /// Of all the message's bytes; of its first fragment where it came in several.
  package let digest: UInt64
  package private(set) var transmissions: [Transmission]
  /// How often it was sent: more than ``transmissions`` holds for one sent very often.
  package private(set) var count = 1
  private static let transmissionLimit = 64
  /// Bytes of the IKE message; of all fragments together where it came in several.
  package var bytes: Int
  /// IP fragments of the largest transmission; zero for whole packets.
  package var ipFragments: UInt16
  /// The largest IP packet that carried it.
  package var packetBytes: Int
  package var fragments: IKEFragments?
  package var content: IKEMessageContent

  package var first: Transmission { transmissions[0] }
  package var last: Transmission { transmissions[transmissions.count - 1] }

  init(
    _ content: IKEMessageContent, digest: UInt64, bytes: Int, _ transmission: Transmission,
    _ sighting: Sighting
  ) {
    self.content = content
    self.digest = digest
    self.bytes = bytes
    transmissions = [transmission]
    ipFragments = sighting.ipFragments
    packetBytes = sighting.packetBytes
    if let fragment = content.fragment {
      fragments = IKEFragments(fragment, bytes: bytes, sighting.frame)
    }
  }

  mutating func add(_ transmission: Transmission) {
    count += 1
    if transmissions.count < Self.transmissionLimit {
      transmissions.append(transmission)
    } else {
      // The first ones show the schedule, the last one when it ended.
      transmissions[Self.transmissionLimit - 1] = transmission
    }
  }

  /// The times between transmissions.
  package var gaps: [Nanoseconds] {
    zip(transmissions, transmissions.dropFirst())
      .map { Nanoseconds(from: $0.frame.time, to: $1.frame.time) }
  }

  package var frames: [FrameReference] { transmissions.map(\.frame) }
}

/// Which IKE fragments of a message came (RFC 7383), and how often.
package struct IKEFragments: Sendable {
  /// Zero for IKEv1, whose fragments do not tell.
  package private(set) var total: UInt16
  /// How often each number came.
  package private(set) var seen: [UInt16: UInt32] = [:]
  package private(set) var largest: Int
  package private(set) var firstFrames: [UInt16: FrameReference] = [:]
  package private(set) var lastFrame: FrameReference
  private var lastTimes: [UInt16: Timestamp] = [:]
  private static let limit = 1024

  init(_ fragment: (number: UInt16, total: UInt16), bytes: Int, _ frame: FrameReference) {
    total = fragment.total
    largest = bytes
    lastFrame = frame
    add(fragment, bytes: bytes, frame)
  }

  /// Returns whether the number came before.
  @discardableResult
  mutating func add(
    _ fragment: (number: UInt16, total: UInt16), bytes: Int, _ frame: FrameReference
  ) -> Bool {
    largest = max(largest, bytes)
    lastFrame = frame
    total = max(total, fragment.total)
    guard seen.count < Self.limit || seen[fragment.number] != nil else { return false }
    // The same one again at once is a mirror port's copy.
    let isCopy =
      lastTimes[fragment.number].map {
        frame.time.nanoseconds &- $0.nanoseconds <= IKESession.copyDelay
          && frame.time >= $0
      } ?? false
    lastTimes[fragment.number] = frame.time
    if isCopy { return true }
    seen[fragment.number, default: 0] += 1
    if firstFrames[fragment.number] == nil { firstFrames[fragment.number] = frame }
    return seen[fragment.number] ?? 0 > 1
  }

  /// The numbers that never came.
  package var missing: [UInt16] {
    total == 0 ? [] : (1...total).prefix(Self.limit).filter { seen[$0] == nil }
  }

  package var isComplete: Bool { total > 0 && missing.isEmpty }

  /// How often the number that came most often did: the transmissions of the set.
  package var rounds: UInt32 { seen.values.max() ?? 0 }
}
