package import PacketDissector

/// What became of all packets of one size.
package struct SizeTally: Equatable, Sendable {
  /// Who refuses a size, and what it says about the limit.
  package enum Refusal: Equatable, Sendable {
    /// This machine: nothing went out. `mtu` is its interface's, in bytes of IP packet.
    case here(mtu: Int?)
    /// ICMP "fragmentation needed" (RFC 792, RFC 1191) or "packet too big" (RFC 4443, section 3.2), with the
    /// MTU that it names.
    case icmp(mtu: Int?, from: IPAddress?)
  }

  package enum Verdict: Equatable, Sendable {
    case undecided, passes, lost
    case refused(Refusal)
  }

  /// In bytes of IP packet, with its header.
  package let size: Int
  package internal(set) var sent = 0
  package internal(set) var answered = 0
  /// Packets without an answer while smaller ones, sent right behind them, had theirs.
  package internal(set) var missed = 0
  package internal(set) var refusal: Refusal?

  package init(
    size: Int, sent: Int = 0, answered: Int = 0, missed: Int = 0, refusal: Refusal? = nil
  ) {
    self.size = size
    self.sent = sent
    self.answered = answered
    self.missed = missed
    self.refusal = refusal
  }

  /// One answer proves that a size passes; that it is lost takes `misses` packets, or who refuses it.
  func verdict(misses: Int) -> Verdict {
    if answered > 0 { return .passes }
    if let refusal { return .refused(refusal) }
    return missed >= misses ? .lost : .undecided
  }
}
