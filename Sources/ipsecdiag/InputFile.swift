internal import Diagnosis

/// A file that the command line names, read whole; - is standard input.
enum InputFile {
  static func read(_ path: String) throws(Failure) -> [UInt8] {
    do throws(ConfigurationFile.Failure) {
      return try ConfigurationFile.read(path)
    } catch {
      throw Failure(error.description, exitCode: exitCode(of: error))
    }
  }

  private static func exitCode(of error: ConfigurationFile.Failure) -> Int32 {
    switch error {
    case .missing, .directory: ExitCodes.inputMissing
    case .permissionDenied: ExitCodes.noPermission
    case .cannotRead: ExitCodes.inputOutput
    case .tooLarge: ExitCodes.badData
    }
  }
}
