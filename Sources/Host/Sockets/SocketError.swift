internal import CLinux
internal import Glibc
package import PacketDissector

/// What a socket was asked to do and did not: one line for a person, and what it means for a program.
package struct SocketError: Error, Equatable, Sendable {
  package enum Action: Equatable, Sendable {
    case open(SocketKind)
    case set(option: String)
    case bind(SocketKind, Endpoint)
    case bindToInterface(String)
    case listen
    case accept
    case connect(Endpoint)
    case send(Endpoint)
    case receive
    case wait
    /// A question to the kernel, such as "find the route to 192.0.2.1".
    case ask(String)
  }

  package var action: Action
  /// The `errno`.
  package var code: Int32

  package init(_ action: Action, code: Int32) {
    self.action = action
    self.code = code
  }
}

package enum SocketKind: Equatable, Sendable {
  case udp, tcp, icmp, icmpv6, esp
  /// Echoes without a capability, where this machine allows them (icmp(7), ping_group_range).
  case ping, pingv6
}

extension SocketError {
  /// What an `errno` means, where it asks for an answer of its own.
  package enum Meaning: Equatable, Sendable {
    case notPermitted
    /// Another socket has the port.
    case addressInUse
    /// This machine does not have the address.
    case addressNotHere
    case noSuchInterface
    /// There is no route.
    case networkUnreachable
    case hostUnreachable
    case refused
    case reset
    case timedOut
    /// Larger than the MTU that the kernel knows, or than any datagram.
    case tooLarge
    /// The interface's queue or the socket's buffer is full.
    case noBuffers
    /// It would have to wait.
    case wouldWait
    /// The machine lacks the address family or the protocol, as with IPv6 turned off.
    case notSupported
    case other
  }

  package var meaning: Meaning {
    switch code {
    case EPERM, EACCES: .notPermitted
    case EADDRINUSE: .addressInUse
    case EADDRNOTAVAIL: .addressNotHere
    case ENODEV, ENXIO: .noSuchInterface
    case ENETUNREACH, ENETDOWN: .networkUnreachable
    case EHOSTUNREACH, EHOSTDOWN: .hostUnreachable
    case ECONNREFUSED: .refused
    case ECONNRESET, EPIPE, ECONNABORTED: .reset
    case ETIMEDOUT: .timedOut
    case EMSGSIZE: .tooLarge
    case ENOBUFS, ENOMEM: .noBuffers
    case EAGAIN, EINPROGRESS: .wouldWait
    case EAFNOSUPPORT, EPROTONOSUPPORT, ENOPROTOOPT: .notSupported
    default: .other
    }
  }
}

extension SocketError: CustomStringConvertible {
  package var description: String { "cannot \(action): \(reason)" }

  private var reason: String {
    switch (meaning, action) {
    case (.notPermitted, .open(.icmp)), (.notPermitted, .open(.icmpv6)),
      (.notPermitted, .open(.esp)):
      Capabilities.missingNetRaw
    case (.notPermitted, .bind(_, let endpoint)) where endpoint.port > 0 && endpoint.port < 1024:
      "a port below 1024 takes the capability CAP_NET_BIND_SERVICE, or root"
    case (.notPermitted, .bindToInterface): "it takes the capability CAP_NET_RAW, or root"
    case (.notPermitted, .send), (.notPermitted, .connect):
      "this machine does not let it out: a rule of its own firewall, or a prohibited route"
    case (.addressInUse, .bind(.udp, let endpoint)) where [500, 4500].contains(endpoint.port):
      "the port is taken, most often by an IKE daemon that runs here"
    case (.addressInUse, _): "the port is taken by another process"
    case (.addressNotHere, _): "this machine does not have that address"
    case (.noSuchInterface, _): "there is no such interface"
    case (.networkUnreachable, _): "there is no route there"
    case (.hostUnreachable, _): "the host cannot be reached"
    case (.refused, _): "refused: nothing listens on that port"
    case (_, .send) where code == EINVAL, (_, .connect) where code == EINVAL:
      "this machine has no way there: a blackhole route, or an address that takes no packets"
    case (.tooLarge, .send): "the datagram is larger than the MTU that this machine knows to there"
    case (.noBuffers, .send): "the queue of this machine's interface is full"
    default: SystemText.of(code)
    }
  }
}

extension SocketError.Action: CustomStringConvertible {
  package var description: String {
    switch self {
    case .open(let kind): "open a \(kind) socket"
    case .set(let option): "set \(option)"
    case .bind(let kind, let endpoint): "use \(kind) \(endpoint.text) as the source"
    case .bindToInterface(let name): "bind to the interface \(name)"
    case .listen: "listen"
    case .accept: "accept a connection"
    case .connect(let endpoint): "connect to \(endpoint.text)"
    case .send(let endpoint): "send to \(endpoint.text)"
    case .receive: "receive"
    case .wait: "wait for packets"
    case .ask(let question): question
    }
  }
}

extension SocketKind: CustomStringConvertible {
  package var description: String {
    switch self {
    case .udp: "UDP"
    case .tcp: "TCP"
    case .icmp: "raw ICMP"
    case .icmpv6: "raw ICMPv6"
    case .esp: "raw ESP"
    case .ping: "ICMP echo"
    case .pingv6: "ICMPv6 echo"
    }
  }
}

extension Endpoint {
  /// "192.0.2.1 port 500", or without a port where it is 0.
  fileprivate var text: String { port == 0 ? "\(address)" : "\(address) port \(port)" }
}

/// The C library's words for an `errno`.
enum SystemText {
  static func of(_ code: Int32) -> String {
    // strerror returns a terminated string, or nothing; it is copied before another call could change it.
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}
