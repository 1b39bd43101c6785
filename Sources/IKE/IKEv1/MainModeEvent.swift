package import PacketDissector

/// What happened to an IKEv1 SA that its driver may want to know.
package enum MainModeEvent: Sendable {
  case natDetected(local: Bool, remote: Bool)
  /// Both sides have proved that they have the secret.
  case established(MainModeSA)
  /// An R-U-THERE was answered: how long after the transmission that the answer names, which of them that
  /// was, counted from one, and how many there were.
  case alive(roundTrip: Duration, transmission: Int, of: Int)
  /// All transmissions of an R-U-THERE stayed unanswered. The SA stays, so that the peer may be asked again.
  case silent(transmissions: Int)
  /// The peer's R-U-THERE was answered.
  case answeredPeer(sequence: UInt32)
  /// A notification that changes nothing here. One that is not protected may be anybody's; of each type
  /// only the first is told.
  case notified(IKEv1NotifyType, isProtected: Bool)
  /// The SA's lifetime is over. A deletion by this side follows.
  case expired
  /// The SA is gone.
  case deleted(by: Party)
  /// There is no SA, or none any more, for another reason.
  case failed(MainModeFailure)
}

/// An SA of IKEv1 whose ends are authenticated.
package struct MainModeSA: Sendable {
  package var initiatorCookie: UInt64
  package var responderCookie: UInt64
  package var proposal: PhaseOneProposal
  package var peerIdentity: Identity
  /// In seconds; the shorter of what was offered and what the answer says.
  package var lifetime: UInt32
  package var natLocal: Bool
  package var natRemote: Bool
  /// Whether the peer has announced RFC 3706; without it R-U-THERE is not sent.
  package var answersLiveness: Bool
  package var vendorIDs: [[UInt8]]
}
