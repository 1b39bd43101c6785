internal import ArgumentParser
internal import Diagnosis
internal import Glibc
internal import Measurement
internal import Report

struct Config: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Checks the profiles of the configuration file, or shows what holds for a peer.",
    discussion: """
      Profiles say how an SA is set up with a gateway, for dpd, mtu, ping and handshake. Read are --config, \
      or else ~/.config/ipsecdiag/ipsecdiag.conf (below XDG_CONFIG_HOME, where it is set) and \
      /etc/ipsecdiag.conf. An option wins over the environment, that over the user's file, that over the \
      system's; a profile wins over the defaults of either file. Sections have braces, each key a line:

        defaults {
          local_id = probe.example.net
        }
        profiles {
          office {
            remote = vpn.example.net
            psk_file = office.psk    # beside this file, readable by its owner alone
          }
        }
        numbers {
          esp_echo_supported = 50801    # what drafts leave open
          replay_prot_and_esn_status = 50800
        }

      The keys of a profile and of the defaults. Each is a variable of the environment, too: \
      IPSECDIAG_PSK_FILE for psk_file; IPSECDIAG_PROFILE and IPSECDIAG_CONFIG name profile and file.

      \(keys)
      """,
    subcommands: [ConfigCheck.self, ConfigShow.self])

  /// The table of keys, as the manual has it.
  private static var keys: String {
    SettingKey.allCases.map { key in
      let (takes, meaning) = key.description
      return "\(key.rawValue): \(takes). \(meaning)"
    }.joined(separator: "\n\n")
  }
}

struct ConfigCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract:
      "Says of every profile whether it can be used, and what is wrong, with file and line.",
    discussion: """
      Reads the files that profiles name: secrets, certificates and keys. No name is resolved and nothing \
      is sent. Exit code 1 for warnings, 2 where a profile cannot be used, 66 without a file.

      Examples:
        ipsecdiag config check
        ipsecdiag config check --config lab.conf --json
        ipsecdiag config check --connection office
      """)

  @OptionGroup var source: ProfileSourceOptions

  @Flag(help: "One JSON document.")
  var json = false

  func run() throws {
    let report = try source.connection == nil ? profiles() : connection()
    try StandardOutput.write { output in
      if json {
        report.writeJSON(toolVersion: Ipsecdiag.version, to: &output.text)
      } else {
        report.writeText(.ofTerminal, to: &output.text)
      }
    }
    switch report.verdict {
    case .ok: break
    case .warning: throw Failure(nil, exitCode: ExitCodes.warning)
    case .critical, .unknown: throw Failure(nil, exitCode: ExitCodes.critical)
    }
  }

  private func profiles() throws -> ConfigurationReport {
    let files = try source.profileFiles()
    guard !files.files.isEmpty else {
      let paths = ProfileFiles.usualPaths(ProfileSourceOptions.environment)
      throw Failure(
        "no configuration file: there is no \(paths.joined(separator: " and no "))",
        exitCode: ExitCodes.inputMissing)
    }
    let peers = files.names.compactMap { name in
      (try? files.settings(of: name)).map { Self.peer(name, $0) }
    }
    return ConfigurationReport(
      files: files.files.map(\.path), problems: files.problems, peers: peers)
  }

  private func connection() throws -> ConfigurationReport {
    let name = source.connection ?? ""
    do throws(SettingProblem) {
      let file = try source.connectionFile(with: name)
      let (settings, problems) = try file.connection(name, isOwn: ProfileSourceOptions.isOwn)
      var peer = Self.peer(name, settings)
      peer.problems = problems + peer.problems
      return ConfigurationReport(files: [file.path], problems: [], peers: [peer])
    } catch {
      throw PeerProblems.failure([error])
    }
  }

  private static func peer(_ name: String, _ settings: Settings) -> ConfigurationReport.Peer {
    let (_, problems) = PeerPlan.read(settings, now: Int64(time(nil)))
    return ConfigurationReport.Peer(name: name, settings: settings, problems: problems)
  }
}

struct ConfigShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract:
      "Shows what options, environment and files together say of a peer, and which of them does.",
    discussion: """
      In the form of the configuration file, so that a connection of a daemon's becomes a profile. Secrets \
      are never shown. Without --profile and --connection: what holds for every peer.

      Examples:
        ipsecdiag config show --profile office
        ipsecdiag config show --connection net --connection-file swanctl.conf
      """)

  @OptionGroup var peer: PeerOptions

  func run() throws {
    let report = SettingsReport(try peer.settings())
    try StandardOutput.write { report.writeText(.ofTerminal, to: &$0.text) }
  }
}

extension Page {
  /// As the terminal and the environment have it.
  fileprivate static var ofTerminal: Page {
    Page(
      width: min(80, Terminal.width ?? 80), ascii: !Terminal.isUTF8,
      isColoured: ColourChoice.auto.isColoured)
  }
}
