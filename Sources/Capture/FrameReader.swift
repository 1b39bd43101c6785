package import PacketDissector

/// The frames of a capture, selected and dissected: where every command that reads packets begins.
///
/// Numbers count all packets of the source from 1, selected or not, as Wireshark counts them.
package final class FrameReader {
  package enum Source {
    case files(MergedCapture)
    case live(LiveCapture)
  }

  private let source: Source
  private var filter: PacketFilter?
  private let window: TimeWindow
  /// Whether there is anything to ask of a packet before it is dissected.
  private let isSelective: Bool
  package let dissector = Dissector()
  /// The number of the frame returned last.
  package private(set) var number: UInt64 = 0
  /// The tree of the frame returned last, where it was asked for.
  package private(set) var fields: [Field] = []

  /// A live capture whose interface went away; files end by themselves.
  package var isFinished: Bool {
    switch source {
    case .files: false
    case .live(let capture): capture.isFinished
    }
  }

  package init(
    _ source: Source, filter: consuming PacketFilter? = nil,
    window: TimeWindow = TimeWindow()
  ) {
    self.source = source
    self.filter = filter
    self.window = window
    isSelective = self.filter != nil || window != TimeWindow()
  }

  /// The next packet that the filter and the time window let through; its dissection is then in
  /// ``dissector``, its bytes in ``bytes``. Nil at the end.
  ///
  /// - Parameter withFields: Also make the tree of all its fields.
  /// - Returns: What the capture says of the packet; nil at the end.
  /// - Throws: What is wrong with the capture, once; a further call goes on with what there is.
  package func next(withFields: Bool) throws(CaptureError) -> PacketHeader? {
    while let header = try source.next() {
      number &+= 1
      if isSelective {
        guard window.contains(header.timestamp), try passes(header, bytes) else { continue }
      }
      let isCut = header.capturedLength < header.originalLength
      if withFields {
        fields = dissector.describe(
          bytes, linkType: header.linkType, timestamp: header.timestamp, isCut: isCut)
      } else {
        dissector.dissect(
          bytes, linkType: header.linkType, timestamp: header.timestamp, isCut: isCut)
      }
      return header
    }
    return nil
  }

  /// ``next(withFields:)`` without the tree.
  package func next() throws(CaptureError) -> PacketHeader? { try next(withFields: false) }

  private func passes(
    _ header: PacketHeader, _ bytes: RawSpan
  ) throws(CaptureError) -> Bool {
    guard filter != nil else { return true }
    return try filter?.matches(header, bytes) ?? true
  }

  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // As long as the capture's own span: see `CaptureFile.bytes`.
      switch source {
      case .files(let capture): return unsafe _overrideLifetime(capture.bytes, borrowing: self)
      case .live(let capture): return unsafe _overrideLifetime(capture.bytes, borrowing: self)
      }
    }
  }

  /// The comments of the packet returned last.
  package var comments: [String] {
    switch source {
    case .files(let capture): capture.comments
    case .live: []
    }
  }

  /// Which of several files the packet returned last came from.
  package var fileIndex: Int {
    switch source {
    case .files(let capture): capture.fileIndex
    case .live: 0
    }
  }

  /// What the capture says of an interface of the packet returned last.
  package func interface(_ index: Int, _ linkType: LinkType) -> CaptureInterface {
    let known: [CaptureInterface] =
      switch source {
      case .files(let capture): capture.interfaces
      case .live(let capture): capture.interfaces
      }
    return known.indices.contains(index) ? known[index] : CaptureInterface(linkType: linkType)
  }

  /// Packets received and lost so far; nil for files.
  package var statistics: LiveCapture.Statistics? {
    switch source {
    case .files: nil
    case .live(let capture): capture.statistics
    }
  }
}

extension FrameReader.Source {
  func next() throws(CaptureError) -> PacketHeader? {
    switch self {
    case .files(let capture): try capture.next()
    case .live(let capture): try capture.next()
    }
  }
}

/// From when to when packets are wanted, both ends included.
package struct TimeWindow: Equatable, Sendable {
  package var from: Timestamp?
  package var to: Timestamp?

  package init(from: Timestamp? = nil, to: Timestamp? = nil) {
    self.from = from
    self.to = to
  }

  package func contains(_ time: Timestamp) -> Bool {
    if let from, time < from { return false }
    if let to, time > to { return false }
    return true
  }
}
