import Glibc
import Host
import PacketDissector
import Testing

@Suite("Errors of sockets")
struct SocketErrorTests {
  private static let peer = Endpoint(IPAddress(v4: 0xC000_0201), 500)

  @Test(
    "Each says in plain words what was tried and what stood against it",
    arguments: [
      (
        SocketError(.bind(.udp, peer), code: EADDRINUSE),
        "cannot use UDP 192.0.2.1 port 500 as the source: the port is taken, most often by an IKE daemon that runs here"
      ),
      (
        SocketError(.bind(.udp, peer), code: EACCES),
        "cannot use UDP 192.0.2.1 port 500 as the source: a port below 1024 takes the capability CAP_NET_BIND_SERVICE, or root"
      ),
      (
        SocketError(.bind(.tcp, Endpoint(peer.address, 0)), code: EADDRNOTAVAIL),
        "cannot use TCP 192.0.2.1 as the source: this machine does not have that address"
      ),
      (
        SocketError(.send(peer), code: EPERM),
        "cannot send to 192.0.2.1 port 500: this machine does not let it out: a rule of its own firewall, or a prohibited route"
      ),
      (
        SocketError(.send(peer), code: EMSGSIZE),
        "cannot send to 192.0.2.1 port 500: the datagram is larger than the MTU that this machine knows to there"
      ),
      (
        SocketError(.send(peer), code: ENETUNREACH),
        "cannot send to 192.0.2.1 port 500: there is no route there"
      ),
      (
        SocketError(.send(peer), code: EHOSTUNREACH),
        "cannot send to 192.0.2.1 port 500: the host cannot be reached"
      ),
      (
        SocketError(.send(peer), code: ENOBUFS),
        "cannot send to 192.0.2.1 port 500: the queue of this machine's interface is full"
      ),
      (
        SocketError(.connect(peer), code: ECONNREFUSED),
        "cannot connect to 192.0.2.1 port 500: refused: nothing listens on that port"
      ),
      (
        SocketError(.open(.esp), code: EPERM),
        "cannot open a raw ESP socket: ESP and ICMP need the capability CAP_NET_RAW: setcap cap_net_raw,cap_net_admin+ep $(command -v ipsecdiag), or root"
      ),
      (
        SocketError(.bindToInterface("wan0"), code: ENODEV),
        "cannot bind to the interface wan0: there is no such interface"
      ),
      (SocketError(.set(option: "IP_TTL"), code: EINVAL), "cannot set IP_TTL: Invalid argument"),
    ])
  func words(error: SocketError, text: String) {
    #expect("\(error)" == text)
  }

  @Test("A connection's ways to fail are told apart")
  func meanings() {
    let meanings = [ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ETIMEDOUT, ECONNRESET].map {
      SocketError(.connect(Self.peer), code: $0).meaning
    }
    #expect(
      meanings == [.refused, .networkUnreachable, .hostUnreachable, .timedOut, .reset])
  }
}
