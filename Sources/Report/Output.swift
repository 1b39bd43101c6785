internal import Glibc
package import PacketDissector

/// Where a report goes: a buffer in front of a file descriptor.
///
/// Writers append to ``text`` and call ``endLine()``; nothing is written before the buffer is full
/// or ``flush()`` asks for it. A class, as a capture that must wait for packets flushes it too.
package final class Output {
  package enum Failure: Error, Equatable {
    /// Nobody reads any more: the tool ends without a word.
    case brokenPipe
    /// Any other error of write(2), with its number.
    case writing(errno: Int32)
  }

  package var text = TextBuffer(capacity: Output.flushSize + (16 << 10))
  private let descriptor: Int32
  private static let flushSize = 64 << 10

  package init(descriptor: Int32 = STDOUT_FILENO) {
    self.descriptor = descriptor
  }

  package func endLine() throws(Failure) {
    text.put(UInt8(ascii: "\n"))
    try flushIfFull()
  }

  package func flushIfFull() throws(Failure) {
    if text.count >= Self.flushSize { try flush() }
  }

  package func flush() throws(Failure) {
    let descriptor = descriptor
    try unsafe text.withBytes { (bytes) throws(Failure) in
      var rest = unsafe bytes[...]
      while unsafe !rest.isEmpty {
        let written = unsafe write(
          descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written < 0 {
          if errno == EINTR { continue }
          throw errno == EPIPE ? Failure.brokenPipe : Failure.writing(errno: errno)
        }
        unsafe rest = rest.dropFirst(written)
      }
    }
    text.removeAll()
  }
}
