internal import Glibc
internal import PacketDissector

/// What `ipsecdiag collect` writes of a machine, for somebody else to look at: texts as the usual programs print
/// them, without keys.
package struct SavedBundle {
  package struct File: Sendable {
    package let name: String
    package let text: String
  }

  package let files: [File]

  /// `daemon` is what the daemon says, for people; nil for nothing.
  package init(_ snapshot: HostSnapshot, daemon: String?, toolVersion: String) {
    var files = [
      File(
        name: "README.txt",
        text: """
          What a machine knows of its IPsec, collected by ipsecdiag \(toolVersion). No keys are in here; \
          addresses, SPIs and names of connections are.

          To analyse it:  ipsecdiag diagnose --root FOLDER

          """),
      File(name: "manifest.txt", text: Self.manifest(snapshot, toolVersion)),
      File(
        name: "xfrm_state.txt",
        text: snapshot.sas.map { StateText.write($0, snapshot.network.interfaces) }.joined()),
      File(
        name: "xfrm_policy.txt",
        text: snapshot.policies.map { PolicyText.write($0, snapshot.network.interfaces) }.joined()),
      File(name: "network.txt", text: NetworkText.write(snapshot.addresses, snapshot.network)),
    ]
    if let counters = snapshot.dropCounters {
      files.append(
        File(
          name: "xfrm_stat.txt",
          text: counters.entries.map { "\($0.name)\t\($0.value)\n" }.joined()))
    }
    if let daemon { files.append(File(name: "daemon.txt", text: daemon)) }
    self.files = files
  }

  private static func manifest(_ snapshot: HostSnapshot, _ toolVersion: String) -> String {
    var lines = [
      "tool ipsecdiag \(toolVersion)",
      "\(Manifest.timeWord) \(SavedText.text(snapshot.time))",
      "kernel \(release)",
    ]
    lines += snapshot.missing.map { "\(Manifest.missingWord) \($0.part.rawValue): \($0.reason)" }
    lines += snapshot.problems.map { "problem \($0)" }
    return lines.map { $0 + "\n" }.joined()
  }

  private static var release: String {
    SystemFile.read("/proc/sys/kernel/osrelease").map {
      String(decoding: $0.prefix { $0 > 32 }, as: UTF8.self)
    } ?? "unknown"
  }

  package enum Failure: Error, Equatable {
    /// With what the system says: its `errno`.
    case folder(Int32)
    case file(name: String, Int32)
  }

  /// Makes the folder, for its owner alone, and the files in it. What is there already is left as it is.
  package func write(to folder: String) throws(Failure) {
    guard unsafe mkdir(folder, 0o700) == 0 else { throw .folder(errno) }
    for file in files {
      let path = "\(folder)/\(file.name)"
      let number = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      guard number >= 0 else { throw .file(name: file.name, errno) }
      defer { close(number) }
      var rest = Array(file.text.utf8)[...]
      while !rest.isEmpty {
        let written = unsafe rest.withUnsafeBytes {
          unsafe Glibc.write(number, $0.baseAddress, $0.count)
        }
        guard written > 0 else {
          if errno == EINTR { continue }
          throw .file(name: file.name, errno)
        }
        rest = rest.dropFirst(written)
      }
    }
  }
}
