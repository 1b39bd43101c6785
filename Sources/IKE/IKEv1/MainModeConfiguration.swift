package import IPsecCrypto

/// What an initiator of IKEv1 main mode offers, who it is, and the secret that both sides share.
package struct MainModeConfiguration: Sendable {
  /// In order of preference; at most 255.
  package var proposals = PhaseOneProposal.usual
  package var preSharedKey: Secret
  /// Nil is the address that messages leave from.
  package var localIdentity: Identity?
  /// Who the peer must be; nil takes anyone that has the secret.
  package var remoteIdentity: Identity?
  /// How long the SA lives, at most, in seconds.
  package var lifetime: UInt32 = 28_800
  /// Of the messages of main mode, and of R-U-THERE.
  package var retransmission = RetransmissionPolicy.patient
  /// Tells the peer that any other SA that it has with this side is dead (RFC 2407, section 4.6.3.3).
  package var sendsInitialContact = false
  package var ports = IKEPorts()

  package init(preSharedKey: Secret) {
    self.preSharedKey = preSharedKey
  }
}
