import PacketDissector

/// Several capture files as one, in time order.
///
/// Each file is streamed; of packets with the same time that of the file named first comes first,
/// and the packets of one file keep their order. An error of one file is thrown when its turn comes
/// (one of opening before all packets), names the file, and leaves the others to go on. A single
/// file is read without looking at any time. A class, so that a reader may hold it beside what it
/// changes with each packet.
package final class MergedCapture: PacketSource {
  /// A file in the heap: its earliest packet's time, then its place among the files.
  private struct Turn {
    var timestamp: Int64
    let file: Int

    func comes(before other: Turn) -> Bool {
      timestamp != other.timestamp ? timestamp < other.timestamp : file < other.file
    }
  }

  package let paths: [String]
  /// Which of ``paths`` the last packet came from.
  package private(set) var fileIndex = 0

  private let onWait: (() -> Void)?
  private let isStopped: (() -> Bool)?
  /// The file that the last packet came from.
  private var current: CaptureFile?
  /// By index in ``paths``; nil before its turn to be opened and after its end.
  private var files: [CaptureFile?]
  /// Each file's packet that waits to be returned.
  private var heads: [PacketHeader]
  /// A binary heap: the file whose turn it is comes first.
  private var turns: [Turn] = []
  private var opened = 0
  /// The first of the heap has had its packet returned, and is to be read on.
  private var firstIsUsed = false

  /// Opens nothing yet: what fails is thrown by ``next()``.
  package init(
    paths: [String], onWait: (() -> Void)? = nil, isStopped: (() -> Bool)? = nil
  ) {
    self.paths = paths
    self.onWait = onWait
    self.isStopped = isStopped
    files = Array(repeating: nil, count: paths.count)
    let none = PacketHeader(
      timestamp: Timestamp(nanoseconds: 0), capturedLength: 0, originalLength: 0, linkType: .null)
    heads = Array(repeating: none, count: paths.count)
  }

  package func next() throws(CaptureError) -> PacketHeader? {
    if paths.count == 1 { return try nextOfOnlyFile() }
    while opened < paths.count {
      opened += 1
      try open(opened - 1)
    }
    if firstIsUsed { try advanceFirst() }
    guard let first = turns.first else {
      current = nil
      return nil
    }
    firstIsUsed = true
    fileIndex = first.file
    current = files[first.file]
    return heads[first.file]
  }

  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // As long as the file's own span: see `CaptureFile.bytes`.
      guard let current else { return RawSpan() }
      return unsafe _overrideLifetime(current.bytes, borrowing: self)
    }
  }

  /// The comments of the packet returned last.
  package var comments: [String] { current?.comments ?? [] }
  /// The comments of the section that the packet returned last is in.
  package var sectionComments: [String] { current?.sectionComments ?? [] }
  /// The interfaces of the file that the packet returned last came from.
  package var interfaces: [CaptureInterface] { current?.interfaces ?? [] }
  /// The packet's number within its file, counted from 1.
  package var packetNumber: Int { current?.packetNumber ?? 0 }

  // MARK: The heap

  private func nextOfOnlyFile() throws(CaptureError) -> PacketHeader? {
    if opened == 0 {
      opened = 1
      current = try CaptureFile(path: paths[0], onWait: onWait, isStopped: isStopped)
    }
    return try current?.next()
  }

  /// Opens a file and finds its place among the others.
  private func open(_ index: Int) throws(CaptureError) {
    let capture = try CaptureFile(path: paths[index], onWait: onWait, isStopped: isStopped)
    guard let head = try capture.next() else { return }
    files[index] = capture
    heads[index] = head
    turns.append(Turn(timestamp: head.timestamp.nanoseconds, file: index))
    var child = turns.count - 1
    while child > 0, turns[child].comes(before: turns[(child - 1) / 2]) {
      turns.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Reads the first file's next packet and puts the file where that belongs.
  private func advanceFirst() throws(CaptureError) {
    firstIsUsed = false
    let index = turns[0].file
    do {
      if let head = try files[index]?.next() {
        heads[index] = head
        turns[0].timestamp = head.timestamp.nanoseconds
        siftFirstDown()
        return
      }
      dropFirst()
    } catch {
      dropFirst()
      throw error
    }
  }

  private func dropFirst() {
    files[turns[0].file] = nil
    turns.swapAt(0, turns.count - 1)
    turns.removeLast()
    siftFirstDown()
  }

  private func siftFirstDown() {
    var parent = 0
    while true {
      var earliest = parent
      for child in (2 * parent + 1)...(2 * parent + 2)
      where child < turns.count && turns[child].comes(before: turns[earliest]) {
        earliest = child
      }
      if earliest == parent { return }
      turns.swapAt(parent, earliest)
      parent = earliest
    }
  }
}
