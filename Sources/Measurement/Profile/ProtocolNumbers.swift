/// Numbers that drafts leave open: suggestions of ours from the private-use ranges, which a configuration file
/// can change. What uses them is experimental.
package struct ProtocolNumbers: Equatable, Sendable {
  /// The notify type by which a peer announces the ESP echo of the merged draft.
  package var espEchoSupported: UInt16 = 50801
  /// The same for draft-ietf-ipsecme-encrypted-esp-ping.
  package var encryptedPingSupported: UInt16 = 50802

  package init() {}

  /// By what the section `numbers` of a configuration file calls them.
  package static let keys: [String: any WritableKeyPath<ProtocolNumbers, UInt16> & Sendable] = [
    "esp_echo_supported": \.espEchoSupported,
    "encrypted_ping_supported": \.encryptedPingSupported,
  ]
}
