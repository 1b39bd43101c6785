import CZlib
import CZstd

/// gzip with any number of members, or Zstandard with any number of frames, step by step.
@safe
struct Decompressor: ~Copyable {
  let compression: CaptureError.Compression
  /// zlib's and zstd's state; one of them. zlib's must not move: its state points back at it.
  private let inflation: UnsafeMutablePointer<z_stream>?
  private let zstd: OpaquePointer?
  /// Nothing is half done: the input may end here.
  private(set) var isBetweenFrames = false

  init(_ compression: CaptureError.Compression) {
    self.compression = compression
    switch compression {
    case .gzip:
      unsafe zstd = nil
      let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
      unsafe stream.initialize(to: z_stream())
      // 16 asks for gzip's header and trailer, 15 for the largest window.
      unsafe inflateInit2_(stream, 16 + 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
      unsafe inflation = stream
    case .zstd:
      unsafe inflation = nil
      unsafe zstd = ZSTD_createDCtx()
    }
  }

  deinit {
    if let inflation = unsafe inflation {
      unsafe inflateEnd(inflation)
      unsafe inflation.deallocate()
    }
    if let zstd = unsafe zstd { unsafe ZSTD_freeDCtx(zstd) }
  }

  /// Decompresses what it can into at most `limit` bytes; false if it needs more input to go on.
  mutating func step(
    from input: inout ReadBuffer, into output: inout ReadBuffer, upTo limit: Int, name: String
  ) throws(CaptureError) -> Bool {
    if isBetweenFrames, !beginsAnother(&input) { return false }
    let failure =
      unsafe inflation == nil
      ? stepZstd(&input, &output, limit) : stepGzip(&input, &output, limit)
    switch failure {
    case .moved: return true
    case .stuck: return false
    case .failed(let reason): throw .cannotDecompress(path: name, compression, reason: reason)
    }
  }

  private enum Step {
    case moved, stuck
    case failed(String)
  }

  /// The input goes on with another member. What else stands behind the last gzip member is
  /// padding, which gzip's own tools pass over, too.
  private mutating func beginsAnother(_ input: inout ReadBuffer) -> Bool {
    switch compression {
    case .zstd:
      return input.count > 0
    case .gzip:
      guard input.count >= 2 else { return false }
      let begins = unsafe input.withUnread { unsafe $0[0] == 0x1F && $0[1] == 0x8B }
      if begins, let inflation = unsafe inflation {
        unsafe inflateReset(inflation)
        isBetweenFrames = false
      } else {
        input.consume(input.count)
      }
      return begins
    }
  }

  private mutating func stepGzip(
    _ input: inout ReadBuffer, _ output: inout ReadBuffer, _ limit: Int
  ) -> Step {
    guard let stream = unsafe inflation else { return .stuck }
    // zlib counts in 32 bits: it gets no more at a time.
    let (code, used, made) = unsafe input.withUnread { source in
      unsafe output.withFree(upTo: min(limit, 1 << 30)) { target in
        let offered = min(source.count, 1 << 30)
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
          mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.pointee.avail_in = UInt32(offered)
        unsafe stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = UInt32(target.count)
        let code = unsafe inflate(stream, Z_NO_FLUSH)
        return unsafe (
          code, offered - Int(stream.pointee.avail_in),
          target.count - Int(stream.pointee.avail_out)
        )
      }
    }
    input.consume(used)
    output.filled(made)
    switch code {
    case Z_STREAM_END:
      isBetweenFrames = true
      return .moved
    case Z_OK, Z_BUF_ERROR:
      return used > 0 || made > 0 ? .moved : .stuck
    default:
      guard let text = unsafe stream.pointee.msg else { return .failed("zlib error \(code)") }
      return unsafe .failed(String(cString: text))
    }
  }

  private mutating func stepZstd(
    _ input: inout ReadBuffer, _ output: inout ReadBuffer, _ limit: Int
  ) -> Step {
    guard let zstd = unsafe zstd else { return .stuck }
    let (code, used, made) = unsafe input.withUnread { source in
      unsafe output.withFree(upTo: limit) { target in
        var from = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
        var to = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        let code = unsafe ZSTD_decompressStream(zstd, &to, &from)
        return unsafe (code, from.pos, to.pos)
      }
    }
    input.consume(used)
    output.filled(made)
    if ZSTD_isError(code) != 0 {
      guard let text = unsafe ZSTD_getErrorName(code) else { return .failed("zstd error \(code)") }
      return unsafe .failed(String(cString: text))
    }
    if used > 0 || made > 0 { isBetweenFrames = code == 0 }
    return used > 0 || made > 0 ? .moved : .stuck
  }
}
