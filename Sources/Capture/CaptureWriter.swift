internal import PacketDissector

/// Where packets of a capture are written: one pcapng file, or a ring of them.
///
/// A class, as a capture that must wait for packets flushes it, too. Once writing has failed, nothing more is
/// written, and every call says so.
package final class CaptureWriter {
  private let application: String
  private var writer: PcapngWriter
  private var ring: RingFiles?
  private var failure: CaptureError?
  /// Of the files before this one.
  private var earlier: (packets: UInt64, bytes: UInt64) = (0, 0)
  /// The file that is being written.
  package private(set) var path: String
  /// Files begun.
  package private(set) var files = 1

  /// One file; "-" is standard output.
  package init(path: String, application: String) throws(CaptureError) {
    self.application = application
    self.path = path
    writer = try PcapngWriter(path: path, application: application)
  }

  /// Files beside each other, the first of which is made now.
  package init(_ files: consuming RingFiles, application: String) throws(CaptureError) {
    self.application = application
    let file = try files.next()
    path = file.path
    writer = PcapngWriter(
      descriptor: file.descriptor, name: file.path, application: application)
    ring = consume files
  }

  package var packets: UInt64 { earlier.packets &+ writer.packetCount }
  package var bytes: UInt64 { earlier.bytes &+ writer.byteCount }

  /// Adds the frame that `reader` returned last.
  package func write(
    _ header: PacketHeader, of reader: FrameReader
  ) throws(CaptureError) {
    try write(
      header, reader.bytes, file: reader.fileIndex,
      interface: reader.interface(header.interface, header.linkType), comments: reader.comments)
  }

  /// Adds a packet, see ``PcapngWriter/write(_:_:file:interface:comments:)``.
  package func write(
    _ header: PacketHeader, _ bytes: RawSpan, file: Int = 0,
    interface: @autoclosure () -> CaptureInterface, comments: [String] = []
  ) throws(CaptureError) {
    if let failure { throw failure }
    do throws(CaptureError) {
      try turnIfFull(for: bytes.byteCount)
      try writer.write(
        header, bytes, file: file, interface: interface(), comments: comments)
    } catch {
      failure = error
      throw error
    }
  }

  /// Hands over what was written so far.
  package func flush() throws(CaptureError) {
    if let failure { throw failure }
    do throws(CaptureError) {
      try writer.flush()
    } catch {
      failure = error
      throw error
    }
  }

  /// An enhanced packet block around its bytes, padded; without options.
  private static let blockOverhead: UInt64 = 32 + 3

  /// Begins the ring's next file where the packet would make this one too large. A packet that is larger by
  /// itself has a file of its own.
  private func turnIfFull(for byteCount: Int) throws(CaptureError) {
    guard let limit = ring?.limits.bytes, writer.packetCount > 0,
      writer.byteCount &+ UInt64(byteCount) &+ Self.blockOverhead > limit
    else { return }
    try writer.flush()
    earlier = (packets, bytes)
    guard let file = try ring?.next() else { return }
    path = file.path
    files &+= 1
    writer = PcapngWriter(
      descriptor: file.descriptor, name: file.path, application: application)
  }
}
