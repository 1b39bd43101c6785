internal import ArgumentParser
internal import Diagnosis
internal import Report

struct MTU: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mtu",
    abstract: "Shows which packet sizes get through, or computes what MTU a tunnel leaves.",
    discussion: """
      With a capture: the largest packets each way, ICMP errors about size, IP fragments, with --keys \
      what is inside as well, and what is wrong with it. Exit codes are those of diagnose.

      With --calculate: the inner MTU and TCP MSS; without --suite, a table of the usual suites.

      Examples:
        ipsecdiag mtu -r slow.pcap --keys charon.keys
        ipsecdiag mtu --calculate --suite aes256gcm16 --nat-t
        ipsecdiag mtu --calculate --suite aes128-sha256 --path-mtu 1492 --ipv6
        ipsecdiag mtu --calculate --path-mtu 1500 --path-mtu 1400
      """)

  @Flag(help: "Compute from what the options say; no capture is read.")
  var calculate = false

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

  @OptionGroup var capture: CaptureOptions

  @OptionGroup var keys: KeyOptions

  @OptionGroup var verdict: VerdictOptions

  @Flag(help: "One JSON document.")
  var json = false

  /// What `--suite` may be left out for: the suites that tunnels use.
  private static let usual = [
    "aes128gcm16", "chacha20poly1305", "aes128-sha256", "aes128-sha1", "aes128-sha384",
    "aes128-sha512", "3des-sha1",
  ]

  mutating func validate() throws {
    try capture.requireSource(orCalculate: calculate)
    if !calculate,
      suite != nil || !pathMtu.isEmpty || isIPv6 || isInUDP || isInTCP || transport || gre || eesp
    {
      throw ValidationError("What a tunnel is made of goes with --calculate.")
    }
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
