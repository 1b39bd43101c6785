internal import Diagnosis
internal import IPsecCrypto

/// The folders of certificates and keys beside a daemon's configuration file.
struct CredentialFolder {
  /// Each with the slash at its end.
  var certificates: String
  var authorities: String
  var keys: [String]

  /// "x509" and so on beside swanctl.conf (swanctl.conf(5), section FILES).
  static func swanctl(_ folder: String) -> CredentialFolder {
    CredentialFolder(
      certificates: folder + "x509/", authorities: folder + "x509ca/",
      keys: ["private", "rsa", "ecdsa", "pkcs8"].map { "\(folder)\($0)/" })
  }

  /// "ipsec.d" beside strongSwan's ipsec.conf.
  static func ipsec(_ folder: String) -> CredentialFolder {
    CredentialFolder(
      certificates: folder + "ipsec.d/certs/", authorities: folder + "ipsec.d/cacerts/",
      keys: [folder + "ipsec.d/private/"])
  }

  private static let mostFiles = 1024

  func certificate(_ name: String) -> String { Self.path(name, certificates) }
  func authority(_ name: String) -> String { Self.path(name, authorities) }

  private static func path(_ name: String, _ folder: String) -> String {
    name.hasPrefix("/") ? name : folder + name
  }

  var allAuthorities: [String] { ConfigurationFiles.matches(authorities + "*") }

  /// The file of the private key that belongs to a certificate, and the passphrase that opens it.
  /// `passphrases` are by the name of the file.
  func key(
    of certificate: String, passphrases: [String: Secret]
  ) -> (path: String, passphrase: Secret?)? {
    guard let own = Self.certificates(in: certificate).first?.publicKey else { return nil }
    for path in keys.flatMap({ ConfigurationFiles.matches($0 + "*") }).prefix(Self.mostFiles) {
      guard let pem = try? ConfigurationFile.read(path) else { continue }
      let name = path.split(separator: "/").last.map(String.init) ?? path
      let passphrase = passphrases[name] ?? passphrases[path]
      guard let key = try? PrivateKey(pem: pem, passphrase: passphrase),
        key.publicKey.subjectPublicKeyInfo == own.subjectPublicKeyInfo
      else { continue }
      return (path, passphrase)
    }
    return nil
  }

  /// The files with a certificate and those between it and its root, as far as they are here.
  func chain(of certificate: String) -> [String] {
    var chain = [certificate]
    var known: [(path: String, summary: CertificateSummary)] = []
    for path in allAuthorities.prefix(Self.mostFiles) {
      if let summary = Self.summary(path), summary.subject != summary.issuer {
        known.append((path, summary))
      }
    }
    var issuer = Self.summary(certificate)?.issuer
    while let next = known.first(where: { $0.summary.subject == issuer }),
      !chain.contains(next.path)
    {
      chain.append(next.path)
      issuer = next.summary.issuer
    }
    return chain
  }

  private static func summary(_ path: String) -> CertificateSummary? {
    certificates(in: path).first.flatMap { CertificateSummary(der: $0.der) }
  }

  private static func certificates(in path: String) -> [Certificate] {
    guard let bytes = try? ConfigurationFile.read(path) else { return [] }
    return (try? Certificate.read(bytes)) ?? []
  }
}
