internal import IKE
internal import IPsecCrypto
internal import PacketDissector

/// Which address and port of ours a responder saw: NAT_DETECTION_DESTINATION_IP in its answer is a hash of them
/// (RFC 7296, section 2.23), and there are only 65,536 ports.
struct MappedPort {
  enum Sight: Equatable, Sendable {
    /// What this host calls its own: there is no NAT.
    case unchanged
    case port(UInt16)
    /// None of the addresses that it could be.
    case elsewhere
    /// The answer has no hash.
    case untold
  }

  /// `outside`: the NAT's address towards the peer; nil where it is not known. `likely` are ports to try first.
  static func find(
    _ answer: InitAnswer, local: Endpoint, outside: IPAddress?, likely: [UInt16]
  ) -> Sight {
    let header = answer.message.header
    let hashes = answer.notifies.filter { $0.type == .natDetectionDestinationIP }.map(\.data)
    guard !hashes.isEmpty else { return .untold }
    func fits(_ end: Endpoint) -> Bool {
      guard
        let hash = try? NATDetectionHash.compute(
          initiatorSPI: header.initiatorSPI, responderSPI: header.responderSPI, end)
      else { return false }
      return hashes.contains(hash)
    }
    if fits(local) { return .unchanged }
    guard let outside else { return .elsewhere }
    for port in likely where fits(Endpoint(outside, port)) { return .port(port) }
    for port in UInt16.min...UInt16.max where fits(Endpoint(outside, port)) { return .port(port) }
    return .elsewhere
  }
}
