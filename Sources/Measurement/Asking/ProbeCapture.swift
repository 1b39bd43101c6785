package import Capture
internal import PacketDissector
internal import Synchronization

/// A capture file of what probes sent and received, written by all threads.
package final class ProbeCapture: Sendable {
  private struct State: ~Copyable {
    var writer: PcapngWriter
    /// What came last. A received datagram has the kernel's time, and is often seen behind what was sent
    /// after it.
    var waiting: [ProbePacket] = []
    /// The first failure: nothing more is written behind it.
    var failure: CaptureError?
  }

  private let state: Mutex<State>

  /// Creates the file, or empties it.
  package init(path: String, application: String) throws(CaptureError) {
    let writer = try PcapngWriter(path: path, application: application)
    state = Mutex(State(writer: writer))
  }

  package func add(_ packet: ProbePacket) {
    state.withLock { state in
      guard state.failure == nil else { return }
      state.waiting.append(packet)
      if state.waiting.count >= Self.most { Self.write(&state, Self.most / 2) }
    }
  }

  /// Packets that wait to be put in the order of their times.
  private static let most = 4096

  /// Writes the oldest of what waits.
  private static func write(_ state: inout State, _ count: Int) {
    state.waiting.sort { $0.time < $1.time }
    for packet in state.waiting.prefix(count) {
      let bytes = packet.bytes
      let header = PacketHeader(
        timestamp: packet.time, capturedLength: bytes.count, originalLength: bytes.count,
        linkType: linkType)
      do throws(CaptureError) {
        try state.writer.write(
          header, bytes.rawBytes, interface: CaptureInterface(linkType: linkType))
      } catch {
        state.failure = error
        break
      }
    }
    state.waiting.removeFirst(min(count, state.waiting.count))
  }

  /// Writes out what is left.
  package func finish() throws(CaptureError) {
    let failure = state.withLock { state -> CaptureError? in
      Self.write(&state, state.waiting.count)
      guard state.failure == nil else { return state.failure }
      do throws(CaptureError) {
        try state.writer.flush()
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  /// RAW: packets begin with their IP header.
  private static let linkType = LinkType(rawValue: 101)
}
