import ESP
import IKE
import IPsecCrypto
import Measurement
import PacketDissector
import Testing

/// A peer's session and the other end of checks, with 10 ms of link between them, in virtual time.
final class RespondingPair {
  struct Flight {
    let arrival: Instant
    let bytes: [UInt8]
    let from: Endpoint
    let to: Endpoint
  }

  static let peerAddress = IPAddress(v4: 0x0A00_0001)
  static let ownAddress = IPAddress(v4: 0x0A00_0002)

  let session: IKESession
  let table: ChildSATable
  let responding: Responding
  private(set) var now = Instant(nanoseconds: 0)
  private(set) var sessionEvents: [SessionEvent] = []
  private(set) var events: [RespondingEvent] = []
  /// What came out of ESP at the peer, and what it came in.
  private(set) var arrivals: [ChildSATable.Opened] = []
  /// Every datagram that the responder sent.
  private(set) var answers: [(bytes: [UInt8], to: Endpoint, at: Instant)] = []
  /// Of each ESP packet among them, whether it may be fragmented.
  private(set) var mayFragment: [Bool] = []
  private var flights: [Flight] = []
  /// All that arrived, on either side.
  private(set) var carried: [Flight] = []

  init(
    _ options: RespondingOptions = RespondingOptions(), seed: UInt64 = 1, replayWindow: Int = 64,
    peer change: (inout PeerConfiguration) -> Void = { _ in },
    own: (inout PeerConfiguration) -> Void = { _ in }
  ) throws {
    table = ChildSATable(replayWindow: replayWindow)
    var random = RandomSource(SplitMix64(state: seed))
    var peer = try Self.configuration("peer.example")
    change(&peer)
    var here = try Self.configuration("here.example")
    own(&here)
    session = IKESession(
      initiatingTo: Endpoint(Self.ownAddress, 500), from: Endpoint(Self.peerAddress, 500), peer,
      random: random.split())
    responding = Responding(here, options, random: random.split())
  }

  static func configuration(_ name: String) throws -> PeerConfiguration {
    let secret = Secret(copying: Array("between the two".utf8))
    let everything = ["0.0.0.0/0", "::/0"].compactMap { TrafficSelector(text: $0) }
    let gcm = Transform(.encryption, id: EncryptionAlgorithm.aesGCM16.rawValue, keyLength: 128)
    let ike = [
      gcm, Transform(.prf, id: PseudorandomFunction.hmacSHA2_256.rawValue),
      Transform(.keyExchange, id: KeyExchangeMethod.curve25519.rawValue),
    ]
    var configuration = PeerConfiguration(
      ikeProposals: [Proposal(number: 1, protocolID: .ike, transforms: ike)],
      childProposals: [
        Proposal(
          number: 1, protocolID: .esp, transforms: [gcm, Transform(.sequenceNumbers, id: 1)])
      ],
      localIdentity: try #require(Identity(text: name)), credential: .preSharedKey(secret),
      requirement: .preSharedKey(secret), localSelectors: everything,
      remoteSelectors: everything)
    configuration.forcesEncapsulation = true
    return configuration
  }

  /// Sets the SAs up.
  func establish() throws {
    session.start(at: now)
    run(for: .seconds(2))
    try #require(child != nil)
  }

  var child: ChildSA? { table.children.last }

  /// Seals a packet on the newest Child SA and sends it.
  func send(_ payload: [UInt8], nextHeader: UInt8) throws {
    let spi = try #require(child).outboundSPI
    send(datagram: try table.seal(payload, nextHeader: nextHeader, on: spi).packet)
  }

  /// Sends octets to the responder's port for ESP in UDP.
  func send(
    datagram: [UInt8], from: Endpoint = Endpoint(peerAddress, 4500),
    to: Endpoint = Endpoint(ownAddress, 4500)
  ) {
    flights.append(
      Flight(arrival: now + .milliseconds(10), bytes: datagram, from: from, to: to))
  }

  func run(for span: Duration) {
    let end = now + span
    collect()
    while let next = moments.min(), next <= end {
      now = max(now, next)
      deliver()
      if let deadline = session.deadline, deadline <= now { session.handleTimeout(at: now) }
      if let deadline = responding.deadline, deadline <= now { responding.handleTimeout(at: now) }
      collect()
    }
    now = end
  }

  private var moments: [Instant] {
    flights.map(\.arrival) + [session.deadline, responding.deadline].compactMap(\.self)
  }

  private func deliver() {
    let due = flights.filter { $0.arrival <= now }
    flights.removeAll { $0.arrival <= now }
    carried += due
    for flight in due {
      if flight.to.address == Self.ownAddress {
        responding.handle(flight.bytes, from: flight.from, to: flight.to, at: now)
      } else if flight.to.port == 4500, flight.bytes.prefix(4).contains(where: { $0 != 0 }) {
        if let opened = try? table.open(flight.bytes) { arrivals.append(opened) }
      } else {
        session.handle(flight.bytes, from: flight.from, to: flight.to, at: now)
      }
    }
  }

  private func collect() {
    while let output = session.nextOutput() {
      switch output {
      case .send(let bytes, let from, let to):
        flights.append(Flight(arrival: now + .milliseconds(10), bytes: bytes, from: from, to: to))
      case .event(let event):
        table.note(event)
        sessionEvents.append(event)
      }
    }
    while let step = responding.nextStep() {
      switch step {
      case .send(let bytes, let from, let to): answer(bytes, from, to)
      case .event(let event): events.append(event)
      }
    }
    while let packet = responding.nextPacket() {
      mayFragment.append(packet.mayFragment)
      answer(packet.bytes, packet.local, packet.remote)
    }
  }

  private func answer(_ bytes: [UInt8], _ from: Endpoint, _ to: Endpoint) {
    answers.append((bytes, to, now))
    flights.append(Flight(arrival: now + .milliseconds(10), bytes: bytes, from: from, to: to))
  }
}
