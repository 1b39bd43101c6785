internal import Host
internal import PacketDissector

/// Sends packets of wanted sizes to one peer, and recognises what comes back for them.
protocol SizeProber: AnyObject {
  /// For ``SocketPoll``.
  var descriptor: Int32 { get }
  /// Where it throws ``SocketError/Meaning/tooLarge``, nothing went out.
  func send(_ probe: SizeSearch.Probe) throws(SocketError)
  /// The next of what came; nil when nothing waits.
  func receive() throws(SocketError) -> SizeEvent?
}

/// What came back for a packet, by its ``SizeSearch/Probe/id``.
enum SizeEvent {
  case answered(Int)
  /// Too large, says ICMP; nil where the message does not quote enough to tell which packet.
  case tooBig(Int?, mtu: Int?, from: IPAddress?)
  /// ICMP says that nothing gets there, or that nobody listens.
  case unreachable(SocketErrorReport)
  case stray
}

extension SizeEvent {
  /// What the error queue says. `probe` finds the packet by what is quoted of it. Local reports repeat what
  /// sending said.
  init(_ report: SocketErrorReport, probe: (_ quoted: [UInt8]) -> Int?) {
    switch report.origin {
    case .local: self = .stray
    case .icmp where report.icmpType == 3 && report.icmpCode == 4,
      .icmpv6 where report.icmpType == 2:
      self = .tooBig(
        probe(report.quoted), mtu: report.mtu.map { Int($0) }, from: report.offender)
    case .icmp where report.icmpType == 3, .icmpv6 where report.icmpType == 1:
      self = .unreachable(report)
    case .icmp, .icmpv6: self = .stray
    }
  }
}
