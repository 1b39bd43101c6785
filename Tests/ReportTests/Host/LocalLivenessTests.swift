import Diagnosis
import Host
import PacketDissector
import Report
import Testing

@Suite("Which connections of this machine check whether their peers live")
struct LocalLivenessTests {
  /// "office" and "plant" stand, "home" does not; "plant" has no liveness checks.
  private static var snapshot: HostSnapshot {
    var snapshot = HostSnapshot(.thisMachine, at: HostSamples.start)
    var daemon = DaemonState(.strongSwan)
    for (name, delay) in [("office", 30.0), ("plant", 0), ("home", 0)] {
      var connection = DaemonState.Connection(name: name)
      connection.dpdDelay = delay
      daemon.connections.append(connection)
      guard name != "home" else { continue }
      var sa = DaemonState.IKESA(name: name, state: "ESTABLISHED")
      sa.remoteAddress = "10.2.0.2"
      var child = DaemonState.ChildSA(name: "net", state: "INSTALLED")
      child.idleIn = 2
      child.idleOut = 7
      sa.children = [child]
      daemon.ikeSAs += [sa, sa]
    }
    snapshot.daemons = [daemon]
    return snapshot
  }

  private func text(_ snapshot: HostSnapshot, _ naming: Naming = Naming()) -> String {
    var text = TextBuffer(capacity: 1024)
    LocalLivenessReport(LocalLiveness(snapshot), naming).writeText(.init(), to: &text)
    return text.string
  }

  @Test("Those that stand are told, and the one without checks is a note with what to set")
  func report() {
    let liveness = LocalLiveness(Self.snapshot)
    #expect(liveness.connections.map(\.name) == ["office", "plant"])
    #expect(liveness.findings.map(\.id) == [.dpdOff])
    #expect(liveness.findings.allSatisfy { $0.severity == .info })
    let words = text(Self.snapshot)
    #expect(
      words.hasPrefix(
        """
        OK  2 connections, 1 of which without liveness checks, 1 note: dpd-off

        office (strongSwan), with 10.2.0.2
          checks    after 30 s in which nothing came from the peer
          ESP       came in 2 s ago, went out 7 s ago

        plant (strongSwan), with 10.2.0.2
          checks    never

        """), "\(words)")
    #expect(words.contains("connections.plant.dpd_delay = 30s"))
    #expect(words.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(!text(Self.snapshot, Naming(redacts: true)).contains("10.2.0.2"))
  }

  @Test("Without a daemon, or with nothing that stands, nothing is judged")
  func nothing() {
    let empty = HostSnapshot(.thisMachine, at: HostSamples.start)
    #expect(text(empty).hasPrefix("UNKNOWN  no daemon tells its state\n"))
    var idle = Self.snapshot
    idle.daemons[0].ikeSAs = []
    #expect(text(idle).hasPrefix("UNKNOWN  no connection of a daemon stands\n"))
    #expect(LocalLiveness(idle).findings.isEmpty)
  }
}
