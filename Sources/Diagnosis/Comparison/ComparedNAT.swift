internal import PacketDissector

/// NAT between two captures: which address and port became which.
enum ComparedNAT {
  static func findings(_ path: PathComparison) -> [Finding] {
    [CaptureLabel.a, .b].compactMap { side in
      let mappings = path.translations.filter { $0.side == side }
      guard let first = mappings.max(by: { $0.packets < $1.packets }) else { return nil }
      // The host's own capture shows what it calls itself.
      let (own, seen) = side == .a ? (first.atA, first.atB) : (first.atB, first.atA)
      return Finding(
        .natDetected, .certain, about: .peers(path.hostAtA, path.hostAtB),
        "\(own.address) is behind NAT: \(side.rawValue) shows \(own.address), \(side.other.rawValue) shows \(seen.address)",
        evidence: mappings.prefix(8).map { mapping in
          let (own, seen) = side == .a ? (mapping.atA, mapping.atB) : (mapping.atB, mapping.atA)
          return Finding.Evidence(
            "\(own.words) is \(seen.words) at \(side.other.rawValue) (\(mapping.packets) packets)",
            [side == .a ? mapping.frameAtB : mapping.frameAtA], of: side.other)
        })
    }
  }
}

extension Endpoint {
  /// "192.0.2.1 port 4500"
  package var words: Statement { port == 0 ? "\(address)" : "\(address) port \("\(port)")" }
}
