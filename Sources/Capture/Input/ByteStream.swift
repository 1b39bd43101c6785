/// The bytes of one capture file, whatever it is compressed with, and a window on them.
///
/// Formats ask for as many bytes as they need (``fill(to:)``), look at them in place and ``take``
/// a packet. Only the next ``fill(to:)`` that finds too little moves anything, so that the packet
/// taken last stays in place until then.
struct ByteStream: ~Copyable {
  /// What errors call the file.
  let name: String
  private var descriptor: Descriptor?
  private var decompression: DecompressionThread?
  private let onWait: (() -> Void)?
  private let isStopped: (() -> Bool)?
  private var buffer: ReadBuffer
  private var isAtEnd = false
  /// Bytes that ever arrived in ``buffer``.
  private var received = 0
  /// The last packet's place in the buffer's storage.
  private(set) var taken = 0..<0

  /// Small enough to stay in a core's cache between the copy out of the kernel and the parsing.
  static let blockSize = 64 << 10

  init(
    path: String, onWait: (() -> Void)?, isStopped: (() -> Bool)?
  ) throws(CaptureError) {
    name = path == "-" ? "standard input" : path
    descriptor = try Descriptor(reading: path, name: name)
    self.onWait = onWait
    self.isStopped = isStopped
    buffer = ReadBuffer(capacity: Self.blockSize)
  }

  deinit {
    decompression?.abandon()
  }

  /// Unread bytes in the window.
  var count: Int { buffer.count }
  /// Where the window begins: bytes from the first of the (decompressed) file.
  var offset: Int { received &- buffer.count }

  func u32(at offset: Int) -> UInt32 { buffer.u32(at: offset) }

  /// The word at `offset`, in the other byte order if `swapped`.
  func u32(at offset: Int, swapped: Bool) -> UInt32 {
    let word = buffer.u32(at: offset)
    return swapped ? word.byteSwapped : word
  }

  /// A copy of `count` bytes of the window.
  func copy(at offset: Int, count: Int) -> [UInt8] {
    buffer.copy((buffer.start &+ offset)..<(buffer.start &+ offset &+ max(0, count)))
  }

  /// The bytes of the last packet.
  var packet: RawSpan {
    @_lifetime(borrow self)
    get { buffer.span(taken) }
  }

  /// Bytes at a place of the buffer's storage, copied.
  func copy(place: Range<Int>) -> [UInt8] { buffer.copy(place) }

  /// Makes the window at least `count` bytes wide; false if the file ends before.
  mutating func fill(to count: Int) throws(CaptureError) -> Bool {
    if buffer.count >= count { return true }
    return try fillSlowly(to: count)
  }

  /// Uses up `total` bytes, `count` of which, from `offset` on, are the packet.
  ///
  /// All of them are in the window: ``fill(to:)`` said so.
  mutating func take(at offset: Int, count: Int, of total: Int) {
    let first = buffer.start &+ offset
    taken = first..<(first &+ max(0, count))
    buffer.consume(total)
  }

  /// There is no packet any more.
  mutating func takeNothing() { taken = 0..<0 }

  /// Uses up `number` bytes, in the window or not; false if the file ends before.
  mutating func skip(_ number: Int) throws(CaptureError) -> Bool {
    var left = number
    while left > buffer.count {
      left &-= buffer.count
      buffer.consume(buffer.count)
      guard try fill(to: 1) else { return false }
    }
    buffer.consume(left)
    return true
  }

  /// Starts to decompress if the first bytes say gzip (RFC 1952) or Zstandard (RFC 8878).
  mutating func decompressIfNeeded() throws(CaptureError) {
    guard try fill(to: 4) else { return }
    let magic = UInt32(littleEndian: buffer.u32(at: 0))
    let compression: CaptureError.Compression
    if magic & 0xFFFF == 0x8B1F {
      compression = .gzip
    } else if magic == 0xFD2F_B528 || magic & 0xFFFF_FFF0 == 0x184D_2A50 {
      // The second is a skippable frame, with which parallel compressors begin.
      compression = .zstd
    } else {
      return
    }
    guard let source = descriptor.take() else { return }
    var input = ReadBuffer(capacity: Self.blockSize, headroom: DecompressionThread.headroom)
    swap(&input, &buffer)
    received = 0
    decompression = try DecompressionThread(
      compression, input: input, from: source, name: name)
  }

  @inline(never)
  private mutating func fillSlowly(to count: Int) throws(CaptureError) -> Bool {
    while buffer.count < count, !isAtEnd {
      do {
        let got = try refill()
        received &+= got
        isAtEnd = got == 0
      } catch {
        isAtEnd = true
        throw error
      }
    }
    return buffer.count >= count
  }

  /// Reads once; the bytes that came, 0 at the end.
  private mutating func refill() throws(CaptureError) -> Int {
    if let decompression {
      return try decompression.next(into: &buffer, onWait: onWait, isStopped: isStopped)
    }
    buffer.makeRoom()
    // `descriptor` is nil only when decompression began.
    guard let number = descriptor?.number, let mayWait = descriptor?.mayWait else { return 0 }
    if mayWait, descriptor?.isReadable == false {
      onWait?()
      if let isStopped, descriptor?.awaitReadable(isStopped: isStopped) == false { return 0 }
    }
    let got = buffer.read(from: number)
    if got < 0 { throw .cannotRead(path: name, code: Int32(truncatingIfNeeded: -got)) }
    return got
  }
}
