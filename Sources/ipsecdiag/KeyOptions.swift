internal import ArgumentParser
internal import Decryption
internal import Host

/// Keys for decryption: the same for every command that reads captures.
struct KeyOptions: ParsableArguments {
  @Option(
    name: .customLong("keys"),
    help: ArgumentHelp(
      "Keys, in any form: Wireshark's esp_sa, ikev2_decryption_table and ikev1_decryption_table (strongSwan's save-keys), ip xfrm state, setkey -D, pluto's log. The word kernel is no file but this kernel's SAs (needs CAP_NET_ADMIN). Repeat for several.",
      valueName: "file"))
  var files: [String] = []

  /// Opens with all files; nil without any.
  func decryptor() throws -> Decryptor? { Decryptor(given: try read()) }

  /// Reads all files. What is wrong with a line goes to standard error.
  func read() throws -> [KeyFile] {
    if files.isEmpty { return [] }
    var read: [KeyFile] = []
    for path in files {
      do {
        let file = try path == "kernel" ? KeyFile.kernel() : KeyFile.read(path)
        if file.isReadableByOthers == true {
          StandardError.write("warning: others may read the keys in \(path); chmod 600 mends that")
        }
        for problem in file.problems { StandardError.write("warning: \(problem)") }
        read.append(file)
      } catch let error as KeyFileError {
        throw Failure("\(error)", exitCode: Self.exitCode(of: error))
      } catch let error as KernelError {
        throw Failure("\(error)", exitCode: Self.exitCode(of: error))
      }
    }
    if read.allSatisfy(\.isEmpty) {
      throw Failure("no key could be read", exitCode: ExitCodes.badData)
    }
    return read
  }

  private static func exitCode(of error: KeyFileError) -> Int32 {
    switch error {
    case .missing, .directory: ExitCodes.inputMissing
    case .permissionDenied: ExitCodes.noPermission
    case .cannotRead: ExitCodes.inputOutput
    case .tooLarge: ExitCodes.badData
    }
  }

  private static func exitCode(of error: KernelError) -> Int32 {
    switch error {
    case .notPermitted: ExitCodes.noPermission
    case .withoutXFRM: ExitCodes.inputMissing
    case .failed: ExitCodes.inputOutput
    case .malformed, .tooMuch: ExitCodes.badData
    }
  }
}

/// What `decode` tells of keys.
struct KeyReportOptions: ParsableArguments {
  @Flag(help: "Tell which key opened what, which fits nothing, and which SA has none.")
  var keyReport = false

  @Flag(help: "Print the keys themselves in the key report, in hexadecimal.")
  var showKeys = false

  func validate(_ keys: KeyOptions) throws {
    if keyReport && keys.files.isEmpty {
      throw ValidationError("--key-report tells what keys opened: give some with --keys FILE.")
    }
    if showKeys && !keyReport {
      throw ValidationError("--show-keys shows them in the key report: give --key-report, too.")
    }
  }
}

extension Decryptor {
  /// Nil without key files.
  convenience init?(given files: [KeyFile]) {
    if files.isEmpty { return nil }
    self.init(files)
  }
}
