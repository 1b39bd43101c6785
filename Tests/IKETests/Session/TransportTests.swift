import PacketDissector
import Testing

@testable import IKE

@Suite("Sessions behind NAT, in fragments, and over TCP")
struct TransportTests {
  @Test("a NAT in between makes the initiator change to port 4500, with the marker")
  func floats() {
    let pair = Pair(.alice, .bob)
    pair.nat = NAT()
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiator.isEstablished)
    #expect(pair.session?.isEstablished == true)
    #expect(pair.initiatorEvents.natVerdicts == [[true, false]])
    #expect(pair.responderEvents.map(\.event).natVerdicts == [[false, true]])
    #expect(pair.sent.map(\.to.port) == [500, 20500, 4500, 24500])
    #expect(pair.sent[2].bytes.starts(with: [0, 0, 0, 0]))
    #expect(pair.sent[3].bytes.starts(with: [0, 0, 0, 0]))
  }

  @Test("without a NAT all stays on port 500")
  func stays() {
    let pair = Pair(.alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.sent.allSatisfy { $0.to.port == 500 })
    #expect(pair.initiatorEvents.natVerdicts.isEmpty)
  }

  @Test("encapsulation can be forced where there is no NAT")
  func forced() {
    var alice = PeerConfiguration.alice
    alice.forcesEncapsulation = true
    let pair = Pair(alice, .bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.sent.map(\.to.port) == [500, 500, 4500, 4500])
    #expect(pair.responderEvents.map(\.event).natVerdicts == [[false, true]])
    #expect(pair.initiator.isEstablished)
  }

  @Test("whoever is behind the NAT keeps its mapping alive every 20 seconds")
  func keepalives() {
    let pair = Pair(.alice, .bob)
    pair.nat = NAT()
    pair.start()
    pair.run(for: .seconds(101))
    let keepalives = pair.sent.filter { $0.bytes == [0xFF] }
    #expect(keepalives.count == 5)
    #expect(keepalives.allSatisfy { $0.to == Endpoint(Pair.responderAddress.address, 4500) })
  }

  @Test("a responder follows the initiator to another port")
  func follows() {
    let pair = Pair(.alice, .bob)
    pair.nat = NAT()
    pair.start()
    pair.run(for: .seconds(1))
    pair.nat?.portOffset = 30000
    pair.initiate { $0.checkLiveness(at: $1) }
    pair.run(for: .seconds(1))
    pair.respond { $0.checkLiveness(at: $1) }
    pair.run(for: .seconds(1))
    #expect(pair.responderEvents.map(\.event).roundTrips.count == 1)
    #expect(pair.session?.path.remote.port == 34500)
  }

  @Test(
    "a responder does not follow a message that is not the initiator's, nor one that came before")
  func doesNotFollow() throws {
    let pair = Pair(.alice, .bob)
    pair.nat = NAT()
    pair.start()
    pair.run(for: .seconds(1))
    let before = try #require(pair.session?.path)
    pair.initiate { $0.checkLiveness(at: $1) }
    let request = try #require(pair.sent.last?.bytes)
    let forged: [UInt8] = request.dropLast() + [request.last.map { ~$0 } ?? 0]
    let elsewhere = Endpoint(IPAddress(v4: 0xC633_6402), 4500)
    pair.inject(forged, from: elsewhere, to: before.local)
    #expect(pair.session?.path == before)
    pair.run(for: .seconds(1))
    pair.inject(request, from: elsewhere, to: before.local)
    #expect(pair.session?.path == before)
    #expect(pair.session?.counters.repeatedAnswers == 1)
  }

  @Test("ESP and keepalives on the port of both are not taken for IKE")
  func otherTraffic() throws {
    let pair = Pair(.alice, .bob)
    pair.nat = NAT()
    pair.start()
    pair.run(for: .seconds(1))
    let path = try #require(pair.session?.path)
    let before = pair.sent.count
    for datagram: [UInt8] in [[0xFF], [], [0, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8]] {
      pair.inject(datagram, from: path.remote, to: path.local)
      pair.inject(datagram, from: path.local, to: pair.initiator.path.local)
    }
    #expect(pair.responder.counters.notIKE == 4)
    #expect(pair.initiator.counters.notIKE == 4)
    #expect(pair.sent.count == before)
  }

  @Test("messages that are too long come in fragments, both ways")
  func fragments() {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.fragmentBytes = [200]
    bob.fragmentBytes = [200]
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiator.isEstablished)
    let parts = pair.sent.filter(\.isFragment)
    #expect(parts.contains { $0.from == Pair.initiatorAddress })
    #expect(parts.contains { $0.from == Pair.responderAddress })
    #expect(parts.allSatisfy { $0.bytes.count + 28 <= 200 })
  }

  @Test("a side that does not announce fragmentation gets none")
  func noFragments() {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.fragmentBytes = [200]
    bob.supportsFragmentation = false
    let pair = Pair(alice, bob)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.initiator.isEstablished)
    #expect(pair.sent.filter(\.isFragment).isEmpty)
  }

  @Test("a request that does not get through is tried in smaller fragments, and so is its answer")
  func smallerFragments() {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.retransmission = .patient
    alice.fragmentBytes = [1280, 200, 150]
    bob.fragmentBytes = [1280]
    // IKE_SA_INIT passes in any size, as a path would have it that loses only later messages.
    let pair = Pair(alice, bob)
    pair.tamper = { flight in
      flight.bytes[18] == ExchangeType.ikeSAInit.rawValue || flight.bytes.count <= 130
        ? flight.bytes : nil
    }
    pair.start()
    pair.run(for: .seconds(200))
    #expect(pair.initiator.isEstablished)
    #expect(pair.session?.isEstablished == true)
    #expect(pair.initiatorEvents.fragmentSizes == [200, 150])
    // The size stays for what follows.
    #expect(pair.initiator.fragmentLimit == 150 - 28)
  }

  @Test("the answer shrinks with the request, if it was the answer that got lost")
  func smallerAnswer() {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.retransmission = .patient
    alice.fragmentBytes = [1280, 180]
    bob.fragmentBytes = [1280]
    let pair = Pair(alice, bob)
    pair.tamper = { flight in
      flight.bytes[18] == ExchangeType.ikeSAInit.rawValue || flight.bytes.count <= 152
        || flight.from == Pair.initiatorAddress ? flight.bytes : nil
    }
    pair.start()
    pair.run(for: .seconds(200))
    #expect(pair.initiator.isEstablished)
    #expect(pair.responderEvents.map(\.event).children.count == 1)
  }

  @Test("the same session runs over TCP, where nothing is sent twice")
  func stream() throws {
    var (alice, bob) = (PeerConfiguration.alice, PeerConfiguration.bob)
    alice.transport = .stream
    bob.transport = .stream
    let pair = Pair(alice, bob)
    var connection = StreamPair()
    pair.tamper = { connection.carry($0) }
    pair.start()
    pair.run(for: .seconds(1))
    pair.initiate { $0.checkLiveness(at: $1) }
    pair.run(for: .seconds(1))
    #expect(pair.initiatorEvents.roundTrips.count == 1)
    #expect(connection.isWhole)
    pair.link.lossPercent = 100
    pair.initiate { $0.checkLiveness(at: $1) }
    let before = pair.sent.count
    pair.run()
    #expect(pair.initiatorEvents.failures == [.noAnswer(.informational)])
    #expect(pair.sent.count == before)
  }
}

/// Two TCP connections' ends, which cut what they carry in pieces of odd sizes.
private struct StreamPair {
  private var toResponder = (TCPStream(isOriginator: true), TCPStream(isOriginator: false))
  private var toInitiator = (TCPStream(isOriginator: false), TCPStream(isOriginator: true))
  private var isOpened = false
  private(set) var isWhole = true

  /// Each datagram of the session, out of the other end of a connection.
  mutating func carry(_ flight: Pair.Flight) -> [UInt8]? {
    let isRequest = flight.from == Pair.initiatorAddress
    let sender = isRequest ? toResponder.0 : toInitiator.0
    guard var bytes = sender.record(flight.bytes) else { return nil }
    if isRequest, !isOpened {
      bytes = sender.opening + bytes
      isOpened = true
    }
    var messages: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(7))
      rest = rest.dropFirst(7)
      let found = isRequest ? try? toResponder.1.receive(piece) : try? toInitiator.1.receive(piece)
      messages += found ?? []
    }
    isWhole = isWhole && messages == [flight.bytes]
    return messages.first
  }
}

extension Pair.Flight {
  /// One of several datagrams of a message: SKF is its first payload.
  var isFragment: Bool {
    let message = bytes.starts(with: [0, 0, 0, 0]) ? Array(bytes.dropFirst(4)) : bytes
    return message.count > 28 && message[16] == PayloadType.encryptedFragment.rawValue
  }
}

extension [SessionEvent] {
  fileprivate var natVerdicts: [[Bool]] {
    compactMap {
      if case .natDetected(let local, let remote) = $0 { [local, remote] } else { nil }
    }
  }

  fileprivate var fragmentSizes: [Int] {
    compactMap { if case .fragmentsReduced(let size) = $0 { size } else { nil } }
  }
}
