internal import Host
internal import IKE
internal import PacketDissector

/// IKE_SA_INIT requests, made larger by a vendor ID: whatever a daemon answers, the request has arrived.
///
/// Their share is of a method that they do not offer, so that no responder accepts them: the answer is
/// INVALID_KE_PAYLOAD or a refusal, and no half-open SA is left behind (RFC 7296, section 1.2).
final class IKEProber: SizeProber {
  private var socket: UDPSocket
  private let remote: Endpoint
  private let source: IPAddress?
  private let interface: UInt32
  private let hasMarker: Bool
  private var random = RandomSource.system
  /// The packets by the SPIs of their requests.
  private var probes: [UInt64: Int] = [:]

  init(
    _ route: PathRoute, port: UInt16, hasMarker: Bool, _ fragmentation: FragmentationPolicy
  ) throws(SocketError) {
    let address = route.peer.address
    remote = Endpoint(address, port)
    source = route.source
    interface = route.peer.interface
    self.hasMarker = hasMarker
    socket = try UDPSocket(
      isIPv6: address.isIPv6, source: source.map { Endpoint($0, 0) }, interface: route.interface,
      fragmentation: fragmentation)
    if fragmentation == .allowed, address.isIPv6 {
      try socket.setFragmentBytes(PathPlan.ipv6FragmentBytes)
    }
  }

  /// A size that every request of this prober can have, in bytes of IP packet.
  static let smallest = 512

  var descriptor: Int32 { socket.descriptor }

  func send(_ probe: SizeSearch.Probe) throws(SocketError) {
    let spi = random.ikeSPI()
    probes[spi] = probe.id
    let headers =
      InternetPacket.headerBytes(isIPv6: remote.address.isIPv6) + 8 + (hasMarker ? 4 : 0)
    let message = Self.request(spi, bytes: probe.size - headers, &random)
    try socket.send(
      hasMarker ? NonESPMarker.added(to: message) : message, to: remote, interface: interface)
  }

  /// The common ciphers that are not AEAD: one proposal keeps the smallest request small.
  private static let proposals = [
    Proposal(
      number: 1, protocolID: .ike, transforms: BroadProposals.common.last?.transforms ?? [])
  ]

  /// A request of so many octets; as small as it can be where that is more.
  static func request(_ spi: UInt64, bytes: Int, _ random: inout RandomSource) -> [UInt8] {
    var request = InitRequest(
      initiatorSPI: spi, proposals: proposals,
      keyExchange: KeyExchangePayload(method: .modp768, data: random.bytes(96)),
      nonce: random.bytes(32))
    let payloadHeader = 4
    let padding = bytes - request.bytes.count - payloadHeader
    if padding >= 0 { request.vendorIDs = [Array(repeating: 0, count: padding)] }
    return request.bytes
  }

  func receive() throws(SocketError) -> SizeEvent? {
    if let datagram = try socket.receive() {
      guard datagram.source == remote, let id = probe(datagram.bytes) else { return .stray }
      return .answered(id)
    }
    guard let report = socket.receiveError() else { return nil }
    return report.destination == remote ? SizeEvent(report, probe: probe) : .stray
  }

  /// The packet of a request, or of an answer to it: each begins with the request's SPI.
  private func probe(_ payload: [UInt8]) -> Int? {
    var reader = ByteReader(payload.rawBytes)
    do {
      if hasMarker, try reader.u32() != 0 { return nil }
      return probes[try reader.u64()]
    } catch {
      return nil
    }
  }
}
