internal import ArgumentParser
internal import Diagnosis
internal import Measurement
internal import PacketDissector

/// How a probe sends: addresses, ports, times and rates.
struct ProbeSendingOptions: ParsableArguments {
  @Flag(name: [.customShort("4"), .customLong("ipv4")], help: "IPv4 addresses of names only.")
  var isIPv4 = false

  @Flag(name: [.customShort("6"), .customLong("ipv6")], help: "IPv6 addresses of names only.")
  var isIPv6 = false

  @Option(
    help: ArgumentHelp(
      "The peer's port instead of 500 and 4500; 4500 alone is asked with the non-ESP marker.",
      valueName: "port"))
  var port: UInt16?

  @Option(
    help: ArgumentHelp(
      "Send from this port. Any free one by default: never from 500, which a daemon may own. What looks at source ports, as some firewalls do, may treat that differently.",
      valueName: "port"))
  var sport: UInt16 = 0

  @Option(help: ArgumentHelp("Send from this address.", valueName: "address"))
  var source: IPAddress?

  @Option(name: .shortAndLong, help: ArgumentHelp("Send by this interface.", valueName: "name"))
  var interface: String?

  @Option(
    help: ArgumentHelp(
      "How long the first transmission of a request waits; each further one waits twice as long.",
      valueName: "time"))
  var timeout = Seconds(0.5)

  @Option(
    help: ArgumentHelp("How often an unanswered request is sent again.", valueName: "number"))
  var retries = 2

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Round trips on each port.", valueName: "number"))
  var count = 3

  @Option(
    help: ArgumentHelp("Packets a second, to all targets together.", valueName: "number"))
  var rate = 50

  @Option(
    help: ArgumentHelp(
      "How many names and addresses are asked at the same time.", valueName: "number"))
  var concurrency = 16

  @Flag(help: "Ask for IKE in TCP on port 4500 (RFC 9329) as well.")
  var tcp = false

  @Flag(
    inversion: .prefixedNo,
    help: "Ask for IKEv1: the first message of main and of aggressive mode.")
  var ikev1 = true

  mutating func validate() throws {
    if isIPv4 && isIPv6 { throw ValidationError("Give one of -4 and -6.") }
    if port == 0 { throw ValidationError("--port is 1 to 65535.") }
    if port != nil, tcp { throw ValidationError("Give one of --port and --tcp.") }
    if !(0.01...60).contains(timeout.value) {
      throw ValidationError("--timeout is 10 ms to 60 s.")
    }
    if !(0...10).contains(retries) { throw ValidationError("--retries is 0 to 10.") }
    if !(1...1000).contains(count) { throw ValidationError("--count is 1 to 1000.") }
    if !(1...1_000_000).contains(rate) { throw ValidationError("--rate is 1 to 1000000.") }
    if !(1...256).contains(concurrency) { throw ValidationError("--concurrency is 1 to 256.") }
    if let source, isIPv4 && source.isIPv6 || isIPv6 && !source.isIPv6 {
      throw ValidationError("--source is of the other address family.")
    }
  }

  /// Whether only the addresses of one family are asked for, and which.
  var isIPv6Wanted: Bool? {
    if isIPv4 { return false }
    if isIPv6 { return true }
    return source.map(\.isIPv6)
  }

  func apply(to plan: inout ProbePlan) {
    switch port {
    case nil: plan.ways = tcp ? [.udp500, .udp4500, .tcp4500] : [.udp500, .udp4500]
    case 4500: plan.ways = [.udp4500]
    case let port?:
      plan.ways = [.udp500]
      plan.ikePort = port
    }
    plan.source = source
    plan.sourcePort = sport
    plan.interface = interface
    plan.timeout = .nanoseconds(Int64(timeout.value * 1e9))
    plan.transmissions = retries + 1
    plan.count = count
    plan.rate = rate
    plan.asksIKEv1 = ikev1
  }
}

/// What a probe asks besides whether anybody is there.
struct ProbeQuestionOptions: ParsableArguments {
  @Flag(
    help:
      "Find out all that the peer accepts: whole suites, then the algorithms of each kind, whose order decides, and additional key exchanges."
  )
  var enumerate = false

  @Option(
    help: ArgumentHelp(
      "Whether this proposal is accepted, in strongSwan's or libreswan's spelling: aes256gcm16-prfsha384-ecp384. Repeat for several.",
      valueName: "proposal"),
    transform: { try ProposalNotation.parse($0, for: .ike) })
  var proposal: [[Proposal]] = []

  @Option(
    help: ArgumentHelp(
      "Hold the peer against this file, a demand a line: accept PROPOSAL, refuse PROPOSAL, accept or refuse ALGORITHM, refuse ikev1, require FEATURE.",
      valueName: "file"))
  var policy: String?

  @Flag(
    help:
      "Whether the peer is ready for ML-KEM: announced, accepted, and whether its key shares would get through."
  )
  var pq = false

  /// Anything at all is asked besides.
  var isAny: Bool { enumerate || !proposal.isEmpty || policy != nil || pq }

  /// The policy that was named.
  func readPolicy() throws -> ProbePolicy? {
    guard let policy else { return nil }
    let bytes = try InputFile.read(policy)
    let (read, problems) = ProbePolicy.parse(bytes)
    let name = policy == "-" ? "standard input" : policy
    for problem in problems.dropLast() { StandardError.write("error: \(name), \(problem)") }
    if let last = problems.last {
      throw Failure("\(name), \(last)", exitCode: ExitCodes.badData)
    }
    guard !read.lines.isEmpty else {
      throw Failure(
        "\(name) demands nothing", hint: "a line is like: accept aes256gcm16-prfsha384-ecp384",
        exitCode: ExitCodes.badData)
    }
    return read
  }

  func apply(_ policy: ProbePolicy?, to plan: inout ProbePlan) {
    plan.enumerates = enumerate || policy?.needsEnumeration == true
    plan.questions = proposal.map { ProposalQuestion($0) } + (policy?.questions ?? [])
    plan.asksPostQuantum = pq || policy?.needsPostQuantum == true
    if policy?.needsIKEv1 == true { plan.asksIKEv1 = true }
    if policy?.needsTCP == true, !plan.ways.contains(.tcp4500) { plan.ways.append(.tcp4500) }
  }
}
