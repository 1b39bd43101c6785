import Capture
import Glibc
import PacketDissector
import Testing

/// A file in the temporary directory, gone with its last reference.
final class TemporaryFile {
  let path: String

  init(_ bytes: [UInt8] = []) throws {
    var template = Array("/tmp/ipsecdiag-test-XXXXXX".utf8CString)
    let descriptor = unsafe mkstemp(&template)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    try #require(descriptor >= 0)
    try #require(writeAll(bytes, to: descriptor))
    close(descriptor)
  }

  deinit { unsafe _ = unlink(path) }
}

/// Writes all of `bytes`; false on an error.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  var done = 0
  while done < bytes.count {
    let rest = Array(bytes[done...])
    let written = unsafe write(descriptor, rest, rest.count)
    if written <= 0 { return false }
    done += written
  }
  return true
}

/// What a capture gave before it ended or failed.
struct Reading {
  var packets: [TestPacket] = []
  var linkTypes: [UInt32] = []
  var headers: [PacketHeader] = []
  var comments: [[String]] = []
  var sectionComments: [[String]] = []
  var interfaces: [CaptureInterface] = []
  var error: CaptureError?

  init(path: String) {
    do throws(CaptureError) {
      let capture = try CaptureFile(path: path)
      do throws(CaptureError) {
        while let header = try capture.next() {
          add(header, capture.bytes)
          comments.append(capture.comments)
          sectionComments.append(capture.sectionComments)
        }
      } catch {
        self.error = error
        let goesOn = (try? capture.next()) != nil || capture.bytes.byteCount > 0
        #expect(!goesOn, "there is nothing after an error")
      }
      interfaces = capture.interfaces
    } catch {
      self.error = error
    }
  }

  init(_ bytes: [UInt8]) throws {
    let file = try TemporaryFile(bytes)
    self.init(path: file.path)
  }

  mutating func add(_ header: PacketHeader, _ span: RawSpan) {
    headers.append(header)
    linkTypes.append(header.linkType.rawValue)
    packets.append(packet(header, span))
  }
}

func packet(_ header: PacketHeader, _ span: RawSpan) -> TestPacket {
  let bytes = unsafe span.withUnsafeBytes { unsafe Array($0) }
  return TestPacket(
    header.timestamp.nanoseconds, bytes, originalLength: header.originalLength)
}

/// The next packet of any source.
func nextPacket<Source: PacketSource & ~Copyable>(
  _ source: inout Source
) throws(CaptureError) -> TestPacket? {
  guard let header = try source.next() else { return nil }
  return packet(header, source.bytes)
}
