internal import ArgumentParser
internal import Glibc
internal import Host
internal import PacketDissector
internal import Report

struct Collect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Saves what this machine knows of its IPsec, without keys, for others to look at.",
    discussion: """
      SAs, policies, drop counters, addresses, routes, settings and what the IKE daemon says, as texts in a \
      folder of their own that only you can read. Keys are not asked for and not written; addresses, SPIs and \
      names of connections are. `ipsecdiag diagnose --root FOLDER` analyses it on any machine.

      Exit codes: 0 written, 77 written but for what takes CAP_NET_ADMIN, 73 the folder cannot be made or is \
      there already.

      Examples:
        sudo ipsecdiag collect
        sudo ipsecdiag collect --output office && tar czf office.tar.gz office
        ipsecdiag diagnose --root office
      """)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The folder to make. By default one named for this host and the time.", valueName: "folder"))
  var output: String?

  func run() throws {
    let snapshot = HostSnapshot.read()
    let folder = output ?? Self.name(at: snapshot.time)
    let bundle = SavedBundle(
      snapshot, daemon: daemon(snapshot), toolVersion: Ipsecdiag.version)
    do throws(SavedBundle.Failure) {
      try bundle.write(to: folder)
    } catch {
      throw Self.failure(error, folder)
    }
    try StandardOutput.write { output in
      output.text.put("\(folder): \(Verdict.counted(snapshot.sas.count, "SA")), ")
      output.text.put(
        "\(snapshot.policies.count == 1 ? "1 policy" : "\(snapshot.policies.count) policies"), ")
      output.text.put("no keys\n")
      for file in bundle.files { output.text.put("  \(file.name)\n") }
      for missing in snapshot.missing {
        output.text.put("  ")
        Page().paragraph(
          "without \(missing.part.rawValue): \(missing.reason)", from: 2, indent: 4,
          to: &output.text)
      }
    }
    if snapshot.lacksPermission { throw Failure(nil, exitCode: ExitCodes.noPermission) }
  }

  /// "ipsecdiag-gw1-20261124T091626Z"
  private static func name(at time: Timestamp) -> String {
    var name = [CChar](repeating: 0, count: 256)
    // The count given is less than the array's, whose last octet stays zero.
    let isNamed = unsafe gethostname(&name, name.count - 1) == 0
    let host = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    var text = TextBuffer(capacity: 64)
    var style = TimeText(style: .utc)
    style.write(time, to: &text)
    let when = text.string.prefix { $0 != "." }.filter { $0 != "-" && $0 != ":" }
    // Part of a path: what would lead elsewhere is left out.
    let plain = String(decoding: host, as: UTF8.self).filter {
      $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-")
    }
    return "ipsecdiag-\(isNamed && !plain.isEmpty ? plain : "host")-\(when)Z"
  }

  private func daemon(_ snapshot: HostSnapshot) -> String? {
    guard !snapshot.daemons.isEmpty else { return nil }
    var options = DiagnosisText.Options()
    options.isVerbose = true
    var text = TextBuffer(capacity: 4096)
    let report = DaemonReport(
      snapshot.daemons.map { DaemonReport.Daemon($0) }, missing: [], at: snapshot.time)
    DaemonText(report, Naming(), options).write(to: &text)
    return text.string
  }

  private static func failure(_ failure: SavedBundle.Failure, _ folder: String) -> Failure {
    switch failure {
    case .folder(EEXIST):
      Failure(
        "\(folder) is there already", hint: "give another with --output",
        exitCode: ExitCodes.cannotCreate)
    case .folder(let number):
      Failure("cannot make \(folder): \(Failure.reason(number))", exitCode: ExitCodes.cannotCreate)
    case .file(let name, let number):
      Failure(
        "cannot write \(folder)/\(name): \(Failure.reason(number))", exitCode: ExitCodes.inputOutput
      )
    }
  }
}
