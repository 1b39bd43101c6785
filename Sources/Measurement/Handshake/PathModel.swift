internal import IKE
internal import PacketDissector

/// How large datagrams become on a path, and into how many packets IP cuts them there.
package struct PathSizeModel: Equatable, Sendable {
  /// Octets of the largest IP packet that is not cut up.
  package var mtu: Int
  package var isIPv6: Bool

  package init(mtu: Int = 1500, isIPv6: Bool = false) {
    self.mtu = mtu
    self.isIPv6 = isIPv6
  }

  /// Octets of the IP packet around a UDP payload.
  package func packetBytes(of payload: Int) -> Int {
    payload + 8 + InternetPacket.headerBytes(isIPv6: isIPv6)
  }

  /// IP packets around a UDP payload. Fragments but the last carry a multiple of eight octets (RFC 791, section
  /// 3.2; RFC 8200, section 4.5, where each has eight octets of header more).
  package func packets(of payload: Int) -> Int {
    guard packetBytes(of: payload) > mtu else { return 1 }
    let room = max(8, (mtu - (isIPv6 ? 48 : 20)) / 8 * 8)
    return (payload + 8 + room - 1) / room
  }
}

/// A path that loses packets by chance, each for itself.
package struct PathModel: Equatable, Sendable {
  package var roundTrip: Duration
  /// Of one IP packet, each way: 0 to 1.
  package var loss: Double
  package var sizes: PathSizeModel

  package init(roundTrip: Duration, loss: Double, sizes: PathSizeModel = PathSizeModel()) {
    self.roundTrip = roundTrip
    self.loss = loss
    self.sizes = sizes
  }

  package var oneWay: Duration { roundTrip / 2 }

  /// Whether a datagram arrives: all of its IP packets do.
  func carries(_ payload: Int, _ random: inout SplitMix64) -> Bool {
    // Every packet takes its chance, so that a run's numbers do not hang on where the first is lost.
    var arrives = true
    for _ in 0..<sizes.packets(of: payload)
    where Double.random(in: 0..<1, using: &random) < loss { arrives = false }
    return arrives
  }
}
