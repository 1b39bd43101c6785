internal import Glibc
internal import PacketDissector

/// The files of a folder, two folders deep: what somebody has saved of a machine, under whatever names.
struct SavedFolder {
  struct File {
    /// Below the folder.
    let name: String
    let text: [UInt8]
    let changed: Timestamp
  }

  /// The newest first.
  private(set) var files: [File] = []
  /// What was passed over, in a clause each.
  private(set) var problems: [String] = []

  private static let depth = 2
  private static let fileLimit = 4096
  private static let folderLimit = 512
  /// Of all files together.
  private static let byteLimit = 512 << 20

  /// Nil where the folder cannot be read.
  init?(_ path: String) {
    guard Self.kind(path) == .folder else { return nil }
    var bytes = 0
    var folders = [(path: path, name: "", depth: 0)]
    var next = 0
    while next < folders.count {
      let folder = folders[next]
      next += 1
      for name in SystemFile.names(in: folder.path).sorted() {
        let path = "\(folder.path)/\(name)"
        let shown = folder.name.isEmpty ? name : "\(folder.name)/\(name)"
        switch Self.kind(path) {
        case .folder:
          guard folder.depth < Self.depth, folders.count < Self.folderLimit else { continue }
          folders.append((path, shown, folder.depth + 1))
        case .file(let changed):
          guard files.count < Self.fileLimit else { continue }
          guard let text = SystemFile.read(path), bytes + text.count <= Self.byteLimit else {
            problems.append("\(shown) cannot be read, or is too large")
            continue
          }
          bytes += text.count
          // Captures and archives are no text.
          guard !text.prefix(4096).contains(0) else { continue }
          files.append(File(name: shown, text: text, changed: changed))
        case nil: continue
        }
      }
    }
    files.sort { $1.changed.nanoseconds < $0.changed.nanoseconds }
  }

  private enum Kind: Equatable {
    case folder
    case file(changed: Timestamp)
  }

  /// Symbolic links are followed to files, and not to folders; devices and sockets are nothing.
  private static func kind(_ path: String) -> Kind? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .folder
    case S_IFREG:
      return .file(
        changed: Timestamp(
          nanoseconds: Int64(status.st_mtim.tv_sec) &* 1_000_000_000
            &+ Int64(status.st_mtim.tv_nsec)))
    default: return nil
    }
  }
}
