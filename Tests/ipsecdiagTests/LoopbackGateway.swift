import Diagnosis
import Glibc
import IKE
import Measurement
import PacketDissector
import Testing

/// This tool's own responder on a loopback address, that answers while a command runs.
struct LoopbackGateway {
  private let driver: MachineDriver<IKEResponder>
  let port: UInt16

  /// `accepts`: proposals as strongSwan writes them.
  init(accepts proposals: String, announcesIntermediate: Bool = false) throws {
    let identity = try #require(Identity(text: "gateway.example"))
    let everything = try #require(TrafficSelector(text: "0.0.0.0/0"))
    var configuration = PeerConfiguration(
      ikeProposals: try ProposalNotation.parse(proposals, for: .ike),
      childProposals: try ProposalNotation.parse("aes256gcm16", for: .esp),
      localIdentity: identity, credential: .null, requirement: .null,
      localSelectors: [everything], remoteSelectors: [everything])
    configuration.announcesIntermediate = announcesIntermediate
    var opened: (MachineDriver<IKEResponder>, UInt16)?
    // Others may have a port already.
    for _ in 0..<50 where opened == nil {
      let port = UInt16.random(in: 20_000..<60_000)
      let end = Endpoint(IPAddress(v4: 0x7F00_0001), port)
      let responder = IKEResponder(configuration, random: .system)
      opened = (try? MachineDriver(responder, listeningOn: [end])).map { ($0, port) }
    }
    (driver, port) = try #require(opened)
  }

  /// Runs `ipsecdiag probe` with `arguments` and this gateway's port, and answers it meanwhile; without
  /// `isSilent`, which leaves it alone.
  func probe(
    _ arguments: [String], isSilent: Bool = false, interruptAfter milliseconds: Int? = nil
  ) throws -> (exitCode: Int32, text: String, errors: String) {
    try run(
      ["probe", "--port", "\(port)", "--rate", "2000"] + arguments, isSilent: isSilent,
      interruptAfter: milliseconds)
  }

  /// Runs `ipsecdiag` with `arguments`, and answers it meanwhile: without `isSilent`, and for no longer than
  /// `answering`.
  func run(
    _ arguments: [String], isSilent: Bool = false, answering: Duration = .seconds(60),
    interruptAfter milliseconds: Int? = nil
  ) throws -> (exitCode: Int32, text: String, errors: String) {
    let output = try TemporaryFile()
    let errors = try TemporaryFile()
    let child = try Child(
      [Place.binary] + arguments,
      input: .path("/dev/null"), output: .path(output.path), errors: .path(errors.path))
    var status: Int32 = 0
    let start = Instant.now
    var isInterrupted = false
    while unsafe waitpid(child.process, &status, WNOHANG) == 0 {
      let now = Instant.now
      if isSilent || now - start > answering {
        usleep(10_000)
      } else {
        try driver.step(until: now + .milliseconds(10)) { _ in }
      }
      if let milliseconds, !isInterrupted, now - start > .milliseconds(milliseconds) {
        child.signal(SIGINT)
        isInterrupted = true
      }
      if now - start > .seconds(60) { child.signal(SIGKILL) }
    }
    let code = status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
    return (
      code, String(decoding: try contents(of: output.path), as: UTF8.self),
      String(decoding: try contents(of: errors.path), as: UTF8.self)
    )
  }
}
