package import PacketDissector

// Numbers of our own, from the private-use range, for what drafts describe and nobody has numbered.

extension IntegrityAlgorithm {
  package static let experimentalKMAC128: IntegrityAlgorithm = 1100
  package static let experimentalKMAC256: IntegrityAlgorithm = 1101
  /// draft-salter-ipsecme-sha3-00 alone; the truncations are inferred from RFC 4868.
  package static let experimentalHMACSHA3_256: IntegrityAlgorithm = 1110
  package static let experimentalHMACSHA3_384: IntegrityAlgorithm = 1111
  package static let experimentalHMACSHA3_512: IntegrityAlgorithm = 1112
}

extension PseudorandomFunction {
  package static let experimentalKMAC128: PseudorandomFunction = 1100
  package static let experimentalKMAC256: PseudorandomFunction = 1101
  /// draft-salter-ipsecme-sha3-00 alone.
  package static let experimentalHMACSHA3_256: PseudorandomFunction = 1110
  package static let experimentalHMACSHA3_384: PseudorandomFunction = 1111
  package static let experimentalHMACSHA3_512: PseudorandomFunction = 1112
}

extension IntegrityTransform {
  /// What a number of our own stands for.
  var experimentalName: String? {
    guard isExperimental, case .mac(let mac, _) = construction else { return nil }
    return "AUTH_\(mac.name)\(mac.digest.map { "_" + $0 } ?? "") (experimental)"
  }
}
