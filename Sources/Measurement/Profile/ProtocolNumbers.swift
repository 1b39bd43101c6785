package import IKE
package import PacketDissector

/// Numbers that drafts leave open: suggestions of ours from the private-use ranges, which a configuration file
/// can change. What uses them is experimental.
package struct ProtocolNumbers: Equatable, Sendable {
  /// The notify type by which a peer announces the ESP echo of the merged draft.
  package var espEchoSupported: UInt16 = 50801
  /// The same for draft-ietf-ipsecme-encrypted-esp-ping.
  package var encryptedPingSupported: UInt16 = 50802
  /// The notify type of the anti-replay status (draft-pan-ipsecme-anti-replay-notification-01), and the one by
  /// its first version's name.
  package var replayProtectionStatus: UInt16 = 50800
  package var antiReplayStatus: UInt16 = 50799

  package init() {}

  /// How ESP echo of a format is announced; nil where nothing is negotiated.
  package func announcement(of format: ESPEchoFormat) -> NotifyType? {
    switch format {
    case .merged: NotifyType(rawValue: espEchoSupported)
    case .draft03: NotifyType(rawValue: encryptedPingSupported)
    case .kernel, .colitti2023: nil
    }
  }

  /// How anti-replay protection is told of, and heard of; nil tells nothing.
  package func replayStatus(announcing status: AntiReplayStatus?) -> ReplayStatusPolicy {
    ReplayStatusPolicy(
      announced: status, type: NotifyType(rawValue: replayProtectionStatus),
      earlierType: NotifyType(rawValue: antiReplayStatus))
  }

  /// By what the section `numbers` of a configuration file calls them.
  package static let keys: [String: any WritableKeyPath<ProtocolNumbers, UInt16> & Sendable] = [
    "esp_echo_supported": \.espEchoSupported,
    "encrypted_ping_supported": \.encryptedPingSupported,
    "replay_prot_and_esn_status": \.replayProtectionStatus,
    "anti_replay_status": \.antiReplayStatus,
  ]
}
