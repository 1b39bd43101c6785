/// What probes carry beside their headers.
package enum EchoData {
  /// Octets that count up from the sequence number's lower half, so that a reply shows whose they are.
  package static func pattern(_ count: Int, sequence: UInt16) -> [UInt8] {
    (0..<max(0, count)).map { UInt8(truncatingIfNeeded: $0 &+ Int(sequence)) }
  }
}
