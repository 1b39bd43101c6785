/// Why packets were dropped, as far as counters tell: what has risen, and the likely causes.
package struct DropCause: Sendable {
  /// A cause that fits, with what speaks for it.
  package struct Candidate: Sendable {
    package var cause: Cause
    package var confidence: Confidence
    /// What speaks for it here, not in general.
    package var reason: Statement

    package init(_ cause: Cause, _ confidence: Confidence, _ reason: Statement) {
      self.cause = cause
      self.confidence = confidence
      self.reason = reason
    }
  }

  /// The raw value is what JSON calls it.
  package enum Cause: String, CaseIterable, Sendable {
    case reordering
    case duplicates
    case wrongKeys = "wrong_keys"
    case icvLength = "icv_length"
    /// ESN and a window too small: what comes later than it fails its ICV.
    case windowUnderESN = "window_under_esn"
    case missingSA = "missing_sa"
    case lifetimeEnd = "lifetime_end"
    case policyMismatch = "policy_mismatch"
    case encapsulationMismatch = "encapsulation_mismatch"
    case noOutboundSA = "no_outbound_sa"
    case sequenceExhausted = "sequence_exhausted"
    case blockedByPolicy = "blocked_by_policy"
    case directionMismatch = "direction_mismatch"
    case malformedPackets = "malformed_packets"
    case memory
    case other
  }

  /// The counter's name in /proc/net/xfrm_stat.
  package var counter: String
  /// How many packets, since the machine was started or between two readings.
  package var count: UInt64
  /// The SAs whose own counters have risen with it, and by how much.
  package var sas: [(subject: Finding.Subject, count: UInt64)] = []
  /// The likeliest first; never empty.
  package var candidates: [Candidate]

  package init(counter: String, count: UInt64, candidates: [Candidate]) {
    self.counter = counter
    self.count = count
    self.candidates = candidates
  }
}
