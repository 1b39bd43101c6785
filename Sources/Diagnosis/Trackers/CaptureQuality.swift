package import Capture
package import PacketDissector

/// What the capture itself lacks, so that what is not in it is not taken for what did not happen.
package struct CaptureQuality: Sendable {
  package private(set) var frames: UInt64 = 0
  package private(set) var bytes: UInt64 = 0
  package private(set) var ipsecFrames: UInt64 = 0
  /// Frames longer than what was kept of them.
  package private(set) var cut: UInt64 = 0
  package private(set) var firstCut: FrameReference?
  /// IPsec frames of those.
  package private(set) var cutIPsec: UInt64 = 0
  package private(set) var firstCutIPsec: FrameReference?
  /// Frames whose time lies before that of the frame before them.
  package private(set) var backwards: UInt64 = 0
  package private(set) var largestStepBack = Nanoseconds(0)
  package private(set) var malformed: UInt64 = 0
  package private(set) var first: FrameReference?
  package private(set) var last: FrameReference?
  private var latest = Timestamp(nanoseconds: .min)
  /// What reading said at the end: a file that ends inside a packet.
  package var problems: [String] = []
  /// What a live capture let through and lost itself; nil for files, which do not tell.
  package var live: LiveCapture.Statistics?

  /// Packets that passed and that the capture lost: as many lost sequence numbers may be its own doing.
  package var lostByCapture: UInt64 { live?.dropped ?? 0 }

  @inline(__always)
  mutating func add(
    _ frame: FrameReference, bytes count: Int, isCut: Bool, isIPsec: Bool, isMalformed: Bool
  ) {
    frames &+= 1
    bytes &+= UInt64(count)
    if first == nil { first = frame }
    last = frame
    if isIPsec { ipsecFrames &+= 1 }
    if isMalformed { malformed &+= 1 }
    if isCut { noteCut(frame, isIPsec) }
    if frame.time < latest {
      backwards &+= 1
      largestStepBack = max(largestStepBack, Nanoseconds(from: frame.time, to: latest))
    } else {
      latest = frame.time
    }
  }

  private mutating func noteCut(_ frame: FrameReference, _ isIPsec: Bool) {
    cut &+= 1
    if firstCut == nil { firstCut = frame }
    guard isIPsec else { return }
    cutIPsec &+= 1
    if firstCutIPsec == nil { firstCutIPsec = frame }
  }

  package var duration: Nanoseconds {
    guard let first else { return Nanoseconds(0) }
    return Nanoseconds(from: first.time, to: max(first.time, latest))
  }

  /// The latest time of any frame.
  package var end: Timestamp { latest }
}
