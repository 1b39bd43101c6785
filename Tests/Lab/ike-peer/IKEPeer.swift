import ArgumentParser
import Glibc
import IKE
import Measurement
import PacketDissector

/// The lab's end of an IKE SA: our engine on real sockets, one JSON object an event on standard output.
///
/// ESP is not carried. It ends with the SA, or by SIGTERM.
@main
struct IKEPeer: ParsableCommand {
  enum Role: String, ExpressibleByArgument {
    case initiate, respond
  }

  static let configuration = CommandConfiguration(commandName: "ike-peer")

  @Argument var role: Role
  @Option var local: String
  @Option var remote: String
  @Option(help: "psk:FILE, cert:CERT,KEY,CA or eap:USER,FILE,CA") var auth: String
  @Option var id: String
  @Option var remoteID: String
  @Option var ike: String
  @Option var esp: String
  @Option(help: "LOCAL=REMOTE") var ts: String
  @Option(help: "octets of the largest IP datagram") var fragmentSize: Int?
  @Option(help: "seconds") var rekeyChildAfter: Int?
  @Option(help: "seconds") var rekeyIKEAfter: Int?
  @Option(help: "seconds") var deleteAfter: Int?
  @Flag(help: "ask for an address") var config = false
  @Flag var childless = false
  @Flag var keepGoing = false
  @Option(help: "respond on this one instead of 500 and 4500") var port: UInt16?
  @Flag(help: "initiate IKEv1's main mode, without a Child SA") var ikev1 = false
  @Option(help: "so many R-U-THERE, with --ikev1") var checks = 0
  @Flag(help: "refuse as many requests as come, for benchmarks") var unlimited = false

  func run() throws {
    let configuration = try PeerFile.configuration(self)
    guard let here = IPAddress(text: local) else { throw ValidationError("--local") }
    guard let there = IPAddress(text: remote) else { throw ValidationError("--remote") }
    switch role {
    case .initiate where ikev1: try MainMode.run(configuration, self, here, there)
    case .initiate: try initiate(configuration, here, there)
    case .respond: try respond(configuration, here)
    }
  }

  private func initiate(
    _ configuration: PeerConfiguration, _ here: IPAddress, _ there: IPAddress
  ) throws {
    let session = IKESession(
      initiatingTo: Endpoint(there, 500), from: Endpoint(here, 500), configuration,
      random: .system)
    let driver = try MachineDriver(
      session, listeningOn: [Endpoint(here, 500), Endpoint(here, 4500)], isIPv6: here.isIPv6)
    session.start(at: Instant.now)
    var agenda = Agenda(self)
    while !session.hasEnded {
      try driver.step(until: Instant.now + .milliseconds(50)) { event in
        Report.write(event)
        agenda.note(event)
      }
      agenda.act(on: session)
    }
    if agenda.hasFailed { throw ExitCode.failure }
  }

  private func respond(_ configuration: PeerConfiguration, _ here: IPAddress) throws {
    var policy = ResponderPolicy()
    if unlimited { policy.errorsPerSecond = .max }
    let responder = IKEResponder(configuration, policy: policy, random: .system)
    let ports: [UInt16] = port.map { [$0] } ?? [500, 4500]
    let driver = try MachineDriver(
      responder, listeningOn: ports.map { Endpoint(here, $0) }, isIPv6: here.isIPv6)
    var agenda = Agenda(self)
    var number: Int?
    while keepGoing || number == nil || responder.sessions[number ?? 0] != nil {
      try driver.step(until: Instant.now + .milliseconds(50)) { event in
        Report.write(event.event)
        agenda.note(event.event)
        if case .established = event.event { number = number ?? event.session }
      }
      if let number { responder.with(number) { agenda.act(on: $0) } }
    }
    // The peer may not have had the last answer yet.
    let end = Instant.now + .seconds(1)
    while Instant.now < end { try driver.step(until: end) { _ in } }
    if agenda.hasFailed { throw ExitCode.failure }
  }
}

/// What is to be done once an SA stands, and when.
struct Agenda {
  private var tasks: [(after: Duration, task: Task)] = []
  private var start: Instant?
  private var child: UInt32?
  private(set) var hasFailed = false

  private enum Task { case rekeyChild, rekeyIKE, delete }

  init(_ options: IKEPeer) {
    func add(_ seconds: Int?, _ task: Task) {
      if let seconds { tasks.append((.seconds(seconds), task)) }
    }
    add(options.rekeyChildAfter, .rekeyChild)
    add(options.rekeyIKEAfter, .rekeyIKE)
    add(options.deleteAfter, .delete)
  }

  mutating func note(_ event: SessionEvent) {
    switch event {
    case .established: start = Instant.now
    case .childEstablished(let sa): child = sa.inboundSPI
    case .childRekeyed(_, let successor): child = successor.inboundSPI
    case .failed: hasFailed = true
    default: break
    }
  }

  mutating func act(on session: IKESession) {
    guard let start else { return }
    let now = Instant.now
    for (after, task) in tasks where now >= start + after {
      switch task {
      case .rekeyChild: if let child { session.rekeyChild(child, at: now) }
      case .rekeyIKE: session.rekeyIKE(at: now)
      case .delete: session.close(at: now)
      }
    }
    tasks.removeAll { now >= start + $0.after }
  }
}

/// Events as the lab reads them.
enum Report {
  static func write(_ event: SessionEvent) {
    let (name, details) = describe(event)
    write(name, details)
  }

  static func write(_ name: String, _ details: [(String, String)]) {
    let fields = [("event", name)] + details
    let body = fields.map { "\"\($0.0)\": \"\(escaped($0.1))\"" }.joined(separator: ", ")
    // Nobody waits for a full buffer.
    let line = Array("{\(body)}\n".utf8)
    // The array has as many bytes as the count says.
    unsafe _ = Glibc.write(STDOUT_FILENO, line, line.count)
  }

  private static func describe(_ event: SessionEvent) -> (String, [(String, String)]) {
    switch event {
    case .natDetected(let local, let remote):
      ("nat", [("local", "\(local)"), ("remote", "\(remote)")])
    case .fragmentsReduced(let size): ("fragments-reduced", [("size", "\(size)")])
    case .established(let sa):
      (
        "established",
        [
          ("peer", "\(sa.peerIdentity)"), ("method", "\(sa.remoteMethod)"),
          ("fragmentation", "\(sa.usesFragmentation)"),
        ]
      )
    case .childEstablished(let sa): ("child", [("spi", String(sa.inboundSPI, radix: 16))])
    case .initialContact: ("initial-contact", [])
    case .childRefused(let fault): ("child-refused", [("why", "\(fault)")])
    case .rekeyRefused(let fault): ("rekey-refused", [("why", "\(fault)")])
    case .childRekeyed(_, let sa): ("rekeyed-child", [("spi", String(sa.inboundSPI, radix: 16))])
    case .childDeleted(let sa, let party):
      ("child-deleted", [("spi", String(sa.inboundSPI, radix: 16)), ("by", "\(party)")])
    case .rekeyed: ("rekeyed-ike", [])
    case .alive(let roundTrip, _): ("alive", [("round_trip", "\(roundTrip)")])
    case .redirected(let gateway): ("redirected", [("to", "\(gateway)")])
    case .notified(let notify): ("notified", [("type", "\(notify.type)")])
    case .deleted(let party): ("deleted", [("by", "\(party)")])
    case .failed(let failure): ("failed", [("why", "\(failure)")])
    }
  }

  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      case " "..."~": "\(scalar)"
      default: "?"
      }
    }.joined()
  }
}
