import CLinux
import Glibc
import Host
import PacketDissector
import Synchronization
import Testing

/// Three machines in a row, in network namespaces of this test's own: A, a router, B. The link between the
/// router and B is the narrow one.
///
///     A 10.99.0.1 – 10.99.0.2 R 10.99.1.2 – 10.99.1.1 B        MTU 1500, then 1300
///     A fd99::1 – fd99::2 R fd99:1::2 – fd99:1::1 B
final class Namespaces {
  static let narrow: UInt32 = 1300

  /// Suites run at the same time.
  private static let made = Atomic(0)
  private let prefix = "host-\(getpid())-\(made.add(1, ordering: .relaxed).newValue)-"

  private init() {}

  /// Ends the test where the machine does not let them be made.
  static func make() throws -> Namespaces {
    let network = Namespaces()
    guard geteuid() == 0, Capabilities.effective.contains(.netAdmin),
      network.run("ip netns add \(network.prefix)a 2>/dev/null")
    else { try Test.cancel("making network namespaces takes root, and a machine that allows it") }
    try #require(network.build())
    return network
  }

  private func build() -> Bool {
    run("ip netns add \(prefix)r && ip netns add \(prefix)b")
      && link("a", "10.99.0.1", "fd99::1", "r", "10.99.0.2", "fd99::2", mtu: 1500)
      && link("b", "10.99.1.1", "fd99:1::1", "r", "10.99.1.2", "fd99:1::2", mtu: Self.narrow)
      && run("ip -n \(prefix)a route add default via 10.99.0.2")
      && run("ip -n \(prefix)b route add default via 10.99.1.2")
      && run("ip -n \(prefix)a -6 route add default via fd99::2")
      && run("ip -n \(prefix)b -6 route add default via fd99:1::2")
      && run("ip netns exec \(prefix)r sysctl -qw net.ipv4.ip_forward=1")
      && run("ip netns exec \(prefix)r sysctl -qw net.ipv6.conf.all.forwarding=1")
      && run("ip -n \(prefix)r route add prohibit 10.99.2.0/24")
  }

  deinit {
    for name in ["a", "r", "b"] { _ = run("ip netns del \(prefix)\(name)") }
  }

  private func run(_ command: String) -> Bool { unsafe system(command) == 0 }

  /// Runs a command in a namespace.
  func run(_ command: String, in name: String) -> Bool {
    run("ip netns exec \(prefix)\(name) sh -c \"\(command)\"")
  }

  /// Runs `body` with this thread in a namespace; sockets made there stay there.
  func inside<Result: ~Copyable>(_ name: String, _ body: () throws -> Result) throws -> Result {
    let home = unsafe open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
    let there = unsafe open("/var/run/netns/\(prefix)\(name)", O_RDONLY | O_CLOEXEC)
    defer {
      close(home)
      close(there)
    }
    try #require(setns(there, 0x4000_0000) == 0)
    defer { if setns(home, 0x4000_0000) != 0 { abort() } }
    return try body()
  }

  private func link(
    _ end: String, _ address: String, _ address6: String, _ router: String, _ routerAddress: String,
    _ routerAddress6: String, mtu: UInt32
  ) -> Bool {
    let ends = [
      (end, "wan0", address, address6), (router, "to-\(end)", routerAddress, routerAddress6),
    ]
    return run(
      "ip link add wan0 netns \(prefix)\(end) mtu \(mtu) type veth "
        + "peer name to-\(end) netns \(prefix)\(router) mtu \(mtu)")
      && ends.allSatisfy { name, interface, address, address6 in
        run("ip -n \(prefix)\(name) address add \(address)/24 dev \(interface)")
          && run("ip -n \(prefix)\(name) address add \(address6)/64 nodad dev \(interface)")
          && run("ip -n \(prefix)\(name) link set lo up")
          && run("ip -n \(prefix)\(name) link set \(interface) up")
      }
  }
}

/// setns(2), which the headers show only to who asks for it by a macro.
@_silgen_name("setns")
private func setns(_ descriptor: Int32, _ kind: Int32) -> Int32
