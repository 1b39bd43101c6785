package import Diagnosis

/// The configuration file of this program, in strongSwan's syntax:
///
///     defaults {
///       local_id = probe.example.net
///     }
///     profiles {
///       office {
///         remote = vpn.example.net
///         psk_file = office.psk
///       }
///     }
package struct ProfileFile: Sendable {
  package let path: String
  /// What holds for every profile, and for peers without one.
  package private(set) var defaults = Settings()
  /// In the file's order.
  package private(set) var profiles: [(name: String, settings: Settings)] = []
  package private(set) var numbers = ProtocolNumbers()
  package private(set) var problems: [SettingProblem] = []

  private static let sections = ["defaults", "profiles", "numbers"]

  /// Reads a file with those that it includes.
  package init(_ path: String) throws(ConfigurationFile.Failure) {
    self.init(try SectionSyntax(file: path), path)
  }

  /// Reads the bytes of one file as if it stood at `path`.
  package init(_ bytes: [UInt8], path: String) {
    self.init(SectionSyntax(bytes), path)
  }

  private init(_ syntax: SectionSyntax, _ path: String) {
    self.path = path
    let names = syntax.fileNames.isEmpty ? [path] : syntax.fileNames
    func origin(_ file: Int, _ line: Int) -> Setting.Origin { .file(names[file], line: line) }
    problems = syntax.problems.problems.map {
      SettingProblem(.syntax($0.reason), at: origin($0.file, $0.line))
    }
    for section in syntax.sections {
      switch (section.path.first ?? "", section.path.count) {
      case ("defaults", 1): defaults = settings(of: section, syntax, origin)
      case ("profiles", 2):
        profiles.append((section.path[1], settings(of: section, syntax, origin)))
      case ("numbers", 1): readNumbers(section, origin)
      case ("profiles", 1), ("", 0):
        for (key, value) in section.values.sorted(by: { $0.value.line < $1.value.line }) {
          problems.append(SettingProblem(.misplaced(key), at: origin(value.file, value.line)))
        }
      case (let name, let depth):
        // A section that is only taken over by others ("office : base") has keys of its own to check.
        guard depth == 1, syntax.isReferredTo(name) else {
          let last = section.path.last ?? ""
          let nearest = depth == 1 ? NearestWord.to(last, among: Self.sections) : nil
          problems.append(
            SettingProblem(
              .unknownSection(last, nearest: nearest), at: origin(section.file, section.line)))
          continue
        }
        _ = settings(of: section, syntax, origin)
      }
    }
  }

  private mutating func settings(
    of section: SectionSyntax.Section, _ syntax: SectionSyntax,
    _ origin: (Int, Int) -> Setting.Origin
  ) -> Settings {
    for (name, value) in section.values.sorted(by: { $0.value.line < $1.value.line })
    where SettingKey(rawValue: name) == nil {
      let reason: SettingProblem.Reason =
        SettingKey.secrets[name].map { .secretInFile(name, instead: $0) }
        ?? .unknownKey(
          name, nearest: NearestWord.to(name, among: SettingKey.allCases.map(\.rawValue)))
      problems.append(SettingProblem(reason, at: origin(value.file, value.line)))
    }
    var settings = Settings()
    for key in SettingKey.allCases {
      guard let value = syntax.value(key.rawValue, in: section) else { continue }
      let origin = origin(value.file, value.line)
      let text = key.namesFiles ? Self.paths(value.text, besides: origin) : value.text
      settings[key] = Setting(.text(text), origin)
    }
    return settings
  }

  private mutating func readNumbers(
    _ section: SectionSyntax.Section, _ origin: (Int, Int) -> Setting.Origin
  ) {
    for (name, value) in section.values.sorted(by: { $0.value.line < $1.value.line }) {
      let place = origin(value.file, value.line)
      guard let path = ProtocolNumbers.keys[name] else {
        let nearest = NearestWord.to(name, among: ProtocolNumbers.keys.keys)
        problems.append(SettingProblem(.unknownKey(name, nearest: nearest), at: place))
        continue
      }
      guard let number = UInt16(value.text), number > 0 else {
        problems.append(SettingProblem(.badNumber(name, value.text), at: place))
        continue
      }
      numbers[keyPath: path] = number
    }
  }

  /// Relative paths count from the folder of the file that names them.
  private static func paths(_ text: String, besides origin: Setting.Origin) -> String {
    guard case .file(let file, _) = origin else { return text }
    let folder = ConfigurationFiles.folder(of: file)
    return text.split(separator: ",").map { part in
      let path = part.trimmingBlanks
      return path.hasPrefix("/") ? path : folder + path
    }.joined(separator: ",")
  }
}

extension Substring {
  /// Without the blanks around it.
  var trimmingBlanks: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
