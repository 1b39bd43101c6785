package import ESP
package import Host
package import IKE
package import IPsecCrypto
package import PacketDissector

/// An IKE SA of this program's own with its Child SA, over a UDP socket of this host: ESP is sealed and opened
/// here, and nothing of the kernel's IPsec, routes or interfaces is touched.
///
/// The peer is made to see a NAT, so that it takes and sends ESP in UDP. Whoever sets one up calls ``close()``.
package final class Tunnel {
  package struct Options: Sendable {
    /// The address to send from; nil leaves it to the kernel.
    package var source: IPAddress?
    /// 0 is any free one.
    package var sourcePort: UInt16 = 0
    package var interface: String?
    /// How many sequence numbers of what comes are told apart; 0 is no protection.
    package var replayWindow = 1024

    package init() {}
  }

  /// A packet as it went out.
  package struct SentPacket: Equatable, Sendable {
    package var sequence: UInt64
    /// Octets of the whole IP packet.
    package var datagramBytes: Int
    package var at: Instant
  }

  /// A packet as it came.
  package struct Arrival: Sendable {
    /// The SPI of this side that it came on.
    package var inboundSPI: UInt32
    package var nextHeader: UInt8
    /// TFC padding included.
    package var payload: [UInt8]
    package var sequence: UInt64
    /// Octets of the whole IP packet.
    package var datagramBytes: Int
    package var at: Instant

    package init(
      inboundSPI: UInt32, nextHeader: UInt8, payload: [UInt8], sequence: UInt64,
      datagramBytes: Int, at: Instant
    ) {
      self.inboundSPI = inboundSPI
      self.nextHeader = nextHeader
      self.payload = payload
      self.sequence = sequence
      self.datagramBytes = datagramBytes
      self.at = at
    }
  }

  package let session: IKESession
  /// The peer's address, as it was asked for.
  package let remote: IPAddress
  private let driver: MachineDriver<IKESession>
  private let table: ChildSATable
  private var events: [SessionEvent] = []
  private var arrivals: [Arrival] = []
  private var failure: TunnelFailure?

  /// How long the peer is given to answer the Delete.
  private static let farewell = Duration.seconds(4)
  /// Arrivals that nobody has taken: what comes past these is as if it were lost.
  private static let arrivalLimit = 4_096

  package init(
    to peer: ResolvedAddress, _ configuration: PeerConfiguration, _ options: Options = Options()
  ) throws(SocketError) {
    let isIPv6 = peer.address.isIPv6
    var configuration = configuration
    configuration.forcesEncapsulation = true
    let socket = try UDPSocket(
      isIPv6: isIPv6,
      source: Endpoint(options.source ?? .any(isIPv6: isIPv6), options.sourcePort),
      interface: options.interface)
    _ = socket.raiseReceiveBuffer(to: 1 << 20)
    let route = try LocalRoute(
      to: peer.address, from: options.source, interface: options.interface)
    let local = Endpoint(options.source ?? route.source, socket.localPort)
    session = IKESession(
      initiatingTo: Endpoint(peer.address, configuration.ports.plain), from: local, configuration,
      random: .system)
    driver = try MachineDriver(session, isIPv6: isIPv6, interface: options.interface)
    driver.adopt(socket, as: local)
    table = ChildSATable(replayWindow: options.replayWindow)
    remote = peer.address
    driver.onESP = { [unowned self] packet, _, _ in take(packet) }
  }

  // MARK: What stands

  /// The newest Child SA; nil if there is none.
  package var child: ChildSA? { table.children.last }
  package var children: [ChildSA] { table.children }
  /// The two ends of what is sent: the peer's port is that for ESP in UDP, once there are keys.
  package var path: IKEPath { session.path }
  package var counters: ESPCounters { table.counters }

  /// Octets around ESP: the IP header and UDP.
  package var outerBytes: Int { InternetPacket.headerBytes(isIPv6: remote.isIPv6) + 8 }

  /// Sees each datagram that is sent or received: local end, remote end, whether it was sent, its octets.
  package var observer: ((Endpoint, Endpoint, Bool, [UInt8]) -> Void)? {
    get { driver.observer }
    set { driver.observer = newValue }
  }

  // MARK: Up and down

  /// Runs IKE until the first Child SA stands; without one in the configuration, the IKE SA.
  package func establish(
    isStopped: () -> Bool
  ) throws(TunnelFailure) -> EstablishedSA {
    session.start(at: Instant.now)
    var established: EstablishedSA?
    while true {
      if isStopped() { throw .interrupted }
      try step(until: Instant.now + .milliseconds(200))
      for event in events {
        switch event {
        case .established(let sa): established = sa
        case .childRefused(let fault): throw .refusedChild(fault)
        default: break
        }
      }
      if let fault = table.fault { throw .crypto(fault) }
      if let established, child != nil || session.configuration.isChildless {
        return established
      }
    }
  }

  /// Deletes the SA at the peer, and waits a little for its answer. May be called at any time, and twice.
  package func close() {
    let end = Instant.now + Self.farewell
    // The IKE_AUTH that is under way may make the peer set the SA up: then there is one to delete.
    drive(until: end) { session.isNegotiating }
    session.close(at: Instant.now)
    drive(until: end) { !session.hasEnded }
  }

  private func drive(until end: Instant, while isWanted: () -> Bool) {
    while isWanted(), Instant.now < end {
      do throws(SocketError) {
        try driver.step(until: min(end, Instant.now + .milliseconds(200))) { note($0) }
      } catch {
        return
      }
    }
  }

  // MARK: Packets

  /// Seals a packet and sends it; by default on the newest Child SA.
  ///
  /// `trafficPadding` is octets of TFC padding behind the payload. With `.probing`, DF is set and what the
  /// kernel has learned of the path is passed over. A packet that this host refuses is thrown as
  /// ``TunnelFailure/socket(_:)``, and its sequence number is used up.
  package func send(
    _ payload: [UInt8], nextHeader: UInt8, trafficPadding: Int = 0,
    _ fragmentation: FragmentationPolicy = .allowed, on child: ChildSA? = nil
  ) throws(TunnelFailure) -> SentPacket {
    guard let spi = (child ?? self.child)?.outboundSPI else { throw .noChild }
    let sealed: (sequence: UInt64, packet: [UInt8])
    do throws(ESPFailure) {
      sealed = try table.seal(
        payload, nextHeader: nextHeader, trafficPadding: trafficPadding, on: spi)
    } catch {
      throw .esp(error)
    }
    let at = Instant.now
    try send(datagram: sealed.packet, fragmentation)
    return SentPacket(
      sequence: sealed.sequence, datagramBytes: outerBytes + sealed.packet.count, at: at)
  }

  /// A packet that is sealed and not sent, or sent and to be sent again.
  package struct SealedPacket: Equatable, Sendable {
    package let sequence: UInt64
    /// From the SPI to the ICV.
    fileprivate let bytes: [UInt8]
  }

  /// The number of the next packet on a Child SA.
  package func nextSequence(on child: ChildSA) throws(TunnelFailure) -> UInt64 {
    do throws(ESPFailure) {
      return try table.nextSequence(on: child.outboundSPI)
    } catch {
      throw .esp(error)
    }
  }

  /// Seals a packet under the number `sequence`, which is the next one or leaves some out, for
  /// ``send(_:)``.
  package func seal(
    _ payload: [UInt8], nextHeader: UInt8, as sequence: UInt64, on child: ChildSA
  ) throws(TunnelFailure) -> SealedPacket {
    do throws(ESPFailure) {
      try table.skip(to: sequence, on: child.outboundSPI)
      let sealed = try table.seal(payload, nextHeader: nextHeader, on: child.outboundSPI)
      return SealedPacket(sequence: sealed.sequence, bytes: sealed.packet)
    } catch {
      throw .esp(error)
    }
  }

  /// Sends a sealed packet, whose number others may have passed; each call sends the same octets.
  package func send(_ packet: SealedPacket) throws(TunnelFailure) {
    try send(datagram: packet.bytes, .allowed)
  }

  /// Sends octets to the peer's port for ESP in UDP as they are.
  private func send(
    datagram: [UInt8], _ fragmentation: FragmentationPolicy
  ) throws(TunnelFailure) {
    do throws(SocketError) {
      try driver.send(datagram, from: path.local, to: path.remote, fragmentation)
    } catch {
      throw .socket(error)
    }
  }

  /// Drives IKE and takes what came, until `limit`, until a signal or until something came.
  package func step(until limit: Instant) throws(TunnelFailure) {
    do throws(SocketError) {
      try driver.step(until: limit) { note($0) }
    } catch {
      throw .socket(error)
    }
    if let failure { throw failure }
  }

  package func nextArrival() -> Arrival? { arrivals.isEmpty ? nil : arrivals.removeFirst() }

  package func takeEvents() -> [SessionEvent] {
    defer { events = [] }
    return events
  }

  /// What ICMP said since the last call of what was sent, and what this host refused.
  package func takeErrors() -> [SocketErrorReport] { driver.takeErrors() }

  private func note(_ event: SessionEvent) {
    table.note(event)
    events.append(event)
    switch event {
    case .failed(let reason): failure = .session(reason)
    case .deleted(let party): failure = .ended(by: party)
    default: break
    }
  }

  private func take(_ packet: [UInt8]) {
    guard arrivals.count < Self.arrivalLimit, let opened = try? table.open(packet) else { return }
    arrivals.append(
      Arrival(
        inboundSPI: opened.child.inboundSPI, nextHeader: opened.nextHeader,
        payload: opened.payload, sequence: opened.sequence,
        datagramBytes: outerBytes + packet.count, at: Instant.now))
  }
}

/// Why there is no tunnel, or no more.
package enum TunnelFailure: Error {
  case socket(SocketError)
  case session(SessionFailure)
  /// The IKE SA stands, but the peer made no Child SA.
  case refusedChild(ChildFault)
  case ended(by: Party)
  case interrupted
  case noChild
  case esp(ESPFailure)
  case crypto(CryptoError)
}
