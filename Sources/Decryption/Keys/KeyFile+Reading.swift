import Glibc

extension KeyFile {
  static let maximumSize = 16 << 20

  /// Reads a key file, or standard input for "-". What was read is zeroed when its keys are known.
  package static func read(_ path: String) throws(KeyFileError) -> KeyFile {
    let name = path == "-" ? "standard input" : path
    let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT, ENOTDIR: throw .missing(path: name)
      case EACCES, EPERM: throw .permissionDenied(path: name)
      case let code: throw .cannotRead(path: name, code: code)
      }
    }
    defer { if descriptor > STDERR_FILENO { close(descriptor) } }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .cannotRead(path: name, code: errno)
    }
    let kind = status.st_mode & S_IFMT
    if kind == S_IFDIR { throw .directory(path: name) }
    if kind == S_IFREG, status.st_size > maximumSize { throw .tooLarge(path: name) }
    var text = SensitiveBuffer(capacity: kind == S_IFREG ? Int(status.st_size) + 1 : 65536)
    defer { text.zero() }
    try text.readAll(descriptor, name: name)
    var file = parse(text.bytes, name: name)
    if kind == S_IFREG { file.isReadableByOthers = status.st_mode & (S_IRGRP | S_IROTH) != 0 }
    return file
  }
}

/// A growing buffer that leaves no copy of its bytes behind.
private struct SensitiveBuffer {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int) {
    bytes.reserveCapacity(capacity)
  }

  mutating func readAll(_ descriptor: Int32, name: String) throws(KeyFileError) {
    var block = [UInt8](repeating: 0, count: 65536)
    defer { Self.zero(&block) }
    while true {
      // read() writes at most the count of bytes that the block has.
      let count = unsafe Glibc.read(descriptor, &block, block.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 {
        if errno == EISDIR { throw .directory(path: name) }
        throw .cannotRead(path: name, code: errno)
      }
      if count == 0 { return }
      if bytes.count + count > KeyFile.maximumSize { throw .tooLarge(path: name) }
      append(block[..<count])
    }
  }

  private mutating func append(_ part: ArraySlice<UInt8>) {
    if bytes.count + part.count > bytes.capacity {
      var larger: [UInt8] = []
      larger.reserveCapacity(max(bytes.capacity * 2, bytes.count + part.count))
      larger += bytes
      zero()
      bytes = larger
    }
    bytes += part
  }

  mutating func zero() {
    Self.zero(&bytes)
  }

  private static func zero(_ bytes: inout [UInt8]) {
    // explicit_bzero writes the count of bytes that the buffer has, and is not optimised away.
    unsafe bytes.withUnsafeMutableBytes { buffer in
      if let start = buffer.baseAddress { unsafe explicit_bzero(start, buffer.count) }
    }
  }
}
