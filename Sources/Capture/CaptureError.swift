import Glibc

/// Why a capture could not be opened, read on, filtered or written: one line for a person.
///
/// Each names its file or interface, so that it can be shown as it is. It is boxed (`indirect`), so
/// that a call which does not fail carries no more than one word for it.
package indirect enum CaptureError: Error, Equatable, Sendable {
  /// The header that a file ends in.
  package enum HeaderKind: Equatable, Sendable {
    case file
    /// The record header of packet `number`, counted from 1.
    case packet(number: Int)
    /// The pcapng block that begins at `offset`.
    case block(offset: Int)
  }

  package enum Compression: String, Sendable {
    case gzip, zstd
  }

  case missing(path: String)
  case directory(path: String)
  case permissionDenied(path: String)
  case cannotRead(path: String, code: Int32)
  case empty(path: String)
  case notACapture(path: String, firstBytes: [UInt8])
  case unsupportedVersion(path: String, format: CaptureFormat, major: UInt32, minor: UInt32)
  case truncatedHeader(path: String, of: HeaderKind, promised: Int, present: Int)
  case truncatedPacket(path: String, number: Int, promised: Int, present: Int)
  /// `offset` counts from the first byte of the file, or of what it decompresses to.
  case corrupt(path: String, reason: String, offset: Int)
  case cannotDecompress(path: String, Compression, reason: String)
  /// The file could not be made.
  case cannotWrite(path: String, code: Int32)
  /// It was made, but takes no more; `packets` are whole in it.
  case writingFailed(path: String, code: Int32, packets: UInt64)
  case badFilter(expression: String, reason: String)
  case noSuchInterface(name: String)
  case captureNotPermitted(interface: String)
  case liveCapture(interface: String, reason: String)
}

extension CaptureError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing(let path):
      "\(path) does not exist"
    case .directory(let path):
      "\(path) is a directory, not a capture file"
    case .permissionDenied(let path):
      "no permission to open \(path)"
    case .cannotRead(let path, let code):
      "cannot read \(path): \(Self.text(of: code))"
    case .empty(let path):
      "\(path) is empty (0 bytes)"
    case .notACapture(let path, let firstBytes):
      "\(path) is not a capture file: it begins with \(Self.hex(firstBytes))"
    case .unsupportedVersion(let path, let format, let major, let minor):
      "\(path) is a \(format.rawValue) file of version \(major).\(minor), which is not supported"
    case .truncatedHeader(let path, .file, let promised, let present):
      "\(path) ends inside its file header: it has \(promised) bytes, \(Self.areThere(present))"
    case .truncatedHeader(let path, .packet(let number), let promised, let present):
      "\(path) ends inside the header of packet \(number): "
        + "it has \(promised) bytes, \(Self.areThere(present))"
    case .truncatedHeader(let path, .block(let offset), let promised, let present):
      "\(path) ends inside the block at byte \(offset): "
        + "it has \(promised) bytes, \(Self.areThere(present))"
    case .truncatedPacket(let path, let number, let promised, let present):
      "\(path) ends inside packet \(number): "
        + "its header promises \(promised) bytes, \(Self.areThere(present))"
    case .corrupt(let path, let reason, let offset):
      "\(path) is corrupt at byte \(offset): \(reason)"
    case .cannotDecompress(let path, let compression, let reason):
      "cannot decompress \(path) (\(compression.rawValue)): \(reason)"
    case .cannotWrite(let path, let code):
      "cannot write \(path): \(Self.text(of: code))"
    case .writingFailed(let path, let code, let packets):
      "cannot write \(path): \(Self.text(of: code)); it holds "
        + (packets == 1 ? "1 packet" : "\(packets) packets")
    case .badFilter(let expression, let reason):
      "bad filter '\(expression)': \(reason)"
    case .noSuchInterface(let name):
      "there is no interface \(name)"
    case .captureNotPermitted(let interface):
      "no permission to capture on \(interface): it takes the capability CAP_NET_RAW"
    case .liveCapture(let interface, let reason):
      "cannot capture on \(interface): \(reason)"
    }
  }

  private static func areThere(_ count: Int) -> String {
    count == 1 ? "1 is there" : "\(count) are there"
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }

  private static func text(of code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}
