/// A line of a configuration file that was not understood, or not followed.
package struct ConfigurationProblem: Equatable, Sendable {
  package enum Reason: Equatable, Sendable {
    case unexpected(String)
    case unclosedSection(String)
    case unclosedQuote
    case strayBrace
    case tooDeep
    case badTime(key: String, value: String)
    case badNumber(key: String, value: String)
    case unknownReference(String)
    /// What another file adds is not seen.
    case includeNotFollowed(String)
    /// An include line that names one file, which cannot be read.
    case cannotInclude(ConfigurationFile.Failure)
    case includedInACircle(String)
    case tooManyIncludes
    case outsideSection(String)
    case tooManyProblems
  }

  package let line: Int
  /// Which of the files that were read together; 0 is the one that includes the others.
  package let file: Int
  package let reason: Reason

  package init(line: Int, file: Int = 0, _ reason: Reason) {
    self.line = line
    self.file = file
    self.reason = reason
  }
}

extension ConfigurationProblem: CustomStringConvertible {
  package var description: String { "line \(line): \(reason)" }
}

extension ConfigurationProblem.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unexpected(let text): "'\(text.prefix(40))' is neither a section nor a setting"
    case .unclosedSection(let name): "section '\(name.prefix(40))' is never closed"
    case .unclosedQuote: "a quoted value is never closed"
    case .strayBrace: "'}' closes no section"
    case .tooDeep: "sections are nested more than \(SectionSyntax.deepest) deep"
    case .badTime(let key, let value): "\(key) is no time: '\(value.prefix(40))'"
    case .badNumber(let key, let value): "\(key) is no number: '\(value.prefix(40))'"
    case .unknownReference(let name): "'\(name.prefix(40))' is referred to but not in this file"
    case .includeNotFollowed(let path): "include \(path.prefix(60)) is not followed"
    case .cannotInclude(let failure): "\(failure)"
    case .includedInACircle(let path): "\(path) includes itself"
    case .tooManyIncludes: "no more than \(ConfigurationFiles.most) files are read"
    case .outsideSection(let key): "'\(key.prefix(40))' stands in no section"
    case .tooManyProblems: "further problems are not told"
    }
  }
}

/// The problems of one file, so many that a person would read them.
package struct ProblemList: Equatable, Sendable {
  package private(set) var problems: [ConfigurationProblem] = []
  private static let most = 50

  package init() {}

  package mutating func add(_ line: Int, _ reason: ConfigurationProblem.Reason, file: Int = 0) {
    if problems.count < Self.most {
      problems.append(ConfigurationProblem(line: line, file: file, reason))
    } else if problems.count == Self.most {
      problems.append(ConfigurationProblem(line: line, file: file, .tooManyProblems))
    }
  }
}
