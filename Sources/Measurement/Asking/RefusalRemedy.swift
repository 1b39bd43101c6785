internal import Diagnosis
internal import PacketDissector

extension Finding.Remedy {
  /// What helps where `reporter` refuses IKE to `peer` by ICMP: at the peer itself, or on the way.
  static func refusal(by reporter: IPAddress, of peer: IPAddress) -> Finding.Remedy {
    guard reporter == peer else {
      return Finding.Remedy(
        "mend the route or the filter at \(reporter), or correct the peer's address",
        [Finding.Setting(.shell, "ip route get \(peer)")])
    }
    return Finding.Remedy(
      "start the IKE daemon at \(peer), and see what it listens on",
      [
        Finding.Setting(.shell, "systemctl status strongswan ipsec"),
        Finding.Setting(.shell, "ss -lunp 'sport = :500 or sport = :4500'"),
      ])
  }
}
