package import PacketDissector

/// Numbers that drafts leave open: suggestions of ours from the private-use ranges, which a configuration file
/// can change. What uses them is experimental.
package struct ProtocolNumbers: Equatable, Sendable {
  /// The notify type by which a peer announces the ESP echo of the merged draft.
  package var espEchoSupported: UInt16 = 50801
  /// The same for draft-ietf-ipsecme-encrypted-esp-ping.
  package var encryptedPingSupported: UInt16 = 50802

  package init() {}

  /// How ESP echo of a format is announced; nil where nothing is negotiated.
  package func announcement(of format: ESPEchoFormat) -> NotifyType? {
    switch format {
    case .merged: NotifyType(rawValue: espEchoSupported)
    case .draft03: NotifyType(rawValue: encryptedPingSupported)
    case .kernel, .colitti2023: nil
    }
  }

  /// By what the section `numbers` of a configuration file calls them.
  package static let keys: [String: any WritableKeyPath<ProtocolNumbers, UInt16> & Sendable] = [
    "esp_echo_supported": \.espEchoSupported,
    "encrypted_ping_supported": \.encryptedPingSupported,
  ]
}
