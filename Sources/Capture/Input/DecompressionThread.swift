import Glibc

/// A thread that decompresses a file ahead of its reader, block by block.
///
/// Three blocks go round: one the reader parses, one is ready, one is being filled. The reader's
/// unread tail is put into the space before the next block's first byte, so that blocks are
/// exchanged and not copied. A class, as two threads hold it; `@unchecked Sendable`, as `full`,
/// `empty`, `outcome` and `isAbandoned` are touched under `mutex` only, the rest by the thread only.
@safe
final class DecompressionThread: @unchecked Sendable {
  /// Space before a block for the tail of the one before: most packets are smaller.
  static let headroom = 64 << 10

  private enum Outcome {
    case running
    case ended
    case failed(CaptureError)
  }

  private let name: String
  private let source: Descriptor
  private var decompressor: Decompressor
  private var input: ReadBuffer

  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var full: ReadBuffer?
  private var empty: ReadBuffer?
  private var outcome = Outcome.running
  private var isAbandoned = false

  /// Starts the thread. `input` holds what was already read of `source`.
  init(
    _ compression: CaptureError.Compression, input: consuming ReadBuffer,
    from source: consuming Descriptor, name: String
  ) throws(CaptureError) {
    self.name = name
    self.source = source
    self.input = input
    decompressor = Decompressor(compression)
    empty = Self.newBlock()
    unsafe mutex = .allocate(capacity: 1)
    unsafe changed = .allocate(capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(changed, nil)

    // The thread holds this object until it ends, whoever else has let go of it.
    let myself = unsafe Unmanaged.passRetained(self)
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<DecompressionThread>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, myself.toOpaque())
    guard code == 0 else {
      unsafe myself.release()
      throw .cannotRead(path: name, code: code)
    }
    pthread_detach(thread)
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe pthread_cond_destroy(changed)
    unsafe mutex.deallocate()
    unsafe changed.deallocate()
  }

  private static func newBlock() -> ReadBuffer {
    ReadBuffer(capacity: ByteStream.blockSize, headroom: headroom)
  }

  // MARK: The reader's side

  /// Adds the next block to what `buffer` has unread: the bytes that came, 0 at the end and once
  /// stopped.
  func next(
    into buffer: inout ReadBuffer, onWait: (() -> Void)?, isStopped: (() -> Bool)?
  ) throws(CaptureError) -> Int {
    lock()
    if full == nil, isRunning, source.mayWait, let onWait {
      unlock()
      onWait()
      lock()
    }
    while full == nil, isRunning {
      if let isStopped, source.mayWait {
        if isStopped() { break }
        waitBriefly()
      } else {
        wait()
      }
    }
    defer { unlock() }
    guard var block = full.take() else {
      if case .failed(let error) = outcome { throw error }
      return 0
    }
    let got = block.count
    if block.prepend(buffer) {
      swap(&block, &buffer)
    } else {
      buffer.append(block)
    }
    block.reset(headroom: Self.headroom)
    empty = consume block
    announce()
    return got
  }

  /// Tells the thread that nobody reads on. It ends at its next block; until then it may wait for
  /// its input, so nobody waits for it.
  func abandon() {
    lock()
    isAbandoned = true
    announce()
    unlock()
  }

  // MARK: The thread's side

  private func run() {
    var block = Self.newBlock()
    while true {
      var outcome = Outcome.running
      do {
        if try !fill(&block) { outcome = .ended }
      } catch {
        outcome = .failed(error)
      }
      lock()
      defer { unlock() }
      while full != nil, !isAbandoned { wait() }
      if isAbandoned { return }
      if block.count > 0 { full = consume block } else { empty = consume block }
      self.outcome = outcome
      announce()
      guard isRunning else { return }
      while empty == nil, !isAbandoned { wait() }
      guard let next = empty.take() else { return }
      block = next
    }
  }

  /// Fills a block, or as much of it as can be had without waiting; false at the end.
  private func fill(_ block: inout ReadBuffer) throws(CaptureError) -> Bool {
    while block.count < ByteStream.blockSize, block.free > 0 {
      if try decompressor.step(
        from: &input, into: &block, upTo: ByteStream.blockSize &- block.count, name: name)
      {
        continue
      }
      if block.count > 0, source.mayWait, !source.isReadable { return true }
      input.makeRoom()
      let got = input.read(from: source.number)
      if got < 0 { throw .cannotRead(path: name, code: Int32(truncatingIfNeeded: -got)) }
      if got == 0 {
        if decompressor.isBetweenFrames { return false }
        throw .cannotDecompress(
          path: name, decompressor.compression, reason: "the compressed data end early")
      }
    }
    return true
  }

  // MARK: Locking

  private var isRunning: Bool {
    if case .running = outcome { true } else { false }
  }

  private func lock() { unsafe _ = pthread_mutex_lock(mutex) }
  private func unlock() { unsafe _ = pthread_mutex_unlock(mutex) }
  private func wait() { unsafe _ = pthread_cond_wait(changed, mutex) }
  private func waitBriefly() {
    var deadline = timespec()
    unsafe _ = clock_gettime(CLOCK_REALTIME, &deadline)
    deadline.tv_nsec += Int(Descriptor.patience) * 1_000_000
    if deadline.tv_nsec >= 1_000_000_000 {
      deadline.tv_nsec -= 1_000_000_000
      deadline.tv_sec += 1
    }
    unsafe _ = pthread_cond_timedwait(changed, mutex, &deadline)
  }
  private func announce() { unsafe _ = pthread_cond_broadcast(changed) }
}
