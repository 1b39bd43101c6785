/// What a side tells of the SA that it receives on: whether it checks for replays, and whether it can follow
/// extended sequence numbers without (draft-pan-ipsecme-anti-replay-notification).
///
/// Experimental: the draft has expired, its layout was not to be had, and no registry has a number for it.
/// This layout is a reconstruction of ours:
///
///      0 1 2 3 4 5 6 7
///     +-+-+-+-+-+-+-+-+
///     |A|E| reserved  |
///     +-+-+-+-+-+-+-+-+
package struct AntiReplayStatus: Hashable, Sendable {
  /// A: replay protection is on for what this side receives.
  package var isProtected: Bool
  /// E: this side can follow extended sequence numbers although its protection is off.
  package var followsESNUnprotected: Bool

  package init(isProtected: Bool, followsESNUnprotected: Bool = false) {
    self.isProtected = isProtected
    self.followsESNUnprotected = followsESNUnprotected
  }

  /// Reads the notification data. None at all says that protection is off; octets behind the first are
  /// passed over.
  package init(data: some Collection<UInt8>) {
    let flags = data.first ?? 0
    isProtected = flags & 0x80 != 0
    followsESNUnprotected = flags & 0x40 != 0
  }

  /// Whether this side can follow extended sequence numbers: by its window, or without one.
  package var followsESN: Bool { isProtected || followsESNUnprotected }

  /// The names of the bits that are set.
  package var names: [String] {
    (isProtected ? ["replay protection on"] : [])
      + (followsESNUnprotected ? ["can follow ESN without it"] : [])
  }

  package var data: [UInt8] {
    [(isProtected ? 0x80 : 0) | (followsESNUnprotected ? 0x40 : 0)]
  }
}
