internal import IKE
package import PacketDissector

/// A datagram on its way out.
package struct OutgoingDatagram: Equatable, Sendable {
  package let bytes: [UInt8]
  package let local: Endpoint
  package let remote: Endpoint
  /// Whether it may come to its end in IP fragments.
  package let mayFragment: Bool

  init(_ bytes: [UInt8], from local: Endpoint, to remote: Endpoint, mayFragment: Bool = true) {
    self.bytes = bytes
    self.local = local
    self.remote = remote
    self.mayFragment = mayFragment
  }
}

/// What is sent, after the delay and without the losses that are wanted.
struct OutgoingQueue {
  enum Kind {
    case message
    case packet
  }

  private let delay: Duration
  private let loss: Double
  private var random: RandomSource
  /// In the order of their time, as each waits alike.
  private var delayed: [(due: Instant, kind: Kind, datagram: OutgoingDatagram)] = []
  private var messages: [OutgoingDatagram] = []
  private var packets: [OutgoingDatagram] = []

  /// Datagrams that wait; what comes past these is lost.
  private static let limit = 4_096

  init(_ misbehaviour: Misbehaviour, random: RandomSource) {
    delay = misbehaviour.delay
    loss = misbehaviour.loss
    self.random = random
  }

  var deadline: Instant? { delayed.first?.due }

  /// Whether the next datagram is one of those that are lost on purpose.
  mutating func loses() -> Bool {
    guard loss > 0 else { return false }
    let drawn = random.bytes(4).reduce(0) { $0 << 8 | UInt64($1) }
    return Double(drawn) < loss * 4_294_967_296
  }

  mutating func append(_ kind: Kind, _ datagram: OutgoingDatagram, at now: Instant) {
    guard !loses() else { return }
    guard delay > .zero else { return add(kind, datagram) }
    if delayed.count < Self.limit { delayed.append((now + delay, kind, datagram)) }
  }

  mutating func release(at now: Instant) {
    let due = delayed.prefix { $0.due <= now }
    for (_, kind, datagram) in due { add(kind, datagram) }
    delayed.removeFirst(due.count)
  }

  mutating func nextMessage() -> OutgoingDatagram? {
    messages.isEmpty ? nil : messages.removeFirst()
  }

  mutating func nextPacket() -> OutgoingDatagram? {
    packets.isEmpty ? nil : packets.removeFirst()
  }

  private mutating func add(_ kind: Kind, _ datagram: OutgoingDatagram) {
    switch kind {
    case .message: messages.append(datagram)
    case .packet: if packets.count < Self.limit { packets.append(datagram) }
    }
  }
}
