internal import ArgumentParser
internal import Capture
internal import Decryption
internal import Glibc
internal import Report

struct Decode: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what is in a capture: IKE, ESP and AH, a line a frame.",
    discussion: """
      Filters that fit: IKE is 'udp and (port 500 or (port 4500 and udp[8:4] = 0))', ESP is \
      'esp or (udp port 4500 and udp[8:4] != 0)'.

      A malformed packet is shown with the layer, the byte and the reason; it is no failure of \
      the command. A capture that ends inside a packet is: exit code 65, after all that precedes.

      Examples:
        ipsecdiag decode -r tunnel.pcap
        ipsecdiag decode -r tunnel.pcap -v --exchange IKE_SA_INIT
        ipsecdiag decode -r tunnel.pcap --keys charon.keys --key-report
        ipsecdiag decode -r tunnel.pcap --keys charon.keys -q -w inner.pcapng
        ipsecdiag decode -i eth0 --keys kernel
        ipsecdiag decode -i eth0 -q -w wan.pcapng --ring-size 100MB --ring-files 5 udp or esp
        ipsecdiag decode -r a.pcapng -r b.pcap.gz --summary
        tcpdump -w - -U 'udp port 500 or udp port 4500' | ipsecdiag decode -r -
        ipsecdiag decode -r tunnel.pcap --ndjson | jq .ipsec
      """)

  @OptionGroup var capture: CaptureOptions

  @OptionGroup var keys: KeyOptions

  @OptionGroup var reporting: KeyReportOptions

  @Flag(
    name: .shortAndLong,
    help: "Show every field with its byte range; twice, the bytes as well.")
  var verbose: Int

  @Flag(
    name: .shortAndLong,
    help: "Print no frames: for use with -w, which with --keys writes the packets inside ESP.")
  var quiet = false

  @Flag(help: "Print a table of conversations instead of frames.")
  var summary = false

  @Option(help: ArgumentHelp("text, json or ndjson.", valueName: "format"))
  var format: DecodeReport.Format?

  @Flag(help: "Short for --format json: one document.")
  var json = false

  @Flag(help: "Short for --format ndjson: one object a line.")
  var ndjson = false

  @Option(
    help: ArgumentHelp(
      "relative, delta, epoch, utc or local.", valueName: "style"))
  var time = TimeStyle.relative

  @Flag(help: "Plain ASCII; the default where the locale is not UTF-8.")
  var ascii = false

  @OptionGroup var live: LiveOptions

  mutating func validate() throws {
    try capture.requireSource()
    try live.requireInterface(capture, exceptToWrite: true)
    try reporting.validate(keys)
    if [json, ndjson, format != nil].count(where: { $0 }) > 1 {
      throw ValidationError("Give one of --format, --json and --ndjson.")
    }
    if summary && verbose > 0 {
      throw ValidationError("--summary prints no frames, so -v has nothing to add.")
    }
  }

  func run() throws {
    Interruption.watch()
    let output = Output()
    let problems = try report(to: output)
    for problem in problems { StandardError.write("error: \(problem)") }
    if let first = problems.first {
      throw Failure(nil, exitCode: Failure.exitCode(of: first))
    }
    if Interruption.isRequested { throw Failure(nil, exitCode: ExitCodes.interrupted) }
  }

  private func report(to output: Output) throws -> [CaptureError] {
    do {
      let decryptor = try keys.decryptor()
      let source = try LiveReading(
        capture, live, onWait: { try? output.flush() }, isStopped: { Interruption.isRequested })
      let reader = source.reader
      var report = DecodeReport(options, decryptor: decryptor, to: output)
      let problems = try report.run(
        reader, writer: source.writer, isStopped: { Interruption.isRequested })
      try source.writer?.flush()
      if reporting.keyReport, let decryptor {
        if reporting.showKeys {
          StandardError.write(
            "warning: the key report holds keys; whoever has them can read the traffic")
        }
        try KeyReport(decryptor, showsKeys: reporting.showKeys).write(options.format, to: output)
      }
      capture.note(reader.statistics)
      return problems
    } catch let error as CaptureError {
      throw Failure(error)
    } catch let error as Output.Failure {
      guard let failure = Failure(.output(error)) else { return [] }
      throw failure
    } catch let error as DecodeReport.Failure {
      guard let failure = Failure(error) else { return [] }
      throw failure
    }
  }

  private var options: DecodeReport.Options {
    var options = DecodeReport.Options(toolVersion: Ipsecdiag.version)
    options.format = format ?? (json ? .json : ndjson ? .ndjson : .text)
    options.verbosity = verbose
    options.timeStyle = time
    options.ascii = ascii || !Terminal.isUTF8
    options.selection = capture.selection
    options.count = capture.count
    options.isSummary = summary
    options.isQuiet = quiet
    options.width = Terminal.width
    return options
  }
}

extension DecodeReport.Format: ExpressibleByArgument {}
extension TimeStyle: ExpressibleByArgument {}

/// What the terminal and the locale say.
enum Terminal {
  /// Columns, where standard output is a terminal that tells.
  static var width: Int? { columns(of: STDOUT_FILENO) }

  /// The same of any descriptor.
  static func columns(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard isatty(descriptor) == 1,
      unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0
    else { return nil }
    return Int(size.ws_col)
  }

  /// The first of LC_ALL, LC_CTYPE and LANG that is set decides, as in setlocale(3). Without any,
  /// output is UTF-8 all the same: pipes and logs of today are.
  static var isUTF8: Bool {
    for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
      guard let value = unsafe getenv(name).map({ unsafe String(cString: $0) }), !value.isEmpty
      else { continue }
      let lowered = value.lowercased()
      return lowered.contains("utf-8") || lowered.contains("utf8")
    }
    return true
  }
}
