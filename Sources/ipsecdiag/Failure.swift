internal import ArgumentParser
internal import Capture
internal import Glibc
internal import Host
internal import Report

/// Why a command could not do what it was asked: one line on standard error, and an exit code.
struct Failure: Error {
  /// Nil where another line has said it.
  let message: String?
  let hint: String?
  let exitCode: Int32

  init(_ message: String?, hint: String? = nil, exitCode: Int32) {
    self.message = message
    self.hint = hint
    self.exitCode = exitCode
  }

  /// What the system calls an `errno`.
  static func reason(_ number: Int32) -> String {
    unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
  }

  func explain() {
    if let message { StandardError.write("error: \(message)") }
    if let hint { StandardError.write("hint: \(hint)") }
  }
}

/// Those of monitoring plugins, sysexits.h, and what the shell makes of SIGINT.
enum ExitCodes {
  static let warning: Int32 = 1
  static let critical: Int32 = 2
  static let unknown: Int32 = 3
  static let badData: Int32 = 65
  static let inputMissing: Int32 = 66
  static let cannotCreate: Int32 = 73
  static let inputOutput: Int32 = 74
  static let noPermission: Int32 = 77
  static let interrupted: Int32 = 130
}

extension Failure {
  init(_ error: CaptureError) {
    self.init(error.description, exitCode: Self.exitCode(of: error))
  }

  static func exitCode(of error: CaptureError) -> Int32 {
    switch error {
    case .missing, .directory, .noSuchInterface: ExitCodes.inputMissing
    case .permissionDenied, .captureNotPermitted: ExitCodes.noPermission
    case .cannotRead, .liveCapture, .writingFailed: ExitCodes.inputOutput
    case .cannotWrite: ExitCodes.cannotCreate
    case .badFilter: ArgumentParser.ExitCode.validationFailure.rawValue
    case .empty, .notACapture, .unsupportedVersion, .truncatedHeader, .truncatedPacket, .corrupt,
      .cannotDecompress:
      ExitCodes.badData
    }
  }

  /// Nil for a reader that went away, which is no failure.
  init?(_ error: DecodeReport.Failure) {
    switch error {
    case .output(.brokenPipe):
      return nil
    case .output(.writing(let number)):
      self.init(
        "cannot write to standard output: \(Self.reason(number))", exitCode: ExitCodes.inputOutput)
    case .writing(let error):
      self.init(error)
    }
  }
}

extension Failure {
  /// What this host refused: a lack of permission, or something that leaves all else unknown.
  init(_ error: SocketError) {
    self.init(
      "\(error)",
      exitCode: error.meaning == .notPermitted ? ExitCodes.noPermission : ExitCodes.unknown)
  }
}

enum StandardError {
  /// One line; a failure to write it has nowhere to go.
  static func write(_ line: String) { Terminal.write(line + "\n", to: STDERR_FILENO) }
}

enum StandardOutput {
  /// Lets `body` write a whole report, and writes it out.
  static func write(_ body: (Output) -> Void) throws {
    let output = Output()
    body(output)
    do throws(Output.Failure) {
      try output.flush()
    } catch {
      if let failure = Failure(.output(error)) { throw failure }
    }
  }
}
