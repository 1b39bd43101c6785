package import PacketDissector

/// What is asked of every address, and how: the options of a probe.
package struct ProbePlan: Equatable, Sendable {
  /// Where IKE listens, and where it does with the non-ESP marker and over TCP.
  package var ikePort: UInt16 = 500
  package var natPort: UInt16 = 4500
  package var ways: [ProbeWay] = [.udp500, .udp4500]
  /// Where requests leave from; nil for wherever the kernel says.
  package var source: IPAddress?
  /// 0 for any free port.
  package var sourcePort: UInt16 = 0
  package var interface: String?
  /// Round trips on each way.
  package var count = 3
  /// How long the first transmission of a request waits for its answer.
  package var timeout: Duration = .milliseconds(500)
  /// How often a request is sent in all, each time with twice the wait.
  package var transmissions = 3
  /// Datagrams a second, to all addresses together.
  package var rate = 50
  package var asksIKEv1 = true
  package var enumerates = false
  /// Datagrams for the enumeration of one address.
  package var packetBudget = 60
  package var questions: [ProposalQuestion] = []
  package var asksPostQuantum = false

  package init() {}
}
