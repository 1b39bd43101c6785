package import Diagnosis
package import Host
package import IPsecCrypto

/// What is wrong with settings, and where it was said.
package struct SettingProblem: Error, Equatable, Sendable {
  package enum Reason: Error, Equatable, Sendable {
    case unknownKey(String, nearest: String?)
    case unknownSection(String, nearest: String?)
    /// A setting that stands outside of every section that has keys.
    case misplaced(String)
    case secretInFile(String, instead: SettingKey)
    case badValue(SettingKey, String)
    case badNumber(String, String)
    case proposals(SettingKey, ProposalParsingError)
    case syntax(ConfigurationProblem.Reason)
    case unreadable(ConfigurationFile.Failure)
    case certificate(path: String, CertificateError)
    case keyOfAnother(key: String, certificate: String)
    case expired(path: String)
    case notYetValid(path: String)
    case emptySecret(path: String)
    case badSecret(path: String)
    /// A secret that others on this machine may read.
    case openSecret(path: String, mode: UInt32)
    case missing(SettingKey, with: SettingKey)
    case noCredential
    case severalCredentials([CredentialKind])
    case noRemote
    /// Addresses that a daemon would take anyone from.
    case anyRemote(String)
    case unresolvable(ResolutionError)
    case otherFamily(SettingKey, String)
    case anyGateway
    case noProfile(String, known: [String], nearest: String?)
    case noConnection(String, known: [String], nearest: String?)
    case noChild(String, known: [String], nearest: String?)
    /// No private key of a certificate beside a daemon's file.
    case noKey(certificate: String, folders: String)
    /// No secret for a connection, where a daemon has them.
    case noSecret(place: String)
    case notUsable(String)
  }

  /// Nil where nobody said anything, which is what is wrong.
  package let origin: Setting.Origin?
  package let reason: Reason

  package init(_ reason: Reason, at origin: Setting.Origin?) {
    self.reason = reason
    self.origin = origin
  }

  /// Whether an SA can be tried all the same.
  package var isWarning: Bool {
    switch reason {
    case .openSecret, .anyGateway, .expired, .notYetValid, .unknownKey, .unknownSection, .misplaced,
      .notUsable, .noKey, .noSecret, .syntax, .secretInFile:
      true
    default: false
    }
  }
}

extension SettingProblem: CustomStringConvertible {
  package var description: String { origin.map { "\($0): \(reason)" } ?? "\(reason)" }
}

extension SettingProblem.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownKey(let key, let nearest): "no key '\(key.prefix(40))'\(Self.hint(nearest))"
    case .unknownSection(let name, let nearest):
      "no section '\(name.prefix(40))'\(Self.hint(nearest))"
    case .misplaced(let key):
      "'\(key.prefix(40))' stands in no profile and not in the defaults"
    case .secretInFile(let key, let instead):
      "a secret does not belong here: name its file by \(instead.rawValue) instead of '\(key)'"
    case .badValue(let key, let text):
      "\(key.rawValue) takes \(key.description.takes), not '\(text.prefix(60))'"
    case .badNumber(let key, let text): "\(key) takes 1 to 65535, not '\(text.prefix(40))'"
    case .proposals(let key, let error): "\(key.rawValue): \(error)"
    case .syntax(let reason): "\(reason)"
    case .unreadable(let failure): "\(failure)"
    case .certificate(let path, let error): "\(path): \(error)"
    case .keyOfAnother(let key, let certificate):
      "the private key in \(key) is not that of the certificate in \(certificate)"
    case .expired(let path): "the certificate in \(path) has expired"
    case .notYetValid(let path): "the certificate in \(path) is not valid yet"
    case .emptySecret(let path): "\(path) holds no secret: its first line is empty"
    case .badSecret(let path): "\(path) begins with 0x or 0s, and is no hexadecimal or base64"
    case .openSecret(let path, let mode):
      "\(path) has mode 0\(String(mode, radix: 8)), so that others can read the secret: chmod 600 \(path)"
    case .missing(let key, let with): "\(with.rawValue) takes \(key.rawValue) beside it"
    case .noCredential:
      "nothing to prove who this side is: psk_file, or cert and key, or eap_user and eap_password_file"
    case .severalCredentials(let kinds):
      "\(kinds.map(\.rawValue).joined(separator: " and ")) at once: one of them is used"
    case .noRemote: "no gateway is named: give remote, or a target"
    case .anyRemote(let text): "'\(text.prefix(60))' is not one gateway: name a target beside it"
    case .unresolvable(let error): "\(error)"
    case .otherFamily(let key, let text):
      "\(key.rawValue) '\(text.prefix(60))' is not of the gateway's address family"
    case .anyGateway:
      "remote_id is not set: the EAP password is proven to any gateway that the CA vouches for"
    case .noProfile(let name, let known, let nearest):
      Self.absent("profile", name, known, nearest)
    case .noConnection(let name, let known, let nearest):
      Self.absent("connection", name, known, nearest)
    case .noChild(let name, let known, let nearest): Self.absent("child", name, known, nearest)
    case .noKey(let certificate, let folders):
      "no private key of \(certificate) in \(folders), or none that opens"
    case .noSecret(let place): "\(place) has no secret for it"
    case .notUsable(let what): what
    }
  }

  private static func hint(_ nearest: String?) -> String {
    nearest.map { ": did you mean \($0)?" } ?? ""
  }

  private static func absent(
    _ kind: String, _ name: String, _ known: [String], _ nearest: String?
  ) -> String {
    let text = "no \(kind) '\(name.prefix(60))'"
    if let nearest { return "\(text): did you mean \(nearest)?" }
    guard !known.isEmpty else { return "\(text), and no other either" }
    let few = known.prefix(8).joined(separator: ", ")
    return "\(text); there is \(few)\(known.count > 8 ? " and more" : "")"
  }
}
