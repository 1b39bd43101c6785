import Glibc
@testable import Host
import PacketDissector
import Testing

@Suite("A snapshot of this machine")
struct HostSnapshotTests {
  @Test("What is not asked for is neither read nor missing")
  func parts() {
    let snapshot = HostSnapshot.read([.addresses])
    #expect(snapshot.origin == .thisMachine)
    #expect(snapshot.dropCounters == nil && snapshot.sas.isEmpty && snapshot.policies.isEmpty)
    #expect(snapshot.missing.isEmpty)
    #expect(HostSnapshot.read([]).addresses.isEmpty)
  }

  @Test("Every part is read, or missing with a reason")
  func everything() {
    let snapshot = HostSnapshot.read([.securityAssociations, .policies, .dropCounters])
    let missing = snapshot.missing.map(\.part)
    #expect(Set(missing).count == missing.count)
    #expect(missing.contains(.dropCounters) == (snapshot.dropCounters == nil))
    if !Capabilities.effective.contains(.netAdmin) {
      #expect(missing.contains(.securityAssociations) && missing.contains(.policies))
    }
  }

  @Test("A refusal names the capability, and what gives it; a kernel without XFRM its option")
  func reasons() {
    let refused = HostSnapshot.Missing(.policies, KernelError.notPermitted)
    #expect(refused.isPermission && refused.part == .policies)
    #expect(refused.reason.contains("CAP_NET_ADMIN"))
    #expect(Capabilities.missingNetAdmin.contains("setcap cap_net_raw,cap_net_admin+ep "))
    let absent = HostSnapshot.Missing(.securityAssociations, KernelError.withoutXFRM)
    #expect(!absent.isPermission && absent.reason.contains("CONFIG_XFRM_USER"))
    let other = HostSnapshot.Missing(.securityAssociations, KernelError.tooMuch)
    #expect(other.reason == KernelError.tooMuch.description)
  }

  @Test("Options of a kernel are built in, modules, absent or not named")
  func options() {
    let text = """
      CONFIG_XFRM=y
      CONFIG_INET_ESP=m
      # CONFIG_INET6_ESP is not set
      CONFIG_INET_ESP_OFFLOAD=y
      CONFIG_ODD="text"
      """
    let options = KernelOptions(text: Array(text.utf8), path: "/config")
    #expect(options["CONFIG_XFRM"] == .builtIn && options["CONFIG_INET_ESP"] == .module)
    #expect(options["CONFIG_INET6_ESP"] == .absent)
    #expect(options["CONFIG_XFRM_USER"] == nil && options["CONFIG_INET"] == nil)
    #expect(options["CONFIG_ODD"] == nil)
  }

  @Test("The running kernel's options come unpacked")
  func runningOptions() throws {
    guard let options = KernelOptions.read() else {
      try Test.cancel("this machine has no copy of its kernel's options")
    }
    // This process has a network.
    #expect(options["CONFIG_NET"] == .builtIn)
  }

  @Test("The loopback address is among this machine's own")
  func ownAddresses() throws {
    let own = try OwnAddresses.read()
    #expect(own.contains(IPAddress(v4: 0x7F00_0001)))
  }
}

/// A namespace of a kernel with XFRM; its SAs need no ESP, as they never get keys.
@Suite("The live kernel's state", .serialized)
struct LiveKernelStateTests {
  private func run(_ command: String) -> Bool {
    unsafe system("\(command) >/dev/null 2>&1") == 0
  }

  private static let larval =
    "ip xfrm state allocspi src 10.99.0.1 dst 10.99.1.1 proto esp mode tunnel min 0x321 max 0x321"
  private static let policy =
    "ip xfrm policy add src 10.99.0.1/32 dst 10.99.1.0/24 dir out priority 9 "
    + "tmpl src 10.99.0.1 dst 10.99.1.1 proto esp reqid 4 mode tunnel"

  @Test("SAs, policies, addresses and events of a namespace are those that were made there")
  func namespace() throws {
    let network = try Namespaces.make()
    try network.inside("a") {
      guard run(Self.larval) else { try Test.cancel("this kernel takes no SAs from ip") }
      var events = try KernelEvents()
      let before = try events.read()
      #expect(before.isEmpty)
      try #require(run(Self.policy))
      let snapshot = HostSnapshot.read([.securityAssociations, .policies, .addresses])
      #expect(snapshot.sas.map(\.spi) == [0x321] && snapshot.missing.isEmpty)
      #expect(snapshot.sas.first?.source == IPAddress(text: "10.99.0.1"))
      #expect(snapshot.policies.map(\.priority) == [9])
      #expect(snapshot.policies.first?.templates.map(\.reqID) == [4])
      #expect(snapshot.addresses.contains(IPAddress(v4: 0x0A63_0001)))
      #expect(!snapshot.addresses.contains(IPAddress(v4: 0x0A63_0101)))
      try #require(run("ip xfrm policy delete src 10.99.0.1/32 dst 10.99.1.0/24 dir out"))
      let told = try events.read()
      guard told.count == 2, case .policyAdded(let added) = told[0],
        case .policyDeleted(let deleted) = told[1]
      else {
        Issue.record("other events were told: \(told.count)")
        return
      }
      #expect(added.priority == 9 && deleted.index == added.index)
      let losses = events.losses, unreadable = events.unreadable
      #expect(losses == 0 && unreadable == 0)
    }
  }

  @Test("No more events are read at once than asked for, and none is lost by that")
  func limit() throws {
    let network = try Namespaces.make()
    try network.inside("a") {
      var events = try KernelEvents()
      try #require(run(Self.policy))
      try #require(run("ip xfrm policy delete src 10.99.0.1/32 dst 10.99.1.0/24 dir out"))
      var poll = SocketPoll()
      let place = poll.add(events.descriptor)
      let outcome = try poll.wait(until: 0)
      #expect(outcome == .ready && poll.readiness(at: place) == .reading)
      let none = try events.read(limit: 0), first = try events.read(limit: 1)
      let rest = try events.read()
      #expect(none.isEmpty && first.count == 1 && rest.count == 1)
    }
  }

  @Test("An empty namespace made by hand says that others have SAs of their own")
  func empty() throws {
    let network = try Namespaces.make()
    try network.inside("b") {
      let snapshot = HostSnapshot.read([.securityAssociations])
      let missing = try #require(snapshot.missing.first)
      #expect(missing.part == .securityAssociations && !missing.isPermission)
      #expect(
        missing.reason.contains("network namespace") || missing.reason.contains("CONFIG_INET_ESP"))
    }
  }
}
