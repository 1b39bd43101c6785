package import Diagnosis

/// The configuration files of this program, those of higher rank first, and what they say together.
package struct ProfileFiles: Sendable {
  package let files: [ProfileFile]

  package init(_ files: [ProfileFile]) {
    self.files = files
  }

  /// The file that was asked for alone; without one, the user's and the system's, as far as they exist.
  package static func read(
    _ path: String?, environment: (String) -> String?
  ) throws(ConfigurationFile.Failure) -> ProfileFiles {
    if let path = path ?? environment("IPSECDIAG_CONFIG").flatMap({ $0.isEmpty ? nil : $0 }) {
      return ProfileFiles([try ProfileFile(path)])
    }
    var files: [ProfileFile] = []
    for path in usualPaths(environment) {
      do throws(ConfigurationFile.Failure) {
        files.append(try ProfileFile(path))
      } catch {
        if case .missing = error { continue }
        throw error
      }
    }
    return ProfileFiles(files)
  }

  /// The user's, then the system's. XDG Base Directory Specification, section 3: a relative path there does
  /// not count.
  package static func usualPaths(_ environment: (String) -> String?) -> [String] {
    let folder =
      environment("XDG_CONFIG_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
      ?? environment("HOME").map { "\($0)/.config" }
    return (folder.map { ["\($0)/ipsecdiag/ipsecdiag.conf"] } ?? []) + ["/etc/ipsecdiag.conf"]
  }

  package var problems: [SettingProblem] { files.flatMap(\.problems) }

  /// The names of all profiles, each once.
  package var names: [String] {
    var names: [String] = []
    for profile in files.flatMap(\.profiles) where !names.contains(profile.name) {
      names.append(profile.name)
    }
    return names
  }

  /// What holds where no profile says otherwise.
  package var defaults: Settings {
    files.reversed().reduce(Settings()) { $0.overridden(by: $1.defaults) }
  }

  /// A profile over the defaults: what any file's profile says goes before all defaults.
  package func settings(of name: String) throws(SettingProblem) -> Settings {
    let known = names
    guard known.contains(name) else {
      throw SettingProblem(
        .noProfile(name, known: known, nearest: NearestWord.to(name, among: known)), at: nil)
    }
    return files.reversed().reduce(defaults) { settings, file in
      file.profiles.filter { $0.name == name }
        .reduce(settings) { $0.overridden(by: $1.settings) }
    }
  }

  /// The file of the highest rank that says any decides.
  package var numbers: ProtocolNumbers {
    files.map(\.numbers).first { $0 != ProtocolNumbers() } ?? ProtocolNumbers()
  }
}
