internal import ArgumentParser
internal import Diagnosis
internal import Glibc
internal import Host
internal import Measurement
internal import PacketDissector

/// Which files say how an SA is set up: this program's own, or a daemon's with a connection of it.
struct ProfileSourceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A configuration file in the place of ~/.config/ipsecdiag/ipsecdiag.conf and /etc/ipsecdiag.conf.",
      valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "What this connection of swanctl.conf or ipsec.conf says; NAME/CHILD chooses a child.",
      valueName: "name"))
  var connection: String?

  @Option(
    help: ArgumentHelp(
      "Where --connection stands, if not in /etc/swanctl/swanctl.conf or /etc/ipsec.conf.",
      valueName: "file"))
  var connectionFile: String?

  mutating func validate() throws {
    if connectionFile != nil, connection == nil {
      throw ValidationError("--connection-file goes with --connection.")
    }
  }
}

extension ProfileSourceOptions {
  func profileFiles() throws -> ProfileFiles {
    do throws(ConfigurationFile.Failure) {
      return try ProfileFiles.read(config, environment: Self.environment)
    } catch {
      throw PeerProblems.failure([SettingProblem(.unreadable(error), at: nil)])
    }
  }

  /// The file that was named, or the first of a daemon's usual ones that has the connection.
  func connectionFile(with name: String) throws(SettingProblem) -> ConnectionFile {
    let paths = connectionFile.map { [$0] } ?? ConnectionFile.usualPaths
    var readable: ConnectionFile?
    var failure: ConfigurationFile.Failure?
    for path in paths {
      do throws(ConfigurationFile.Failure) {
        let file = try ConnectionFile(path)
        if file.has(name) { return file }
        readable = readable ?? file
      } catch {
        failure = failure ?? error
      }
    }
    if let readable { return readable }
    throw SettingProblem(.unreadable(failure ?? .missing(path: paths[0])), at: nil)
  }

  /// Whether an address is one of this machine: a socket can be bound to it.
  static func isOwn(_ text: String) -> Bool {
    guard let address = IPAddress(text: text), address != .any(isIPv6: address.isIPv6) else {
      return false
    }
    return (try? UDPSocket(isIPv6: address.isIPv6, source: Endpoint(address, 0))) != nil
  }

  /// Nil for a variable that is empty.
  static func environment(_ name: String) -> String? {
    // getenv's string stays while nobody changes the environment, which this program never does.
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }
}

/// How problems of settings reach the operator.
enum PeerProblems {
  /// A line each for those that hinder nothing.
  static func warn(_ problems: [SettingProblem]) {
    for problem in problems where problem.isWarning { StandardError.write("warning: \(problem)") }
  }

  /// The first one that hinders, with a line for each of the others.
  static func failure(_ problems: [SettingProblem]) -> Failure {
    let errors = problems.filter { !$0.isWarning }
    for error in errors.dropFirst() { StandardError.write("error: \(error)") }
    guard let first = errors.first else {
      return Failure("the settings cannot be used", exitCode: ExitCodes.badData)
    }
    return Failure("\(first)", hint: hint(first.reason), exitCode: exitCode(of: first))
  }

  private static func hint(_ reason: SettingProblem.Reason) -> String? {
    switch reason {
    case .noCredential: "--psk-file, --profile or --connection says it; config --help has all keys"
    case .noRemote, .anyRemote: "name the gateway on the command line, or by remote in a profile"
    default: nil
    }
  }

  private static func exitCode(of problem: SettingProblem) -> Int32 {
    switch problem.reason {
    case .unreadable(.missing), .unreadable(.directory), .noProfile, .noConnection, .noChild:
      return ExitCodes.inputMissing
    case .unreadable(.permissionDenied): return ExitCodes.noPermission
    case .unreadable(.cannotRead): return ExitCodes.inputOutput
    case .unresolvable: return ExitCodes.unknown
    case .noCredential, .noRemote, .anyRemote, .otherFamily:
      return ArgumentParser.ExitCode.validationFailure.rawValue
    default:
      if case .option? = problem.origin {
        return ArgumentParser.ExitCode.validationFailure.rawValue
      }
      return ExitCodes.badData
    }
  }
}
