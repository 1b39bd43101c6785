import Glibc
import PacketDissector

/// Writes packets to a pcapng file: one little-endian section, times in nanoseconds.
///
/// An interface is described when its first packet is written. Call ``close()`` to learn whether
/// all of it arrived.
package struct PcapngWriter: ~Copyable {
  /// Where a packet came from: a file of several, and an interface of that file.
  private struct Origin: Hashable {
    let file: Int
    let interface: Int
  }

  private static let flushAt = 64 << 10

  private let name: String
  private let descriptor: Descriptor
  private var pending: [UInt8] = []
  private var numbers: [Origin: UInt32] = [:]
  /// The last packet's: most packets come from where the one before came from.
  private var last: (origin: Origin, number: UInt32)?
  /// Packets that the file holds, and those that wait in `pending`.
  private var packetsInFile: UInt64 = 0
  private var packetsPending: UInt64 = 0
  /// Bytes that were handed over.
  private var bytesInFile: UInt64 = 0

  /// Packets written so far.
  package var packetCount: UInt64 { packetsInFile &+ packetsPending }
  /// Bytes written so far.
  package var byteCount: UInt64 { bytesInFile &+ UInt64(pending.count) }

  /// Creates the file, or empties it; "-" is standard output.
  package init(
    path: String, application: String = "ipsecdiag", comments: [String] = []
  ) throws(CaptureError) {
    name = path == "-" ? "standard output" : path
    descriptor = try Descriptor(writing: path, name: name)
    writeSection(application: application, comments: comments)
  }

  /// Takes over a descriptor that is open for writing; `name` is for the errors.
  package init(
    descriptor: Int32, name: String, application: String = "ipsecdiag", comments: [String] = []
  ) {
    self.name = name
    self.descriptor = Descriptor(owning: descriptor)
    writeSection(application: application, comments: comments)
  }

  deinit {
    // Who has not closed has given up on errors, but not on the packets.
    if !pending.isEmpty { _ = Self.write(pending, to: descriptor.number) }
  }

  /// Adds a packet.
  ///
  /// - Parameters:
  ///   - header: Its times and lengths. `interface` is the number it has in its own capture.
  ///   - bytes: The captured bytes.
  ///   - file: Which of several captures it came from.
  ///   - interface: What its own capture says of its interface; asked for once an interface.
  ///   - comments: What to say about it.
  /// - Throws: Why what has gathered cannot be written.
  package mutating func write(
    _ header: PacketHeader, _ bytes: RawSpan, file: Int = 0,
    interface: @autoclosure () -> CaptureInterface, comments: [String] = []
  ) throws(CaptureError) {
    let origin = Origin(file: file, interface: header.interface)
    let number: UInt32
    if let last, last.origin == origin {
      number = last.number
    } else if let known = numbers[origin] {
      number = known
    } else {
      number = UInt32(truncatingIfNeeded: numbers.count)
      numbers[origin] = number
      var described = interface()
      // What the packet says counts: a source may know no more than this.
      described.linkType = header.linkType
      describe(described)
    }
    last = (origin, number)

    let start = beginBlock(6)
    u32(number)
    let units = UInt64(clamping: header.timestamp.nanoseconds)
    u32(UInt32(truncatingIfNeeded: units >> 32))
    u32(UInt32(truncatingIfNeeded: units))
    u32(UInt32(clamping: bytes.byteCount))
    u32(UInt32(clamping: max(header.originalLength, bytes.byteCount)))
    unsafe bytes.withUnsafeBytes { unsafe pending.append(contentsOf: $0) }
    pad()
    options(comments.map { (1, Array($0.utf8)) })
    endBlock(start)
    packetsPending &+= 1
    if pending.count >= Self.flushAt { try flush() }
  }

  /// Hands over what was written so far: whole blocks, so that the file can be read if the process ends here.
  package mutating func flush() throws(CaptureError) {
    guard !pending.isEmpty else { return }
    let (written, failure) = Self.write(pending, to: descriptor.number)
    if failure == 0 {
      bytesInFile &+= UInt64(written)
      packetsInFile &+= packetsPending
    } else {
      keepWholeBlocks(among: written)
    }
    packetsPending = 0
    pending.removeAll(keepingCapacity: true)
    if failure != 0 {
      throw .writingFailed(path: name, code: failure, packets: packetsInFile)
    }
  }

  /// Of `pending` only so many bytes found room: cuts off the block that is not whole, where it can be.
  private mutating func keepWholeBlocks(among written: Int) {
    var end = 0
    while end + 8 <= written {
      let length = (0..<4).reduce(0) { $0 | Int(pending[end + 4 + $1]) << (8 * $1) }
      guard length >= 12, end + length <= written else { break }
      if pending[end] == 6 { packetsInFile &+= 1 }
      end += length
    }
    bytesInFile &+= UInt64(end)
    let position = lseek(descriptor.number, 0, SEEK_CUR)
    guard end < written, position >= written - end else { return }
    _ = ftruncate(descriptor.number, position - (written - end))
  }

  /// Flushes, and closes the file.
  package consuming func close() throws(CaptureError) {
    try flush()
  }

  // MARK: Blocks

  private mutating func writeSection(application: String, comments: [String]) {
    let start = beginBlock(PcapngFormat.magic)
    u32(0x1A2B_3C4D)
    u16(1)
    u16(0)
    // A section whose length is not said: -1 in 64 bits.
    u32(.max)
    u32(.max)
    options(comments.map { (1, Array($0.utf8)) } + [(4, Array(application.utf8))])
    endBlock(start)
  }

  private mutating func describe(_ interface: CaptureInterface) {
    let start = beginBlock(1)
    u16(UInt16(truncatingIfNeeded: interface.linkType.rawValue))
    u16(0)
    u32(UInt32(clamping: interface.snapshotLength))
    var list = interface.comments.map { (UInt16(1), Array($0.utf8)) }
    if let name = interface.name { list.append((2, Array(name.utf8))) }
    if let description = interface.description { list.append((3, Array(description.utf8))) }
    // if_tsresol: ten to the power of -9.
    list.append((9, [9]))
    options(list)
    endBlock(start)
  }

  /// Options and their end; nothing if there are none. A value is cut at what 16 bits can say.
  private mutating func options(_ list: [(code: UInt16, value: [UInt8])]) {
    guard !list.isEmpty else { return }
    for (code, value) in list {
      let value = value.prefix(Int(UInt16.max))
      u16(code)
      u16(UInt16(truncatingIfNeeded: value.count))
      pending.append(contentsOf: value)
      pad()
    }
    u32(0)
  }

  /// Where the block begins in `pending`.
  private mutating func beginBlock(_ type: UInt32) -> Int {
    let start = pending.count
    u32(type)
    u32(0)
    return start
  }

  /// Writes the length to both of its places.
  private mutating func endBlock(_ start: Int) {
    let length = UInt32(truncatingIfNeeded: pending.count - start + 4)
    u32(length)
    for index in 0..<4 {
      pending[start + 4 + index] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(index)))
    }
  }

  /// Blocks start at multiples of 4, and `pending` is emptied between blocks only.
  private mutating func pad() {
    while pending.count % 4 != 0 { pending.append(0) }
  }

  private mutating func u16(_ value: UInt16) {
    pending.append(UInt8(truncatingIfNeeded: value))
    pending.append(UInt8(truncatingIfNeeded: value >> 8))
  }

  private mutating func u32(_ value: UInt32) {
    u16(UInt16(truncatingIfNeeded: value))
    u16(UInt16(truncatingIfNeeded: value >> 16))
  }

  /// Writes all of it, or as much as there is room for: how much that was, and 0 or `errno`.
  private static func write(
    _ bytes: [UInt8], to descriptor: Int32
  ) -> (written: Int, failure: Int32) {
    unsafe bytes.withUnsafeBytes { bytes in
      var rest = unsafe bytes[...]
      while unsafe !rest.isEmpty {
        let slice = unsafe UnsafeRawBufferPointer(rebasing: rest)
        let written = unsafe Glibc.write(descriptor, slice.baseAddress, slice.count)
        if written < 0 {
          if errno == EINTR { continue }
          return unsafe (rest.startIndex, errno)
        }
        unsafe rest = rest.dropFirst(written)
      }
      return (bytes.count, 0)
    }
  }
}
