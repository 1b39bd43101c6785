internal import PacketDissector

/// What became of one IKE message between two captures, however often and in however many fragments it
/// was sent.
struct ComparedMessage {
  let isFromA: Bool
  /// How often each fragment was sent, and arrived; under zero, the whole message.
  private(set) var pieces: [UInt16: PacketCount] = [:]
  /// How many fragments it has; zero for a whole message.
  private(set) var fragments: UInt16 = 0
  /// In the sender's capture, the first few.
  private(set) var sentFrames: [FrameReference] = []
  /// In the receiver's.
  private(set) var arrivedFrames: [FrameReference] = []
  private(set) var isInIPFragments = false
  /// Bytes of the largest IP packet.
  private(set) var bytes = 0

  init(isFromA: Bool) { self.isFromA = isFromA }

  mutating func add(
    _ message: PacketLog.Message, _ packet: PacketLog.Packet, _ frame: FrameReference,
    _ arrival: FrameReference?
  ) {
    var count = pieces[message.fragment] ?? PacketCount()
    count.sent &+= 1
    if arrival != nil { count.arrived &+= 1 }
    // RFC 7383 fragments number 65,535 at most; who sends more than a few hundred means harm.
    if pieces.count < 1024 || pieces[message.fragment] != nil { pieces[message.fragment] = count }
    fragments = max(fragments, message.fragments)
    isInIPFragments = isInIPFragments || packet.isInIPFragments
    bytes = max(bytes, Int(packet.bytes))
    if sentFrames.count < 16 { sentFrames.append(frame) }
    if let arrival, arrivedFrames.count < 16 { arrivedFrames.append(arrival) }
  }

  /// How often it was sent: the piece that was sent most often decides.
  var timesSent: UInt64 { pieces.values.map(\.sent).max() ?? 0 }
  /// How often all of it can have arrived.
  var timesArrived: UInt64 {
    missing.isEmpty ? pieces.values.map(\.arrived).min() ?? 0 : 0
  }

  /// The numbers of fragments of which none arrived; zero where it was sent whole and never arrived.
  var missing: [UInt16] { pieces.filter { $0.value.arrived == 0 }.map(\.key).sorted() }

  var isLarge: Bool { fragments > 0 || isInIPFragments || bytes >= PacketClass.largeIKE }
}
