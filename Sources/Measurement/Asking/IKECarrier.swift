internal import Host
internal import IKE
internal import PacketDissector

/// What a carrier brought.
enum CarrierEvent {
  /// An IKE message from the peer, without marker or record header.
  case message([UInt8])
  /// Something that is no IKE message, or from elsewhere.
  case stray
  /// ICMP said this of what was sent to the peer.
  case error(SocketErrorReport)
  /// The peer ended the connection.
  case closed
  case deadline
  /// A signal came.
  case interrupted
}

/// Carries IKE messages to one end of a peer, and back.
protocol IKECarrier: AnyObject {
  var way: ProbeWay { get }
  /// This end, as far as this host knows it.
  var local: Endpoint { get }
  var remote: Endpoint { get }
  func send(_ message: [UInt8]) throws(SocketError)
  func receive(until limit: Instant) throws(SocketError) -> CarrierEvent
}

/// The UDP socket of one probe.
final class UDPDoor {
  fileprivate var socket: UDPSocket
  let local: Endpoint
  fileprivate let interface: UInt32
  fileprivate let observer: ((ProbePacket) -> Void)?

  /// A socket for one address; `observer` sees every datagram that is sent or received.
  init(
    to peer: ResolvedAddress, _ plan: ProbePlan, observer: ((ProbePacket) -> Void)?
  ) throws(SocketError) {
    let isIPv6 = peer.address.isIPv6
    let own = Endpoint(plan.source ?? .any(isIPv6: isIPv6), plan.sourcePort)
    socket = try UDPSocket(isIPv6: isIPv6, source: own, interface: plan.interface)
    interface = peer.interface
    self.observer = observer
    // Without a route nothing will leave, either: sending says why.
    let route = try? LocalRoute(to: peer.address, interface: plan.interface)
    local = Endpoint(
      plan.source ?? route?.source ?? .any(isIPv6: isIPv6), socket.localPort)
  }

  fileprivate func send(_ bytes: [UInt8], to remote: Endpoint) throws(SocketError) {
    observer?(ProbePacket(time: .now, source: local, destination: remote, payload: bytes))
    try socket.send(bytes, to: remote, interface: interface)
  }

  fileprivate func receive() throws(SocketError) -> ReceivedDatagram? {
    guard let datagram = try socket.receive() else { return nil }
    observer?(
      ProbePacket(
        time: datagram.time, source: datagram.source,
        destination: Endpoint(datagram.destination ?? local.address, local.port),
        payload: datagram.bytes))
    return datagram
  }

  fileprivate func receiveError() -> SocketErrorReport? { socket.receiveError() }

  fileprivate var descriptor: Int32 { socket.descriptor }
}

/// IKE over UDP, with the non-ESP marker on port 4500 (RFC 7296, section 2.23).
final class UDPCarrier: IKECarrier {
  let way: ProbeWay
  let remote: Endpoint
  private let door: UDPDoor

  init(_ door: UDPDoor, _ way: ProbeWay, to remote: Endpoint) {
    self.door = door
    self.way = way
    self.remote = remote
  }

  var local: Endpoint { door.local }

  func send(_ message: [UInt8]) throws(SocketError) {
    try door.send(way == .udp4500 ? NonESPMarker.added(to: message) : message, to: remote)
  }

  /// One octet, for which nobody answers (RFC 3948, section 2.3).
  func sendKeepalive() throws(SocketError) { try door.send([0xFF], to: remote) }

  func receive(until limit: Instant) throws(SocketError) -> CarrierEvent {
    var poll = SocketPoll()
    poll.add(door.descriptor)
    while true {
      if let datagram = try door.receive() {
        guard datagram.source == remote else { return .stray }
        guard way == .udp4500 else { return .message(datagram.bytes) }
        return NonESPMarker.removed(from: datagram.bytes).map { .message($0) } ?? .stray
      }
      // Local reports repeat what sending said.
      while let report = door.receiveError() {
        if report.destination == remote, report.origin != .local { return .error(report) }
      }
      switch try poll.wait(until: limit.nanoseconds) {
      case .ready: continue
      case .deadline: return .deadline
      case .interrupted: return .interrupted
      }
    }
  }
}

/// IKE in a TCP connection (RFC 9329).
final class TCPCarrier: IKECarrier {
  let way = ProbeWay.tcp4500
  let remote: Endpoint
  let local: Endpoint
  private var connection: TCPConnection
  private var stream = TCPStream(isOriginator: true)
  private var messages: [[UInt8]] = []
  private(set) var isClosed = false
  /// Octets that came, whatever they are.
  private(set) var received = 0

  init(to remote: Endpoint, _ plan: ProbePlan, until limit: Instant) throws(SocketError) {
    connection = try TCPConnection.connect(
      to: remote, from: plan.source.map { Endpoint($0, 0) }, interface: plan.interface,
      until: limit.nanoseconds)
    self.remote = remote
    local = connection.localEndpoint ?? Endpoint(.any(isIPv6: remote.address.isIPv6), 0)
    try write(stream.opening)
  }

  func send(_ message: [UInt8]) throws(SocketError) {
    guard let record = stream.record(message) else { return }
    try write(record)
  }

  /// A record is small, and the connection's buffer empty: what does not fit at once ends the attempt.
  private func write(_ bytes: [UInt8]) throws(SocketError) {
    if try connection.write(bytes.rawBytes) < bytes.count { isClosed = true }
  }

  func receive(until limit: Instant) throws(SocketError) -> CarrierEvent {
    var poll = SocketPoll()
    poll.add(connection.descriptor)
    while true {
      if !messages.isEmpty { return .message(messages.removeFirst()) }
      if isClosed { return .closed }
      var bytes: [UInt8] = []
      switch try connection.read(into: &bytes) {
      case .bytes(let count):
        received += count
        do throws(TCPStream.Fault) {
          messages = try stream.receive(bytes)
        } catch {
          isClosed = true
        }
        // Records of ESP for ever are no message.
        if messages.isEmpty, !isClosed, Instant.now >= limit { return .deadline }
      case .end: isClosed = true
      case .nothing:
        switch try poll.wait(until: limit.nanoseconds) {
        case .ready: continue
        case .deadline: return .deadline
        case .interrupted: return .interrupted
        }
      }
    }
  }
}
