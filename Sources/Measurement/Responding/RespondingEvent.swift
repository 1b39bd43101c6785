package import IKE
package import PacketDissector

/// What happened at the other end of checks.
package enum RespondingEvent: Sendable {
  /// Something happened to an IKE SA or its Child SAs.
  case session(SessionEvent, RespondingPeer)
  /// From now on nothing is answered.
  case fellSilent
  /// Answers are given again.
  case spokeAgain
  /// A peer's request came that gets no answer: for the how manieth time, and how long after the last.
  case unanswered(RespondingPeer, exchange: ExchangeType, transmission: Int, gap: Duration?)
  /// A peer has given up waiting, as far as that shows.
  case detected(RespondingPeer, SilenceDetection)
}

/// Whose event it is.
package struct RespondingPeer: Sendable {
  /// Counts from 1; the same as long as the IKE SA and its successors stand.
  package var session: Int
  /// Nil where nothing is known of it but its number.
  package var remote: Endpoint?
  /// Once it is proved.
  package var identity: Identity?
  package var answers = AnswerCounters()
  package var packets = ESPCounters()
}

/// Echoes that were answered, of one peer or of all.
package struct AnswerCounters: Hashable, Sendable {
  /// ICMP and ICMPv6 echoes through a Child SA.
  package var inner = 0
  /// ESP echoes through a Child SA, and those that wanted no answer.
  package var encrypted = 0
  package var oneWay = 0
  /// ESP echoes without an SA.
  package var plain = 0
  /// Liveness checks of IKE.
  package var checks = 0

  package init() {}
}

/// What came and got no answer.
package struct UnansweredCounters: Hashable, Sendable {
  /// ESP for no SA of this side's.
  package var unknownSPI = 0
  /// Echoes above the limits.
  package var overRate = 0
  /// Inner packets that the Child SA is not for.
  package var outsideSelectors = 0
  /// Inner packets that are no echo request, and ESP echoes that break their rules.
  package var otherPackets = 0
  /// Lost on purpose: datagrams, and IKE fragments.
  package var lost = 0
  package var fragments = 0
  /// Events of peers that have proved nothing, past those that are told.
  package var untold = 0

  package init() {}
}
