/// What iproute2 calls what the kernel has numbers for.
package enum XFRMWords {
  static let protocols: [(word: String, number: UInt8)] = [
    ("esp", 50), ("ah", 51), ("comp", 108), ("route2", 43), ("hao", 60),
  ]
  /// Those of packets inside.
  static let carried: [(word: String, number: UInt8)] = [
    ("icmp", 1), ("tcp", 6), ("udp", 17), ("dccp", 33), ("gre", 47), ("ipv6-icmp", 58),
    ("sctp", 132),
  ]
  static let modes: [(word: String, number: UInt8)] = [
    ("transport", 0), ("tunnel", 1), ("ro", 2), ("in_trigger", 3), ("beet", 4), ("iptfs", 5),
  ]
  static let encapsulations: [(word: String, number: UInt16)] = [
    ("espinudp-nonike", 1), ("espinudp", 2), ("espintcp", 7),
  ]
  private static let flags: [(word: String, flag: KernelSA.Flags)] = [
    ("noecn", .noECN), ("decap-dscp", .decapDSCP), ("nopmtudisc", .noPMTUDiscovery),
    ("wildrecv", .wildReceive), ("icmp", .icmp), ("af-unspec", .anyFamily), ("align4", .align4),
    ("esn", .esn),
  ]
  private static let extraFlags: [(word: String, flag: KernelSA.ExtraFlags)] = [
    ("dont-encap-dscp", .dontEncapsulateDSCP), ("oseq-may-wrap", .outgoingMayWrap),
  ]

  package static func words(of flags: KernelSA.Flags) -> [String] {
    Self.flags.filter { flags.contains($0.flag) }.map(\.word)
  }

  package static func words(of flags: KernelSA.ExtraFlags) -> [String] {
    extraFlags.filter { flags.contains($0.flag) }.map(\.word)
  }

  static func flag(_ word: Substring) -> KernelSA.Flags? {
    flags.first { $0.word == word }?.flag
  }

  static func extraFlag(_ word: Substring) -> KernelSA.ExtraFlags? {
    extraFlags.first { $0.word == word }?.flag
  }

  static func number<Number: FixedWidthInteger>(
    _ word: Substring?, _ table: [(word: String, number: Number)]
  ) -> Number? {
    guard let word else { return nil }
    return table.first { $0.word == word }?.number ?? Number(word)
  }

  static func word<Number: FixedWidthInteger>(
    _ number: Number, _ table: [(word: String, number: Number)]
  ) -> String {
    table.first { $0.number == number }?.word ?? "\(number)"
  }
}
