internal import Glibc
package import Host
package import IKE
package import PacketDissector

/// Runs a machine of IKE on this host: sockets for the ports that it sends from, the clock, and whatever
/// ICMP says of what was sent.
package final class MachineDriver<Machine: IKEMachine> {
  package let machine: Machine
  /// Sees each datagram that was sent or received: local end, remote end, whether it was sent, its bytes.
  package var observer: ((Endpoint, Endpoint, Bool, [UInt8]) -> Void)?
  /// Gets ESP that came in UDP, from where to where, instead of the machine; without it, ESP is no IKE to
  /// the machine.
  package var onESP: ((_ packet: [UInt8], _ remote: Endpoint, _ local: Endpoint) -> Void)?
  /// Sockets of others that end a wait when something comes to them.
  package var companions: [Int32] = []
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
    /// What the machine wants sent, until it wants nothing more for now.
    var batch = OutgoingBatch(capacity: UDPSocket.batchSize)
    let end: Endpoint

    init(_ socket: consuming UDPSocket, _ end: Endpoint) {
      self.socket = socket
      self.end = end
    }

    /// Behind a wildcard the source is the address that the peer knows.
    func source(_ local: Endpoint) -> IPAddress? {
      end.address.isWildcard && !local.address.isWildcard ? local.address : nil
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

  /// Lets the machine send from a socket that is already open, by the address and port that it calls `end`.
  package func adopt(_ socket: consuming UDPSocket, as end: Endpoint) {
    doors.append(Door(socket, end))
  }

  /// Sends what the machine wants sent, hands over its events, and waits for the next datagram, its next
  /// deadline or `limit`, whichever comes first.
  package func step(
    until limit: Instant, _ body: (Machine.Event) -> Void
  ) throws(SocketError) {
    try flush(body)
    var poll = SocketPoll()
    for door in doors { poll.add(door.socket.descriptor) }
    for companion in companions { poll.add(companion) }
    let moment = min(machine.deadline ?? limit, limit)
    if try poll.wait(until: moment.nanoseconds) == .ready { try receive() }
    let now = Instant.now
    if let deadline = machine.deadline, deadline <= now { machine.handleTimeout(at: now) }
    try flush(body)
  }

  /// Sends a datagram that is none of the machine's, at once and by itself.
  package func send(
    _ datagram: [UInt8], from local: Endpoint, to remote: Endpoint,
    _ fragmentation: FragmentationPolicy
  ) throws(SocketError) {
    let door = try door(local)
    observer?(local, remote, true, datagram)
    if fragmentation != self.fragmentation { try door.socket.setFragmentation(fragmentation) }
    var failure: SocketError?
    do throws(SocketError) {
      try door.socket.send(datagram, to: remote, from: door.source(local))
    } catch {
      failure = error
    }
    if fragmentation != self.fragmentation {
      try door.socket.setFragmentation(self.fragmentation)
    }
    if let failure { throw failure }
  }

  /// What came back in ICMP since the last call.
  package func takeErrors() -> [SocketErrorReport] {
    defer { errors = [] }
    return errors
  }

  private func flush(_ body: (Machine.Event) -> Void) throws(SocketError) {
    while let step = machine.nextStep() {
      switch step {
      case .event(let event): body(event)
      case .send(let bytes, let local, let remote): try queue(bytes, from: local, to: remote)
      }
    }
    for door in doors { send(from: door) }
  }

  private func queue(
    _ bytes: [UInt8], from local: Endpoint, to remote: Endpoint
  ) throws(SocketError) {
    let door = try door(local)
    observer?(local, remote, true, bytes)
    let source = door.source(local)
    if door.batch.append(bytes.rawBytes, to: remote, from: source) { return }
    send(from: door)
    if !door.batch.append(bytes.rawBytes, to: remote, from: source) {
      note(SocketError(.send(remote), code: EMSGSIZE))
    }
  }

  /// Sends all that is queued for a socket. What cannot be sent is as if it were lost: the machine sends
  /// it again, or gives up.
  private func send(from door: Door) {
    guard door.batch.waiting > 0 else { return }
    _ = door.socket.sendBatch(&door.batch) { note($1) }
  }

  private func note(_ error: SocketError) {
    if failures.count < Self.errorLimit { failures.append(error) }
  }

  private func receive() throws(SocketError) {
    var arrived: [(source: Endpoint, local: Endpoint, bytes: [UInt8])] = []
    for door in doors {
      let end = door.end
      // One batch at a time: a flood must not keep answers from going out.
      _ = try door.socket.receiveBatch { datagram in
        var reader = ByteReader(datagram.bytes)
        let local = Endpoint(datagram.destination ?? end.address, end.port)
        arrived.append((datagram.source, local, reader.rest()))
      }
      // To the end, as what stays in the queue takes room from what is still to come.
      while let report = door.socket.receiveError() {
        if errors.count < Self.errorLimit { errors.append(report) }
      }
    }
    let now = Instant.now
    for (source, local, bytes) in arrived {
      observer?(local, source, false, bytes)
      if let onESP, NonESPMarker.isMissing(in: bytes), machine.hasMarker(from: source, to: local) {
        onESP(bytes, source, local)
        continue
      }
      machine.handle(bytes, from: source, to: local, at: now)
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
