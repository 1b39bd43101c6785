internal import Capture
internal import PacketDissector

extension TextBuffer {
  /// What a live capture let through and lost; null for files.
  mutating func json(_ live: LiveCapture.Statistics?) {
    guard let live else { return put("null") }
    put("{\"received\":")
    decimal(live.received)
    member("dropped_by_kernel", live.droppedByKernel)
    member("dropped_by_interface", live.droppedByInterface)
    put("}")
  }
}
