package import Capture
internal import PacketDissector
internal import Synchronization

/// A capture file of what probes sent and received, written by all threads.
package final class ProbeCapture: Sendable {
  private struct State: ~Copyable {
    var writer: PcapngWriter
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
    let bytes = packet.bytes
    let header = PacketHeader(
      timestamp: packet.time, capturedLength: bytes.count, originalLength: bytes.count,
      linkType: Self.linkType)
    state.withLock { state in
      guard state.failure == nil else { return }
      do throws(CaptureError) {
        try state.writer.write(
          header, bytes.rawBytes, interface: CaptureInterface(linkType: Self.linkType))
      } catch {
        state.failure = error
      }
    }
  }

  /// Writes out what is left.
  package func finish() throws(CaptureError) {
    let failure = state.withLock { state -> CaptureError? in
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
