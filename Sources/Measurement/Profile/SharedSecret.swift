internal import IKE
internal import IPsecCrypto

/// A secret of a daemon's file, and whose it is.
struct SharedSecret: Sendable {
  /// As the file writes them; none for a secret that is anybody's.
  var owners: [String]
  var secret: Secret
  var origin: Setting.Origin

  /// The one that names most of both sides, as charon chooses: who names neither counts only where no other
  /// does, and only if it is anybody's.
  static func best(
    _ secrets: [SharedSecret], local: [String], remote: [String]
  ) -> SharedSecret? {
    var best: (secret: SharedSecret, score: Int)?
    for secret in secrets {
      let score = secret.score(local: local, remote: remote)
      if score > best?.score ?? 0 { best = (secret, score) }
    }
    return best?.secret
  }

  private func score(local: [String], remote: [String]) -> Int {
    if owners.isEmpty { return 1 }
    let matches = [local, remote].count { side in
      owners.contains { owner in side.contains { Self.isSame(owner, $0) } }
    }
    if matches > 0 { return 1 + 2 * matches }
    return owners.allSatisfy { $0 == "%any" || $0 == "0.0.0.0" || $0 == "::" } ? 1 : 0
  }

  /// "@b.example" is "fqdn:b.example".
  private static func isSame(_ a: String, _ b: String) -> Bool {
    if a == b { return true }
    guard let a = Identity(text: a), let b = Identity(text: b) else { return false }
    return a == b
  }

  /// Nil for a secret that its encoding forbids.
  init?(_ text: String, owners: [String], _ origin: Setting.Origin) {
    guard var octets = SecretText.decode(Array(text.utf8)), !octets.isEmpty else { return nil }
    self.owners = owners
    secret = Secret(consuming: &octets)
    self.origin = origin
  }
}
