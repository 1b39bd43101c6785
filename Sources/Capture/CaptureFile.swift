/// One capture file, or standard input: pcap, pcapng or snoop, as it is or in gzip or Zstandard.
///
/// Packets are parsed where `read(2)` put them; memory does not grow with the file. A packet of a
/// pipe that is still being written is returned as soon as its last byte is there.
package final class CaptureFile: PacketSource {
  private enum Format {
    case pcap(PcapFormat)
    case snoop(SnoopFormat)
    /// Its state is `pcapng`: it changes with the blocks.
    case pcapng
    case finished
  }

  /// What errors call the file: its path, or "standard input".
  package let name: String
  package let format: CaptureFormat
  /// The number of the packet returned last, counted from 1; 0 before the first.
  package private(set) var packetNumber = 0

  private var stream: ByteStream
  private var reading: Format
  private var pcapng = PcapngFormat()
  private let onlyInterface: CaptureInterface?

  /// Opens the file and reads its header.
  ///
  /// - Parameters:
  ///   - path: The file; "-" is standard input.
  ///   - onWait: Called before a read that has to wait for a writer, for the caller to flush.
  ///   - isStopped: Asked while a read waits for a writer; true ends the file there.
  /// - Throws: What is wrong with the file, down to its header.
  package init(
    path: String, onWait: (() -> Void)? = nil, isStopped: (() -> Bool)? = nil
  ) throws(CaptureError) {
    var stream = try ByteStream(path: path, onWait: onWait, isStopped: isStopped)
    try stream.decompressIfNeeded()
    let detected = try Self.detect(&stream)
    name = stream.name
    self.stream = stream
    reading = detected
    switch detected {
    case .pcap(let pcap):
      format = .pcap
      onlyInterface = CaptureInterface(
        linkType: pcap.linkType, snapshotLength: pcap.snapshotLength)
    case .snoop(let snoop):
      format = .snoop
      onlyInterface = CaptureInterface(linkType: snoop.linkType)
    case .pcapng, .finished:
      format = .pcapng
      onlyInterface = nil
    }
  }

  /// Tells the format by the first bytes, and reads the file header.
  private static func detect(_ stream: inout ByteStream) throws(CaptureError) -> Format {
    if try stream.fill(to: 4) {
      let magic = stream.u32(at: 0)
      if magic == PcapngFormat.magic { return .pcapng }
      if let pcap = try PcapFormat(magic: magic, from: &stream) { return .pcap(pcap) }
      if let snoop = try SnoopFormat(from: &stream) { return .snoop(snoop) }
    }
    if stream.count == 0 { throw .empty(path: stream.name) }
    throw .notACapture(
      path: stream.name, firstBytes: stream.copy(at: 0, count: min(8, stream.count)))
  }

  /// The next packet; nil at the end of the file, and after an error.
  package func next() throws(CaptureError) -> PacketHeader? {
    do {
      let number = packetNumber &+ 1
      let header: PacketHeader? =
        switch reading {
        case .pcap(let format): try format.next(from: &stream, number: number)
        case .pcapng: try pcapng.next(from: &stream, number: number)
        case .snoop(let format): try format.next(from: &stream, number: number)
        case .finished: nil
        }
      if header != nil { packetNumber = number } else { finish() }
      return header
    } catch {
      finish()
      throw error
    }
  }

  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // The bytes change in `next()` only, whose one caller holds no span any more: spans cannot
      // be stored.
      unsafe _overrideLifetime(stream.packet, borrowing: self)
    }
  }

  /// The comments of the packet returned last (pcapng).
  package var comments: [String] { pcapng.comments(in: stream) }

  /// The comments of the section that is being read (pcapng).
  package var sectionComments: [String] { pcapng.sectionComments }

  /// The interfaces met so far. In pcapng their descriptions stand between the packets.
  package var interfaces: [CaptureInterface] {
    if let onlyInterface { [onlyInterface] } else { pcapng.interfaces }
  }

  private func finish() {
    reading = .finished
    stream.takeNothing()
    pcapng.forgetPacket()
  }
}
