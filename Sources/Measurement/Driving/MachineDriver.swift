package import Host
package import IKE
package import PacketDissector

/// Runs a machine of IKE on this host: sockets for the ports that it sends from, the clock, and whatever
/// ICMP says of what was sent.
package final class MachineDriver<Machine: IKEMachine> {
  package let machine: Machine
  /// Sees each datagram that was sent or received: local end, remote end, whether it was sent, its bytes.
  package var observer: ((Endpoint, Endpoint, Bool, [UInt8]) -> Void)?
  /// What came back in ICMP, and what this host refused to send.
  package private(set) var errors: [SocketErrorReport] = []
  package private(set) var failures: [SocketError] = []
  private var doors: [Door] = []
  private let isIPv6: Bool
  private let interface: String?
  private let fragmentation: FragmentationPolicy

  /// A socket, and the address and port that the machine calls its own.
  private final class Door {
    var socket: UDPSocket
    let end: Endpoint

    init(_ socket: consuming UDPSocket, _ end: Endpoint) {
      self.socket = socket
      self.end = end
    }
  }

  private static var errorLimit: Int { 64 }

  /// Listens on `ends` from the start, as a responder must; other sockets are opened when the machine sends
  /// from them. All addresses are of one family.
  package init(
    _ machine: Machine, listeningOn ends: [Endpoint] = [], isIPv6: Bool = false,
    interface: String? = nil, fragmentation: FragmentationPolicy = .allowed
  ) throws(SocketError) {
    self.machine = machine
    self.isIPv6 = isIPv6
    self.interface = interface
    self.fragmentation = fragmentation
    for end in ends { _ = try door(end) }
  }

  package static var now: Instant { Instant(nanoseconds: MonotonicClock.now()) }

  /// Sends what the machine wants sent, hands over its events, and waits for the next datagram, its next
  /// deadline or `limit`, whichever comes first.
  package func step(
    until limit: Instant, _ body: (Machine.Event) -> Void
  ) throws(SocketError) {
    try flush(body)
    var poll = SocketPoll()
    for door in doors { poll.add(door.socket.descriptor) }
    let moment = min(machine.deadline ?? limit, limit)
    if try poll.wait(until: moment.nanoseconds) == .ready { try receive() }
    let now = Self.now
    if let deadline = machine.deadline, deadline <= now { machine.handleTimeout(at: now) }
    try flush(body)
  }

  private func flush(_ body: (Machine.Event) -> Void) throws(SocketError) {
    while let step = machine.nextStep() {
      switch step {
      case .event(let event): body(event)
      case .send(let bytes, let local, let remote): try send(bytes, from: local, to: remote)
      }
    }
  }

  private func send(
    _ bytes: [UInt8], from local: Endpoint, to remote: Endpoint
  ) throws(SocketError) {
    let door = try door(local)
    observer?(local, remote, true, bytes)
    do throws(SocketError) {
      // Behind a wildcard the source is the address that the peer knows.
      let source = door.end.address.isWildcard ? local.address : nil
      try door.socket.send(
        bytes, to: remote, from: source.flatMap { $0.isWildcard ? nil : $0 })
    } catch {
      // As if it were lost: the machine sends again, or gives up.
      if failures.count < Self.errorLimit { failures.append(error) }
    }
  }

  private func receive() throws(SocketError) {
    for door in doors {
      // A flood must not keep answers from going out.
      for _ in 0..<UDPSocket.batchSize {
        guard let datagram = try door.socket.receive() else { break }
        let local = Endpoint(datagram.destination ?? door.end.address, door.end.port)
        observer?(local, datagram.source, false, datagram.bytes)
        machine.handle(datagram.bytes, from: datagram.source, to: local, at: Self.now)
      }
      while let report = door.socket.receiveError() {
        if errors.count < Self.errorLimit { errors.append(report) }
      }
    }
  }

  private func door(_ end: Endpoint) throws(SocketError) -> Door {
    if let door = doors.first(where: { $0.end.port == end.port }) { return door }
    let door = Door(
      try UDPSocket(
        isIPv6: isIPv6, source: end, interface: interface, fragmentation: fragmentation), end)
    _ = door.socket.raiseReceiveBuffer(to: 1 << 20)
    doors.append(door)
    return door
  }
}

extension IPAddress {
  fileprivate var isWildcard: Bool { high == 0 && low == 0 }
}
