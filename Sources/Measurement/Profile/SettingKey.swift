/// What can be said about a peer and an SA with it: the keys of a profile, the options of the command line
/// and the variables of the environment.
package enum SettingKey: String, CaseIterable, Sendable {
  case remote
  case localID = "local_id"
  case remoteID = "remote_id"
  case pskFile = "psk_file"
  case cert
  case key
  case keyPassphraseFile = "key_passphrase_file"
  case ca
  case eapUser = "eap_user"
  case eapPasswordFile = "eap_password_file"
  case ppkID = "ppk_id"
  case ppkFile = "ppk_file"
  case ike
  case esp
  case localTS = "local_ts"
  case remoteTS = "remote_ts"
  case mode
  case virtualIP = "virtual_ip"
  case source
  case interface
  case port
  case natPort = "nat_port"
  case fragmentation
  case fragmentSize = "fragment_size"
  case replayWindow = "replay_window"
}

extension SettingKey {
  /// The words for a value, and what the key means: for the manual and for messages.
  package var description: (takes: String, meaning: String) {
    switch self {
    case .remote: ("a name or an address", "The gateway.")
    case .localID:
      (
        "an identity",
        "Who this side is. By default the address that packets leave from, with a certificate its subject, with EAP the user."
      )
    case .remoteID: ("an identity", "Who the gateway must be. By default whoever proves itself.")
    case .pskFile:
      (
        "a file",
        "The pre-shared key: the first line, or 0x and hexadecimal digits, or 0s and base64."
      )
    case .cert:
      (
        "files, with commas",
        "This side's certificate, with those between it and the CA behind it."
      )
    case .key: ("a file", "Its private key, in PEM.")
    case .keyPassphraseFile: ("a file", "What opens an encrypted private key.")
    case .ca: ("files, with commas", "The CAs that the gateway's certificate may come from.")
    case .eapUser: ("a name", "The user of EAP-MSCHAPv2.")
    case .eapPasswordFile: ("a file", "The user's password.")
    case .ppkID: ("a name", "The name of a post-quantum pre-shared key (RFC 8784).")
    case .ppkFile: ("a file", "That key.")
    case .ike: ("proposals", "What is offered for IKE, as strongSwan or libreswan writes it.")
    case .esp: ("proposals", "What is offered for ESP.")
    case .localTS:
      ("networks, with commas", "The traffic of this side; dynamic is its own address.")
    case .remoteTS:
      ("networks, with commas", "The traffic behind the gateway; dynamic is its address.")
    case .mode: ("tunnel or transport", "The mode of the Child SA; tunnel by default.")
    case .virtualIP:
      ("yes, no, ipv4 or ipv6", "Asks the gateway for an address; yes is for IPv4.")
    case .source: ("an address", "The address that packets leave from.")
    case .interface: ("a name", "The interface that packets leave by.")
    case .port: ("1 to 65535", "The gateway's port for IKE; 500 by default.")
    case .natPort: ("1 to 65535", "The gateway's port for ESP in UDP; 4500 by default.")
    case .fragmentation: ("yes or no", "Whether IKE fragments (RFC 7383); yes by default.")
    case .fragmentSize: ("576 to 65535 bytes", "The largest IP packet of an IKE fragment.")
    case .replayWindow: ("0 to 65536 packets", "The window against replay; 1024 by default.")
    }
  }

  /// What the environment calls it: IPSECDIAG_PSK_FILE.
  package var variable: String { "IPSECDIAG_" + rawValue.uppercased() }

  /// What the command line calls it: --psk-file.
  package var option: String {
    "--" + String(rawValue.map { $0 == "_" ? "-" : $0 })
  }

  /// Whether the value names files, relative ones counting from the folder of the file that says so.
  package var namesFiles: Bool {
    switch self {
    case .pskFile, .cert, .key, .keyPassphraseFile, .ca, .eapPasswordFile, .ppkFile: true
    default: false
    }
  }

  /// A secret that people write where it does not belong, and the key that names its file instead.
  package static let secrets: [String: SettingKey] = [
    "psk": .pskFile, "secret": .pskFile, "eap_password": .eapPasswordFile,
    "password": .eapPasswordFile, "key_passphrase": .keyPassphraseFile,
    "passphrase": .keyPassphraseFile, "ppk": .ppkFile,
  ]
}

/// By what this side proves who it is.
package enum CredentialKind: String, CaseIterable, Sendable {
  case preSharedKey = "a pre-shared key"
  case certificate = "a certificate"
  case eap = "EAP"

  var keys: [SettingKey] {
    switch self {
    case .preSharedKey: [.pskFile]
    case .certificate: [.cert, .key, .keyPassphraseFile]
    case .eap: [.eapUser, .eapPasswordFile]
    }
  }
}
