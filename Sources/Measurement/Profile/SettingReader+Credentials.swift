internal import Diagnosis
internal import IKE
internal import IPsecCrypto

extension SettingReader {
  /// By what this side proves itself, and what the gateway must prove; nil, and a problem, where either is
  /// not to be had.
  mutating func proof() -> (Credential, PeerRequirement)? {
    let kinds = settings.credentials
    if kinds.count > 1 {
      let first = kinds[0].keys.first { settings[$0] != nil }
      add(.severalCredentials(kinds), at: first)
      return nil
    }
    switch kinds.first {
    case nil:
      add(.noCredential)
      return nil
    case .preSharedKey:
      return secret(.pskFile, .key).map { (.preSharedKey($0), .preSharedKey($0)) }
    case .certificate:
      let own = ownCertificate()
      let anchors = anchors(for: .cert)
      guard let own, let anchors else { return nil }
      return (own, .certificate(anchors))
    case .eap:
      let account = account()
      let anchors = anchors(for: .eapUser)
      guard let account, let anchors else { return nil }
      return (.eap(account), .certificate(anchors))
    }
  }

  /// The secret of a file, or what a daemon's file holds itself.
  mutating func secret(_ key: SettingKey, _ form: SecretFile.Form) -> Secret? {
    switch settings[key]?.value {
    case nil: return nil
    case .secret(let secret): return secret
    case .text(let path):
      do throws(SettingProblem.Reason) {
        let file = try SecretFile(path, form)
        if let mode = file.openMode { add(.openSecret(path: path, mode: mode), at: key) }
        return file.secret
      } catch {
        add(error, at: key)
        return nil
      }
    }
  }

  private mutating func account() -> EAPCredential? {
    guard let user = text(.eapUser) else {
      add(.missing(.eapUser, with: .eapPasswordFile), at: .eapPasswordFile)
      return nil
    }
    guard settings[.eapPasswordFile] != nil else {
      add(.missing(.eapPasswordFile, with: .eapUser), at: .eapUser)
      return nil
    }
    return secret(.eapPasswordFile, .password).map { EAPCredential(userName: user, password: $0) }
  }

  private mutating func ownCertificate() -> Credential? {
    guard let certificatePath = text(.cert) else {
      let key: SettingKey = settings[.key] == nil ? .keyPassphraseFile : .key
      add(.missing(.cert, with: key), at: key)
      return nil
    }
    guard let keyPath = text(.key) else {
      add(.missing(.key, with: .cert), at: .cert)
      return nil
    }
    let passphrase = secret(.keyPassphraseFile, .password)
    let chain = certificatePath.split(separator: ",")
      .flatMap { certificates($0.trimmingBlanks, .cert) }
    let key = privateKey(keyPath, passphrase)
    guard let own = chain.first, let key else { return nil }
    guard own.publicKey?.subjectPublicKeyInfo == key.publicKey.subjectPublicKeyInfo else {
      add(.keyOfAnother(key: keyPath, certificate: certificatePath), at: .key)
      return nil
    }
    if let notAfter = own.notAfter, notAfter < now {
      add(.expired(path: certificatePath), at: .cert)
    } else if let notBefore = own.notBefore, notBefore > now {
      add(.notYetValid(path: certificatePath), at: .cert)
    }
    return .signature(key, chain: chain.map(\.der))
  }

  private mutating func privateKey(_ path: String, _ passphrase: Secret?) -> PrivateKey? {
    guard let pem = bytes(path, .key) else { return nil }
    do throws(CertificateError) {
      return try PrivateKey(pem: pem, passphrase: passphrase)
    } catch {
      add(.certificate(path: path, error), at: .key)
      return nil
    }
  }

  private mutating func anchors(for credential: SettingKey) -> TrustAnchors? {
    guard let paths = text(.ca) else {
      add(.missing(.ca, with: credential), at: credential)
      return nil
    }
    let anchors = paths.split(separator: ",").flatMap { certificates($0.trimmingBlanks, .ca) }
    return anchors.isEmpty ? nil : TrustAnchors(anchors)
  }

  private mutating func certificates(_ path: String, _ key: SettingKey) -> [Certificate] {
    guard let bytes = bytes(path, key) else { return [] }
    do throws(CertificateError) {
      return try Certificate.read(bytes)
    } catch {
      add(.certificate(path: path, error), at: key)
      return []
    }
  }

  private mutating func bytes(_ path: String, _ key: SettingKey) -> [UInt8]? {
    do throws(ConfigurationFile.Failure) {
      return try ConfigurationFile.read(path)
    } catch {
      add(.unreadable(error), at: key)
      return nil
    }
  }
}
