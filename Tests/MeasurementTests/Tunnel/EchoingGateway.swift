import Host
import IKE
import IPsecCrypto
import Measurement
import PacketDissector
import Synchronization
import Testing

/// A responder on loopback that sends every packet back as it came, on the SA's other direction.
enum EchoingGateway {
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

  /// What becomes of an opened packet: the answer's payload; nil loses it.
  typealias Answer = (_ payload: [UInt8]) -> [UInt8]?

  /// Answers until `isDone`; the SAs that then still stand.
  static func run(
    _ driver: MachineDriver<IKEResponder>, _ answer: @escaping Answer, _ isDone: () -> Bool
  ) -> Int {
    let table = ChildSATable(replayWindow: 64)
    driver.onESP = { packet, remote, local in
      guard let opened = try? table.open(packet), let payload = answer(opened.payload),
        let sealed = try? table.seal(
          payload, nextHeader: opened.nextHeader, on: opened.child.outboundSPI)
      else { return }
      try? driver.send(sealed.packet, from: local, to: remote, .allowed)
    }
    let end = Instant.now + .seconds(30)
    while !isDone(), Instant.now < end {
      let limit = Instant.now + .milliseconds(20)
      try? driver.step(until: limit) { table.note($0.event) }
    }
    return driver.machine.sessions.count
  }

  /// Runs a gateway and, beside it, `body` with a tunnel to it; the SAs that the gateway then has.
  static func run(
    answer: @escaping @Sendable ([UInt8]) -> [UInt8]? = { $0 },
    _ body: @escaping @Sendable (Tunnel) throws -> Void
  ) -> Int? {
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
          guard let (driver, chosen) = try? open() else { return nil }
          ports.withLock { $0 = chosen }
          return run(driver, answer) { isDone.withLock(\.self) }
        }
        defer { isDone.withLock { $0 = true } }
        do {
          let end = Instant.now + .seconds(10)
          var chosen: IKEPorts?
          while chosen == nil, Instant.now < end { chosen = ports.withLock(\.self) }
          let tunnel = try Tunnel(
            to: ResolvedAddress(address),
            try configuration("us.example", ports: try #require(chosen)))
          defer { tunnel.close() }
          try body(tunnel)
        } catch {
          Issue.record("\(error)")
        }
        return nil
      }, idle: {}
    ) { left = $0 ?? left }
    return left
  }
}
