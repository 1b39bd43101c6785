/// How a responder protects itself from those who only ask.
package struct ResponderPolicy: Sendable {
  /// From so many half-open IKE SAs on, requests must show a cookie; 0 demands one always, nil never.
  package var cookieThreshold: Int? = 30
  /// IKE SAs whose initiator has proved nothing, and may just have failed to; past these the oldest goes.
  package var halfOpenLimit = 1000
  /// Sessions in all; past these nobody new is answered.
  package var sessionLimit = 10_000
  /// How long an initiator may take to prove who it is.
  package var halfOpenLifetime = Duration.seconds(60)
  /// Error answers without protection, to anyone, in a second.
  package var errorsPerSecond = 20

  package init() {}
}

/// What a responder saw that made no session.
package struct ResponderCounters: Hashable, Sendable {
  /// IKE_SA_INIT requests that came again and were answered again.
  package var repeatedInits = 0
  package var cookiesSent = 0
  /// Cookies that this responder did not give to this peer, or long ago.
  package var wrongCookies = 0
  package var refusals = 0
  package var unknownSPIs = 0
  package var otherVersions = 0
  /// Half-open IKE SAs that made room for newer ones.
  package var displaced = 0
  /// IKE_SA_INIT requests for which there was no room.
  package var crowdedOut = 0
  package var notIKE = 0

  package init() {}
}
