import ESP
import Host
import IKE
import IPsecCrypto
import Measurement
import PacketDissector
import Synchronization
import Testing

/// A responder on loopback that sends every packet back as it came, on the SA's other direction.
private enum EchoingGateway {
  static let address = IPAddress(v4: 0x7F00_0001)

  static func configuration(_ name: String, ports: IKEPorts) throws -> PeerConfiguration {
    let secret = Secret(copying: Array("a secret on loopback".utf8))
    let everything = try #require(TrafficSelector(text: "0.0.0.0/0"))
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
      requirement: .preSharedKey(secret), localSelectors: [everything],
      remoteSelectors: [everything])
    configuration.ports = ports
    configuration.retransmission = .quick
    return configuration
  }

  /// Two ports that nobody else has, with a socket on each.
  static func open() throws -> (driver: MachineDriver<IKEResponder>, ports: IKEPorts) {
    for _ in 0..<50 {
      let port = UInt16.random(in: 20_000..<60_000)
      let ports = IKEPorts(plain: port, encapsulated: port + 1)
      let responder = IKEResponder(
        try configuration("gateway.example", ports: ports), random: .system)
      let ends = [Endpoint(address, port), Endpoint(address, port + 1)]
      if let driver = try? MachineDriver(responder, listeningOn: ends) { return (driver, ports) }
    }
    throw SocketError(.wait, code: 0)
  }

  /// Answers until `isDone`; the SAs that then still stand.
  static func run(_ driver: MachineDriver<IKEResponder>, _ isDone: () -> Bool) -> Int {
    let table = ChildSATable(replayWindow: 64)
    driver.onESP = { packet, remote, local in
      guard let opened = try? table.open(packet),
        let sealed = try? table.seal(
          opened.payload, nextHeader: opened.nextHeader, on: opened.child.outboundSPI)
      else { return }
      try? driver.send(sealed.packet, from: local, to: remote, .allowed)
    }
    let end = MachineDriver<IKEResponder>.now + .seconds(30)
    while !isDone(), MachineDriver<IKEResponder>.now < end {
      let limit = MachineDriver<IKEResponder>.now + .milliseconds(20)
      try? driver.step(until: limit) { table.note($0.event) }
    }
    return driver.machine.sessions.count
  }
}

@Suite("Tunnels over loopback", .timeLimit(.minutes(1)))
struct TunnelTests {
  @Test("A packet goes through the Child SA and back, and closing leaves nothing at the peer")
  func packetsGoThereAndBack() throws {
    let ports = Mutex<IKEPorts?>(nil)
    let isDone = Mutex(false)
    let next = Mutex(0)
    var left: Int?
    ProbeWorkers(2).run(
      next: {
        next.withLock { next in
          defer { next += 1 }
          return next < 2 ? next : nil
        }
      },
      work: { (role: Int) -> Int? in
        if role == 0 {
          guard let (driver, chosen) = try? EchoingGateway.open() else { return nil }
          ports.withLock { $0 = chosen }
          return EchoingGateway.run(driver) { isDone.withLock(\.self) }
        }
        defer { isDone.withLock { $0 = true } }
        do {
          try Self.exchange(ports)
        } catch {
          Issue.record("\(error)")
        }
        return nil
      }, idle: {}
    ) { left = $0 ?? left }
    #expect(left == 0)
  }

  private static func exchange(_ ports: borrowing Mutex<IKEPorts?>) throws {
    var chosen: IKEPorts?
    let end = MachineDriver<IKESession>.now + .seconds(10)
    while chosen == nil, MachineDriver<IKESession>.now < end { chosen = ports.withLock(\.self) }
    let tunnel = try Tunnel(
      to: ResolvedAddress(EchoingGateway.address),
      try EchoingGateway.configuration("us.example", ports: try #require(chosen)))
    defer { tunnel.close() }
    let sa = try tunnel.establish { false }
    #expect("\(sa.peerIdentity)" == "gateway.example")
    #expect(tunnel.path.remote.port == chosen?.encapsulated)
    for size in [0, 1, 100, 1400, 9000] {
      let payload = [UInt8](repeating: 0x42, count: size)
      let sent = try tunnel.send(payload, nextHeader: 59)
      var arrival: Tunnel.Arrival?
      let limit = sent.at + .seconds(5)
      while arrival == nil, MachineDriver<IKESession>.now < limit {
        try tunnel.step(until: limit)
        arrival = tunnel.nextArrival()
      }
      let came = try #require(arrival)
      #expect(came.payload == payload)
      #expect(came.nextHeader == 59)
      #expect(came.sequence == sent.sequence)
      #expect(came.datagramBytes == sent.datagramBytes)
    }
    #expect(tunnel.counters.opened == 5)
  }
}
