internal import ArgumentParser
internal import Diagnosis
internal import PacketDissector
internal import Report

struct MTU: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mtu",
    abstract: "Shows which packet sizes get through, or computes what MTU a tunnel leaves.",
    discussion: """
      Without a target: what this machine knows (--local): interfaces, routes, path MTUs that ICMP has told, \
      MSS clamps, and what fits through each of the kernel's tunnels.

      With a target, a name or an address: which sizes get there, of ICMP echoes and of IKE on UDP 500 \
      and 4500, whole and in IP fragments; whether ICMP says so, whether a band of sizes is lost between \
      others, and what fits inside a tunnel. It takes some seconds and some hundred packets, and leaves \
      nothing behind at the peer. Echoes need CAP_NET_RAW; without it the rest is measured.

      With credentials too (--psk-file, --profile, ...): a tunnel is set up and taken down again, and which \
      sizes pass inside it, there and back. Nothing of this machine's IPsec or routes is touched.

      With a capture: the largest packets each way, ICMP errors about size, IP fragments, with --keys \
      what is inside as well, and what is wrong with it.

      Exit codes: 0 no finding at or above --fail-on, 1 warning, 2 critical, 3 something could not be \
      found out, 64 usage, 65 bad data, 66 a missing file, 77 no permission, 130 Ctrl-C.

      With --calculate: the inner MTU and TCP MSS; without --suite, a table of the usual suites.

      Examples:
        ipsecdiag mtu
        ipsecdiag mtu vpn.example.net
        ipsecdiag mtu -6 --suite aes256gcm16 --nat-t vpn.example.net
        ipsecdiag mtu --nagios 192.0.2.1
        ipsecdiag mtu --profile office vpn.example.net
        ipsecdiag mtu --psk-file office.psk --inner 10.2.0.1 vpn.example.net
        ipsecdiag mtu -r slow.pcap --keys charon.keys
        ipsecdiag mtu --calculate --suite aes256gcm16 --nat-t
        ipsecdiag mtu --calculate --suite aes128-sha256 --path-mtu 1492 --ipv6
        ipsecdiag mtu --calculate --path-mtu 1500 --path-mtu 1400
      """)

  @Flag(help: "Compute from what the options say; no capture is read.")
  var calculate = false

  @Flag(help: "What this machine knows of sizes; the default without a target and a capture.")
  var local = false

  @Option(
    help: ArgumentHelp(
      "The ESP suite as strongSwan or libreswan write it: aes256gcm16, aes128-sha256.",
      valueName: "suite"))
  var suite: String?

  @Option(
    help: ArgumentHelp(
      "The largest packet that the path between the gateways takes; 1500 by default. Repeat for several.",
      valueName: "bytes"))
  var pathMtu: [Int] = []

  @Flag(name: .customLong("ipv6"), help: "The gateways talk over IPv6.")
  var isIPv6 = false

  @Flag(name: .customLong("nat-t"), help: "ESP in UDP, as behind a NAT.")
  var isInUDP = false

  @Flag(name: .customLong("tcp"), help: "ESP in TCP (RFC 9329), with TCP timestamps.")
  var isInTCP = false

  @Flag(help: "Transport mode instead of tunnel mode.")
  var transport = false

  @Flag(help: "GRE inside ESP.")
  var gre = false

  @Flag(help: "Enhanced ESP instead of ESP (experimental: a draft, AEAD suites only).")
  var eesp = false

  @OptionGroup var path: PathOptions

  @Option(
    help: ArgumentHelp(
      "With credentials: the host behind the peer whose echoes tell what passes inside the tunnel. By default ESP echo where the peer announces it, else the first host that the tunnel covers.",
      valueName: "address"))
  var inner: IPAddress?

  @OptionGroup var peer: PeerOptions

  @OptionGroup var capture: CaptureOptions

  @OptionGroup var keys: KeyOptions

  @OptionGroup var verdict: VerdictOptions

  @Flag(help: "One JSON document.")
  var json = false

  @Flag(help: "One line for a monitoring system, details below it; with a target.")
  var nagios = false

  /// What `--suite` may be left out for: the suites that tunnels use.
  private static let usual = [
    "aes128gcm16", "chacha20poly1305", "aes128-sha256", "aes128-sha1", "aes128-sha384",
    "aes128-sha512", "3des-sha1",
  ]

  /// What is to be measured: a single word without a capture, which a filter would need.
  private var target: String? {
    guard !calculate, capture.files.isEmpty, capture.interface == nil, capture.filter.count == 1
    else { return nil }
    return capture.filter.first
  }

  /// Neither a target nor a capture nor a computation.
  private var isLocal: Bool {
    !calculate && capture.files.isEmpty && capture.interface == nil && capture.filter.isEmpty
  }

  mutating func validate() throws {
    if local, !isLocal {
      throw ValidationError("--local takes no target, no capture and no --calculate.")
    }
    if target == nil {
      if !isLocal { try capture.requireSource(orCalculate: calculate) }
      if path.isGiven || nagios {
        throw ValidationError(
          "-4, -6, --source, --via, --port, --quick and --nagios go with a target.")
      }
    }
    if !calculate, !pathMtu.isEmpty || isIPv6 || isInTCP || transport || gre || eesp {
      throw ValidationError("What a tunnel is made of goes with --calculate.")
    }
    if !calculate, target == nil, suite != nil || isInUDP {
      throw ValidationError("--suite and --nat-t go with --calculate, or with a target.")
    }
    if inner != nil, target == nil {
      throw ValidationError("--inner goes with a target and credentials.")
    }
    if json && nagios { throw ValidationError("Give one of --json and --nagios.") }
    if isInUDP && isInTCP { throw ValidationError("Give one of --nat-t and --tcp.") }
    if let bad = pathMtu.first(where: { !(68...65_535).contains($0) }) {
      throw ValidationError("--path-mtu is 68 to 65535 bytes, not \(bad).")
    }
    if let suite, ESPSuite(keywords: suite) == nil {
      throw ValidationError(
        "'\(suite)' is no ESP suite: write it like aes256gcm16 or aes128-sha256.")
    }
    if eesp, suites.contains(where: { !$0.isAEAD }), suite != nil {
      throw ValidationError("EESP takes AEAD suites only, such as aes256gcm16.")
    }
  }

  private var suites: [ESPSuite] {
    (suite.map { [$0] } ?? Self.usual).compactMap(ESPSuite.init(keywords:))
  }

  func run() throws {
    if calculate { return try computed() }
    if isLocal { return try MTULocal(verdict: verdict, isJSON: json).run() }
    if let target { return try measured(target) }
    let reading = try CaptureReading(capture, keys)
    let report = PathReport(CaptureDiagnosis(reading.evidence), verdict.naming)
    try StandardOutput.write { output in
      if json {
        report.writeJSON(toolVersion: Ipsecdiag.version, to: &output.text)
      } else {
        report.writeText(verdict.textOptions, to: &output.text)
      }
    }
    try verdict.end(report.findings, reading)
  }

  private func computed() throws {
    let overheads = suites.filter { !eesp || $0.isAEAD }.map { suite in
      var overhead = TunnelOverhead(suite)
      overhead.mode = transport ? .transport : .tunnel
      overhead.encapsulation = isInUDP ? .udp : isInTCP ? .tcp(timestamps: true) : .none
      overhead.outerIsIPv6 = isIPv6
      overhead.carriesGRE = gre
      overhead.isEESP = eesp
      return overhead
    }
    let report = MTUReport(overheads, pathMTUs: pathMtu.isEmpty ? [1500] : pathMtu)
    try StandardOutput.write { output in
      if json {
        report.writeJSON(toolVersion: Ipsecdiag.version, to: &output.text)
      } else {
        report.writeText(to: &output.text)
      }
    }
  }
}
