import ArgumentParser
import Diagnosis
import Glibc
import IKE
import IPsecCrypto
import PacketDissector

/// A configuration from the command line and the files that it names.
enum PeerFile {
  static func configuration(_ options: IKEPeer) throws -> PeerConfiguration {
    let selectors = options.ts.split(separator: "=").map { TrafficSelector(text: String($0)) }
    guard selectors.count == 2, let here = selectors[0], let there = selectors[1] else {
      throw ValidationError("--ts is LOCAL=REMOTE")
    }
    guard let id = Identity(text: options.id), let remoteID = Identity(text: options.remoteID)
    else { throw ValidationError("--id and --remote-id are identities") }
    let (credential, requirement) = try proof(options.auth)
    var configuration = PeerConfiguration(
      ikeProposals: try ProposalNotation.parse(options.ike, for: .ike),
      childProposals: try ProposalNotation.parse(options.esp, for: .esp), localIdentity: id,
      remoteIdentity: remoteID, credential: credential, requirement: requirement,
      localSelectors: [here], remoteSelectors: [there])
    if let size = options.fragmentSize { configuration.fragmentBytes = [size] }
    configuration.certificateTime = Int64(time(nil))
    configuration.forcesEncapsulation = true
    configuration.isChildless = options.childless
    if options.config { configuration.requestedAttributes = [.internalIP4Address] }
    return configuration
  }

  /// psk:FILE, cert:CERT,KEY,CA or eap:USER,FILE,CA.
  private static func proof(_ text: String) throws -> (Credential, PeerRequirement) {
    guard let colon = text.firstIndex(of: ":") else { throw ValidationError("--auth") }
    let words = text[text.index(after: colon)...].split(separator: ",").map(String.init)
    switch (text[..<colon], words.count) {
    case ("psk", 1):
      let secret = try secret(words[0])
      return (.preSharedKey(secret), .preSharedKey(secret))
    case ("cert", 3):
      let chain = try Certificate.read(bytes(words[0])).map(\.der)
      let key = try PrivateKey(pem: bytes(words[1]), passphrase: nil)
      return (.signature(key, chain: chain), .certificate(try anchors(words[2])))
    case ("eap", 3):
      return (
        .eap(EAPCredential(userName: words[0], password: try secret(words[1]))),
        .certificate(try anchors(words[2]))
      )
    case ("null", 0): return (.null, .null)
    default: throw ValidationError("--auth")
    }
  }

  private static func anchors(_ path: String) throws -> TrustAnchors {
    TrustAnchors(try Certificate.read(bytes(path)))
  }

  /// The first line of a file.
  private static func secret(_ path: String) throws -> Secret {
    Secret(copying: try bytes(path).filter { $0 != UInt8(ascii: "\n") })
  }

  private static func bytes(_ path: String) throws -> [UInt8] {
    guard let file = unsafe fopen(path, "rb") else { throw ValidationError("cannot read \(path)") }
    defer { unsafe fclose(file) }
    var content = [UInt8](repeating: 0, count: 1 << 20)
    // At most as many bytes as the array has.
    let count = unsafe fread(&content, 1, content.count, file)
    return Array(content.prefix(count))
  }
}
