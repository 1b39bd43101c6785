package import Host
package import IKE
package import PacketDissector

/// ``Responding`` on this host's sockets: the two ports of IKE, and ESP without UDP where that is permitted.
package final class ResponderService {
  package let responding: Responding
  /// Why ESP echoes without UDP are not heard; nil where they are.
  package private(set) var rawFailure: SocketError?
  private let driver: MachineDriver<Responding>
  private let address: IPAddress
  private var raw: RawESP?

  /// A noncopyable socket has no place in an optional property that others change.
  private final class RawESP {
    var socket: RawSocket

    init(_ socket: consuming RawSocket) { self.socket = socket }
  }

  /// How long peers are given to answer the Delete.
  private static let farewell = Duration.seconds(4)
  /// Packets taken from the raw socket before anything else has its turn.
  private static let rawBatch = 64

  /// Listens on `address`, which may be 0.0.0.0 or ::, on the configuration's ports.
  package init(
    _ configuration: PeerConfiguration, listeningOn address: IPAddress,
    _ options: RespondingOptions = RespondingOptions(), interface: String? = nil
  ) throws(SocketError) {
    var configuration = configuration
    configuration.forcesEncapsulation = true
    responding = Responding(configuration, options, random: .system)
    self.address = address
    driver = try MachineDriver(
      responding,
      listeningOn: [
        Endpoint(address, configuration.ports.plain),
        Endpoint(address, configuration.ports.encapsulated),
      ], isIPv6: address.isIPv6, interface: interface)
    let isAny = address.high == 0 && address.low == 0
    do throws(SocketError) {
      let raw = RawESP(
        try RawSocket(
          .esp, isIPv6: address.isIPv6, source: isAny ? nil : address, interface: interface,
          fragmentation: .forbidden))
      driver.companions = [raw.socket.descriptor]
      self.raw = raw
    } catch {
      rawFailure = error
    }
  }

  /// Answers what comes, until `limit`, until a signal, or until something came.
  package func step(
    until limit: Instant, _ body: (RespondingEvent) -> Void
  ) throws(SocketError) {
    try driver.step(until: limit, body)
    try receiveRaw()
    while let packet = responding.nextPacket() { send(packet) }
    for report in driver.takeErrors() {
      if let mtu = report.mtu { responding.note(pathMTU: Int(mtu), to: report.destination.address) }
    }
  }

  /// Deletes all SAs at their peers, and waits a little for their answers.
  package func close(_ body: (RespondingEvent) -> Void) {
    responding.close(at: Instant.now)
    let end = Instant.now + Self.farewell
    repeat {
      do throws(SocketError) {
        try step(until: min(end, Instant.now + .milliseconds(100)), body)
      } catch {
        return
      }
    } while responding.peerCount > 0 && Instant.now < end
  }

  private func receiveRaw() throws(SocketError) {
    guard let raw else { return }
    for _ in 0..<Self.rawBatch {
      guard let packet = try raw.socket.receive() else { break }
      responding.handle(
        packet.bytes, from: packet.source, to: Endpoint(packet.destination ?? address, 0),
        at: Instant.now)
    }
    while let report = raw.socket.receiveError() {
      if let mtu = report.mtu { responding.note(pathMTU: Int(mtu), to: report.destination.address) }
    }
  }

  /// What cannot be sent is as if it were lost on the way; of what is too large the error queue tells more.
  private func send(_ packet: OutgoingDatagram) {
    do throws(SocketError) {
      guard packet.local.port == 0 else {
        return try driver.send(
          packet.bytes, from: packet.local, to: packet.remote,
          packet.mayFragment ? .allowed : .forbidden)
      }
      try raw?.socket.send(packet.bytes, to: packet.remote.address, from: packet.local.address)
    } catch {
      return
    }
  }
}
