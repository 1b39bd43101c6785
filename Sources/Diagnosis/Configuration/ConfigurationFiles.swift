internal import Glibc

/// A configuration file and those that it includes, in the order in which they are read.
///
/// Bounded in depth, number and bytes, so that files which include each other end.
package struct ConfigurationFiles: Sendable {
  private struct File: Sendable {
    let name: String
    let includedBy: Int?
  }

  private var files: [File]
  private var bytes = 0

  package static let most = 256
  /// As strongSwan.
  private static let deepest = 10
  private static let mostBytes = 16 << 20

  /// Of the file of each number, as it was opened.
  package var names: [String] { files.map(\.name) }

  package init(_ path: String) {
    files = [File(name: path, includedBy: nil)]
  }

  /// The files that an include line names, opened. A relative path counts from the folder of the file that
  /// has the line.
  package mutating func include(
    _ pattern: String, line: Int, from file: Int, _ problems: inout ProblemList
  ) -> [(number: Int, bytes: [UInt8])] {
    var opened: [(number: Int, bytes: [UInt8])] = []
    let around = chain(from: file)
    for path in paths(pattern, from: file) {
      guard !around.contains(where: { files[$0].name == path }) else {
        problems.add(line, .includedInACircle(path), file: file)
        continue
      }
      guard files.count < Self.most, around.count < Self.deepest, bytes < Self.mostBytes else {
        problems.add(line, .tooManyIncludes, file: file)
        break
      }
      do throws(ConfigurationFile.Failure) {
        let content = try ConfigurationFile.read(path)
        bytes += content.count
        files.append(File(name: path, includedBy: file))
        opened.append((files.count - 1, content))
      } catch {
        problems.add(line, .cannotInclude(error), file: file)
      }
    }
    return opened
  }

  /// A file, the one that includes it, and so on.
  private func chain(from file: Int) -> [Int] {
    var chain: [Int] = []
    var next: Int? = file
    while let current = next {
      chain.append(current)
      next = files[current].includedBy
    }
    return chain
  }

  private func paths(_ pattern: String, from file: Int) -> [String] {
    guard !pattern.isEmpty, !pattern.utf8.contains(0) else { return [] }
    let absolute =
      pattern.hasPrefix("/") ? pattern : Self.folder(of: files[file].name) + pattern
    return absolute.contains { "*?[".contains($0) } ? Self.matches(absolute) : [absolute]
  }

  /// With the slash at its end; empty for the working directory.
  package static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  /// The paths that fit a shell pattern, sorted.
  package static func matches(_ pattern: String) -> [String] {
    var result = unsafe glob_t()
    defer { unsafe globfree(&result) }
    guard unsafe glob(pattern, 0, nil, &result) == 0 else { return [] }
    // glob(3) fills gl_pathv with gl_pathc strings, which are its own until globfree.
    return unsafe (0..<Int(result.gl_pathc)).compactMap { index in
      unsafe result.gl_pathv[index].map { unsafe String(cString: $0) }
    }
  }
}
