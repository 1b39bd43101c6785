internal import ArgumentParser
internal import Diagnosis
internal import Glibc
internal import Host
internal import IKE
internal import IPsecCrypto
internal import Measurement
internal import PacketDissector

/// Whom a command sets an SA up with, and how both sides prove who they are.
struct PeerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The pre-shared key is the first line of this file.", valueName: "file"))
  var pskFile: String?

  @Option(
    help: ArgumentHelp(
      "This side's certificate, with those of intermediate authorities behind it (PEM).",
      valueName: "file"))
  var cert: String?

  @Option(help: ArgumentHelp("The key of --cert (PEM).", valueName: "file"))
  var key: String?

  @Option(
    help: ArgumentHelp(
      "Authorities that the peer's certificate must be of (PEM).", valueName: "file"))
  var ca: String?

  @Option(help: ArgumentHelp("The name for EAP-MSCHAPv2.", valueName: "name"))
  var eapUser: String?

  @Option(
    help: ArgumentHelp(
      "The password of --eap-user is the first line of this file.", valueName: "file"))
  var eapPasswordFile: String?

  @Option(
    help: ArgumentHelp(
      "Who this side is: an address, a name, user@name or a distinguished name.",
      valueName: "identity"))
  var id: String?

  @Option(help: ArgumentHelp("Who the peer must be; anyone by default.", valueName: "identity"))
  var remoteID: String?

  @Option(
    help: ArgumentHelp(
      "IKE proposals in strongSwan's or libreswan's spelling.", valueName: "proposals"))
  var ike =
    "aes256gcm16-aes128gcm16-prfsha384-prfsha256-x25519-ecp256-ecp384-modp2048,"
    + "aes256-aes128-sha256-sha384-sha1-prfsha256-x25519-ecp256-modp2048-modp3072"

  @Option(help: ArgumentHelp("ESP proposals, spelt alike.", valueName: "proposals"))
  var esp = "aes256gcm16-aes128gcm16-noesn,aes256-aes128-sha256-sha1-noesn"

  @Option(
    help: ArgumentHelp("The traffic at this end of the tunnel.", valueName: "network"))
  var localTs = "0.0.0.0/0"

  @Option(
    help: ArgumentHelp("The traffic at the peer's end of the tunnel.", valueName: "network"))
  var remoteTs = "0.0.0.0/0"

  /// Whether there is anything to authenticate with.
  var isGiven: Bool { pskFile != nil || cert != nil || eapUser != nil }

  /// The peer at `target`, with what the options say of it.
  func peer(_ target: String, isIPv6Wanted: Bool? = nil) throws -> LivePeer {
    let address: ResolvedAddress?
    do throws(ResolutionError) {
      address = try NameResolution.addresses(of: target, family: .init(isIPv6Wanted: isIPv6Wanted))
        .first
    } catch {
      throw Failure("\(error)", exitCode: ExitCodes.unknown)
    }
    guard let address else {
      throw Failure("\(target) has no address", exitCode: ExitCodes.unknown)
    }
    return LivePeer(name: target, address: address, configuration: try configuration())
  }

  /// What the options say, whoever the peer is.
  func configuration() throws -> PeerConfiguration {
    let (credential, requirement) = try proof()
    guard let here = TrafficSelector(text: localTs), let there = TrafficSelector(text: remoteTs)
    else { throw ValidationError("--local-ts and --remote-ts are networks like 10.1.0.0/16.") }
    let local = try identity(id, "--id")
    let remote = try remoteID.map { try identity($0, "--remote-id") }
    var configuration = PeerConfiguration(
      ikeProposals: try ProposalNotation.parse(ike, for: .ike),
      childProposals: try ProposalNotation.parse(esp, for: .esp), localIdentity: local,
      remoteIdentity: remote, credential: credential, requirement: requirement,
      localSelectors: [here], remoteSelectors: [there])
    configuration.certificateTime = Int64(time(nil))
    configuration.retransmission = .quick
    return configuration
  }

  private func identity(_ text: String?, _ option: String) throws -> Identity {
    guard let identity = Identity(text: text ?? "ipsecdiag") else {
      throw ValidationError("\(option) is no identity: \(text ?? "")")
    }
    return identity
  }

  private func proof() throws -> (Credential, PeerRequirement) {
    if let pskFile {
      let secret = try secret(pskFile)
      return (.preSharedKey(secret), .preSharedKey(secret))
    }
    guard let ca else { throw ValidationError("--cert and --eap-user go with --ca.") }
    let anchors = PeerRequirement.certificate(
      TrustAnchors(try Certificate.read(try InputFile.read(ca))))
    if let cert, let key {
      let chain = try Certificate.read(try InputFile.read(cert)).map(\.der)
      let privateKey = try PrivateKey(pem: try InputFile.read(key), passphrase: nil)
      return (.signature(privateKey, chain: chain), anchors)
    }
    guard let eapUser, let eapPasswordFile else {
      throw ValidationError("Give --psk-file, --cert with --key, or --eap-user.")
    }
    let password = try secret(eapPasswordFile)
    return (.eap(EAPCredential(userName: eapUser, password: password)), anchors)
  }

  /// The first line of a file.
  private func secret(_ path: String) throws -> Secret {
    Secret(copying: Array(try InputFile.read(path).prefix { $0 != UInt8(ascii: "\n") }))
  }
}
