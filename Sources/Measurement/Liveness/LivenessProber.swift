package import IKE
package import PacketDissector

/// Asks a peer in one way whether it is there.
package protocol LivenessProber: AnyObject {
  var method: LivenessMethod { get }
  /// The peer's address and the port that is asked.
  var remote: Endpoint { get }
  /// Where questions leave from, as far as this host knows.
  var local: Endpoint { get }
  /// Asks once, and waits for what comes of it; nil where the user wants it to end.
  func beat() -> LivenessBeat.Answer?
  /// Does what the peer needs done until `moment`; returns earlier when the user wants it to end, or when
  /// there is something to tell at once.
  func rest(until moment: Instant)
  /// Leaves nothing at the peer.
  func close()
}

/// How a peer is asked whether it is there.
package enum LivenessMethod: String, Sendable {
  /// IKE_SA_INIT requests: no credentials, no SA.
  case initRequest = "ike-sa-init"
  /// Empty INFORMATIONAL requests in an IKE SA (RFC 7296, section 1.4).
  case informational
  /// R-U-THERE in an IKEv1 phase 1 (RFC 3706).
  case areYouThere = "r-u-there"
}

/// One question whether the peer is there, and what came of it.
package struct LivenessBeat: Sendable {
  package enum Outcome: Sendable {
    /// `roundTrip` is nil where an earlier transmission may have been the one that was answered.
    case answered(roundTrip: Duration?)
    case silent
    /// An ICMP error: what it says, and who sent it.
    case refused(reason: String, by: IPAddress?)
    /// The peer ended the SA on purpose.
    case deleted
    /// INVALID_IKE_SPI: the peer does not know the SA. Unprotected, and so only believed beside silence.
    case unknownSA
    /// The peer answers, but there is no SA any more and no new one: why, in words.
    case noSA(String)
    /// This host could not ask: why, in words.
    case local(String)
  }

  /// What a prober tells of one question.
  package struct Answer: Sendable {
    package var outcome: Outcome
    /// Requests sent, and those among them that were answered.
    package var sent: Int
    package var answered: Int
    /// The SA that was asked about has ended with this.
    package var endsSA = false

    package init(_ outcome: Outcome, sent: Int, answered: Int) {
      self.outcome = outcome
      self.sent = sent
      self.answered = answered
    }
  }

  /// From 1.
  package var number: Int
  /// When the question was put, since the start.
  package var at: Duration
  /// How long it took to know.
  package var took: Duration
  package var answer: Answer

  package init(number: Int, at: Duration, took: Duration, _ answer: Answer) {
    self.number = number
    self.at = at
    self.took = took
    self.answer = answer
  }
}
