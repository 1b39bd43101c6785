import Glibc

/// Numbered files in one folder, named as dumpcap names them (FILE_00001_20261124043000.pcapng, in local
/// time), of which the oldest goes when another would be one too many.
///
/// A file that is there already is never written over, and none is removed that this did not make.
package struct RingFiles: ~Copyable {
  package struct Limits: Equatable, Sendable {
    /// Of one file.
    package var bytes: UInt64
    /// How many there may be at a time.
    package var files: Int

    package init(bytes: UInt64, files: Int) {
      self.bytes = bytes
      self.files = files
    }
  }

  /// A file made here, and what tells it from another of the same name.
  private struct Made {
    let name: String
    let device: dev_t
    let inode: ino_t
  }

  package let limits: Limits
  /// Who the folder belongs to: may make and remove files in it, without any capability.
  package let owner: (user: UInt32, group: UInt32)
  private let folder: Descriptor
  private let folderPath: String
  private let stem: String
  private let suffix: String
  private var number: UInt64 = 0
  /// The oldest first.
  private var made: [Made] = []
  /// Numbers that other files may have before that is called a failure.
  private static let patience = 100

  /// Opens the folder of `path`, so that its way need not be gone again; makes no file yet.
  package init(path: String, limits: Limits) throws(CaptureError) {
    let slash = path.lastIndex(of: "/")
    let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
    let folderPath = slash.map { String(path[...$0]) } ?? ""
    guard !name.isEmpty else { throw .cannotWrite(path: path, code: EISDIR) }
    let number = unsafe open(
      folderPath.isEmpty ? "." : folderPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard number >= 0 else { throw .cannotWrite(path: path, code: errno) }
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else {
      let code = errno
      _ = close(number)
      throw .cannotWrite(path: path, code: code)
    }
    folder = Descriptor(owning: number)
    self.folderPath = folderPath
    let dot = name.dropFirst().lastIndex(of: ".")
    stem = String(dot.map { name[..<$0] } ?? name)
    suffix = String(dot.map { name[$0...] } ?? "")
    self.limits = limits
    owner = (status.st_uid, status.st_gid)
  }

  /// Makes the next file, and room for it.
  mutating func next() throws(CaptureError) -> (descriptor: Int32, path: String) {
    if made.count >= limits.files { removeOldest() }
    var failure = EEXIST
    for _ in 0..<Self.patience {
      number &+= 1
      let name = nameOfNext()
      let descriptor = unsafe openat(
        folder.number, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 {
        var status = stat()
        if unsafe fstat(descriptor, &status) == 0 {
          made.append(Made(name: name, device: status.st_dev, inode: status.st_ino))
        }
        return (descriptor, folderPath + name)
      }
      failure = errno
      if failure != EEXIST { break }
    }
    throw .cannotWrite(path: folderPath + nameOfNext(), code: failure)
  }

  /// One that somebody has put in its place since is left alone.
  private mutating func removeOldest() {
    let oldest = made.removeFirst()
    var status = stat()
    guard unsafe fstatat(folder.number, oldest.name, &status, AT_SYMLINK_NOFOLLOW) == 0,
      status.st_dev == oldest.device, status.st_ino == oldest.inode
    else { return }
    _ = unsafe unlinkat(folder.number, oldest.name, 0)
  }

  private func nameOfNext() -> String {
    var now = time(nil)
    var local = unsafe tm()
    unsafe _ = localtime_r(&now, &local)
    // Numbers of a struct that also points to its zone's name, which is not looked at.
    let date = unsafe [Int(local.tm_year) + 1900, Int(local.tm_mon) + 1, Int(local.tm_mday)]
    let clock = unsafe [local.tm_hour, local.tm_min, local.tm_sec].map(Int.init)
    let moment = (date + clock).map { Self.digits($0, 2) }.joined()
    return "\(stem)_\(Self.digits(Int(clamping: number), 5))_\(moment)\(suffix)"
  }

  private static func digits(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
