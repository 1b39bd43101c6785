internal import Capture
package import Diagnosis
package import PacketDissector

/// How a live capture goes: what it has seen so far, how fast, and what it lost.
package struct LiveStatus: Sendable {
  /// Since the capture was opened.
  package let elapsed: Nanoseconds
  /// Frames selected so far, and in a second of the last interval.
  package let frames: UInt64
  package let framesPerSecond: Double
  package let bitsPerSecond: Double
  package let espFlows: Int
  /// Nil where only ESP is looked at.
  package let ikeSAs: Int?
  /// The flow with the most packets late or lost; nil where all are in order.
  package let worst: Worst?
  package let lostByCapture: UInt64

  package struct Worst: Sendable {
    package let spi: UInt32
    package let source: IPAddress
    package let destination: IPAddress
    package let packets: UInt64
    package let late: UInt64
    package let lost: UInt64
  }

  /// - Parameters:
  ///   - evidence: What was read so far.
  ///   - elapsed: Since the capture was opened.
  ///   - before: The status of the interval's start; nil for the first.
  package init(_ evidence: CaptureEvidence, elapsed: Nanoseconds, before: Mark?) {
    let mark = Mark(evidence, elapsed: elapsed)
    let seconds = Nanoseconds(elapsed.count &- (before?.elapsed.count ?? 0)).seconds
    self.elapsed = elapsed
    frames = mark.frames
    let newFrames = mark.frames &- (before?.frames ?? 0)
    let newBytes = mark.bytes &- (before?.bytes ?? 0)
    framesPerSecond = seconds > 0 ? Double(newFrames) / seconds : 0
    bitsPerSecond = seconds > 0 ? Double(newBytes) * 8 / seconds : 0
    espFlows = evidence.flows.flows.count
    ikeSAs = evidence.scope == .everything ? evidence.sessions.sessions.count : nil
    worst = Self.worst(of: evidence.flows.flows)
    lostByCapture = evidence.quality.lostByCapture
  }

  /// What rates are taken from.
  package struct Mark: Sendable {
    fileprivate let elapsed: Nanoseconds
    fileprivate let frames: UInt64
    fileprivate let bytes: UInt64

    package init(_ evidence: CaptureEvidence, elapsed: Nanoseconds) {
      self.elapsed = elapsed
      frames = evidence.quality.frames
      bytes = evidence.quality.bytes
    }
  }

  private static func worst(of flows: [ESPFlow]) -> Worst? {
    var most: UInt64 = 0
    var place: Int?
    for index in flows.indices {
      let disorder = flows[index].sequence.late &+ flows[index].sequence.lost
      guard disorder > most else { continue }
      most = disorder
      place = index
    }
    guard let place else { return nil }
    let flow = flows[place]
    return Worst(
      spi: flow.spi, source: flow.source, destination: flow.destination, packets: flow.packets,
      late: flow.sequence.late, lost: flow.sequence.lost)
  }
}
