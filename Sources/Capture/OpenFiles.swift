import PacketDissector

/// A fixed row of capture files, each open or not.
///
/// `Array` holds no noncopyable elements, and a box a file would cost a check and a count with every
/// packet. Every access asks ``isOpen(_:)`` first: the index is one of the row's, and its place is
/// initialized.
@safe
struct OpenFiles: ~Copyable {
  private let files: UnsafeMutablePointer<CaptureFile>
  /// Which places of `files` are initialized.
  private var isOpen: [Bool]

  init(count: Int) {
    isOpen = Array(repeating: false, count: max(0, count))
    unsafe files = .allocate(capacity: max(1, count))
  }

  deinit {
    for index in isOpen.indices where isOpen[index] {
      unsafe (files + index).deinitialize(count: 1)
    }
    unsafe files.deallocate()
  }

  func isOpen(_ index: Int) -> Bool { isOpen.indices.contains(index) && isOpen[index] }

  mutating func open(_ capture: consuming CaptureFile, at index: Int) {
    guard isOpen.indices.contains(index), !isOpen[index] else { return }
    unsafe (files + index).initialize(to: capture)
    isOpen[index] = true
  }

  mutating func close(_ index: Int) {
    guard isOpen(index) else { return }
    unsafe (files + index).deinitialize(count: 1)
    isOpen[index] = false
  }

  /// The next packet of a file; nil if it is at its end, or not open.
  mutating func next(of index: Int) throws(CaptureError) -> PacketHeader? {
    guard isOpen(index) else { return nil }
    return try unsafe files[index].next()
  }

  @_lifetime(borrow self)
  func bytes(of index: Int) -> RawSpan {
    guard isOpen(index) else { return RawSpan() }
    // The file changes through a mutating method of this value only: as long as a span of it is
    // about, the file and its bytes stay as they are.
    let place = unsafe Self.place(of: files[index])
    let bytes = unsafe RawSpan(_unsafeBytes: place)
    return unsafe _overrideLifetime(bytes, borrowing: self)
  }

  private static func place(of file: borrowing CaptureFile) -> UnsafeRawBufferPointer {
    unsafe file.bytes.withUnsafeBytes { unsafe $0 }
  }

  /// Asks an open file something.
  func ask<Value>(_ index: Int, _ question: (borrowing CaptureFile) -> Value) -> Value? {
    guard isOpen(index) else { return nil }
    return unsafe question(files[index])
  }
}
