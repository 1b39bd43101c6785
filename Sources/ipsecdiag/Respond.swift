internal import ArgumentParser
internal import Host
internal import IKE
internal import Measurement
internal import PacketDissector
internal import Report

struct Respond: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "respond",
    abstract: "Is the other end of checks: answers IKE, pings through the tunnel and ESP echo.",
    discussion: """
      Makes IKE SAs with whoever proves that it may, and answers ICMP echoes to any address of the \
      tunnel, ESP echoes in all formats (experimental: no document has numbered them yet), and \
      liveness checks. Nothing goes further, and nothing of this host is changed. Ports below 1024 take \
      root or CAP_NET_BIND_SERVICE, ESP without UDP takes CAP_NET_RAW; both are given up once the sockets \
      are open.

      It ends by Ctrl-C (130), by --for or --once (0), and deletes its SAs.

      Examples:
        ipsecdiag respond --psk-file psk
        ipsecdiag respond --psk-file psk --listen 192.0.2.1 --once
        ipsecdiag respond --psk-file psk --port 10500 --nat-port 14500
        ipsecdiag respond --psk-file psk --go-silent 3checks
        ipsecdiag respond --psk-file psk --no-anti-replay --esn --announce-anti-replay
        ipsecdiag respond --psk-file psk --loss 5 --delay 50ms --cookie
      """)

  @OptionGroup var peer: PeerOptions

  @Option(
    help: ArgumentHelp("The address to listen on; all of IPv4 by default.", valueName: "address"))
  var listen = "0.0.0.0"

  @Option(help: ArgumentHelp("The port for IKE.", valueName: "port"))
  var port: UInt16 = 500

  @Option(help: ArgumentHelp("The port for IKE and ESP behind a NAT.", valueName: "port"))
  var natPort: UInt16 = 4500

  @Option(help: ArgumentHelp("Give this address to peers that ask for one.", valueName: "address"))
  var assign: String?

  @OptionGroup(title: "Sequence numbers") var sequenceNumbers: RespondSequenceNumbers

  @OptionGroup(title: "Faults on purpose") var misbehaviour: RespondMisbehaviour

  @Flag(help: "End when the first peer's IKE SA has ended.")
  var once = false

  @Option(name: .customLong("for"), help: ArgumentHelp("End after so long.", valueName: "time"))
  var duration: Seconds?

  @Flag(help: "One JSON object an event.")
  var ndjson = false

  mutating func validate() throws {
    guard port > 0, natPort > 0, port != natPort else {
      throw ValidationError("--port and --nat-port are two ports.")
    }
  }

  func run() throws {
    // EAP is the initiator's way to prove itself.
    guard peer.isGiven, peer.eapUser == nil else {
      throw ValidationError("Give --psk-file, or --cert, --key and --ca.")
    }
    guard let address = IPAddress(text: listen) else {
      throw ValidationError("--listen is an IP address: \(listen)")
    }
    var configuration = try peer.configuration(listeningOn: address)
    configuration.ports = IKEPorts(plain: port, encapsulated: natPort)
    configuration.assignedAttributes = try assignment()
    configuration.localSelectors.takeBothFamilies()
    configuration.remoteSelectors.takeBothFamilies()
    var options = RespondingOptions()
    sequenceNumbers.apply(to: &configuration, &options)
    try misbehaviour.apply(to: &configuration, &options)
    let service = try open(configuration, address, options)
    do throws(SocketError) {
      try Privileges.drop()
    } catch {
      throw Failure("\(error)", exitCode: ExitCodes.noPermission)
    }
    var run = RespondRun(
      service, RespondWriter(isNDJSON: ndjson), endsWithPeer: once, for: duration)
    try run.run(address, configuration.ports)
  }

  private func assignment() throws -> [ConfigurationAttribute] {
    guard let assign else { return [] }
    guard let address = IPAddress(text: assign) else {
      throw ValidationError("--assign is an IP address: \(assign)")
    }
    let given =
      address.isIPv6 ? AddressAssignment(ipv6: address) : AddressAssignment(ipv4: address)
    return given.attributes
  }

  private func open(
    _ configuration: PeerConfiguration, _ address: IPAddress, _ options: RespondingOptions
  ) throws -> ResponderService {
    do throws(SocketError) {
      return try ResponderService(configuration, listeningOn: address, options)
    } catch {
      throw error.meaning == .addressInUse ? inUse(error) : Failure(error)
    }
  }

  /// Who has the port, as far as this user may see.
  private func inUse(_ error: SocketError) -> Failure {
    let bound = BoundPorts.read()
    let taken =
      [port, natPort].first { port in bound.entries.contains { $0.port == port } } ?? port
    let owner = bound.owner(of: taken).map { "\($0.name) (process \($0.processID))" }
    return Failure(
      "UDP port \(taken) is taken by \(owner ?? "another program")",
      hint: "stop it, or give other ports: --port 10500 --nat-port 14500",
      exitCode: ExitCodes.unknown)
  }
}

extension [TrafficSelector] {
  /// Everything is that of both families: which of them a tunnel has is for the peer to ask.
  fileprivate mutating func takeBothFamilies() {
    guard let ipv4 = TrafficSelector(text: "0.0.0.0/0"), let ipv6 = TrafficSelector(text: "::/0"),
      self == [ipv4]
    else { return }
    append(ipv6)
  }
}
