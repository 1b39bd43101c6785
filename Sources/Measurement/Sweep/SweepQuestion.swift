package import IKE
package import PacketDissector

/// The one request that a sweep asks every target, written once and stamped for each.
///
/// Which target an answer is from stands in the SPI that it repeats, together with a tag that nobody can
/// know who has not seen the request: nothing has to be kept of a target to tell its answer from a forged
/// one.
package struct SweepQuestion: Sendable {
  /// The request with an SPI of zeros, without the non-ESP marker.
  private let template: [UInt8]
  private let hasMarker: Bool

  /// `request`'s own SPI is not used; `withMarker` puts the four octets before it that UDP port 4500
  /// needs.
  package init(_ request: InitRequest, withMarker: Bool) {
    var blank = request
    blank.initiatorSPI = 0
    template = (withMarker ? [0, 0, 0, 0] : []) + blank.bytes
    hasMarker = withMarker
  }

  package var byteCount: Int { template.count }

  /// Writes the datagram for target `number` to the front of `output`, which has the room.
  package func write(for number: UInt32, _ address: IPAddress, to output: inout [UInt8]) {
    output.replaceSubrange(0..<output.count, with: template)
    let spi = Self.spi(number, address)
    let start = hasMarker ? 4 : 0
    for index in 0..<8 {
      output[start + index] = UInt8(truncatingIfNeeded: spi >> UInt64(56 - 8 * index))
    }
  }

  /// The number of the target that a datagram from `address` answers, and the message; nil if it answers
  /// nothing that this question asked.
  package func target(
    of datagram: [UInt8], from address: IPAddress
  ) -> (number: UInt32, answer: InitAnswer)? {
    var bytes = datagram
    if hasMarker {
      guard bytes.count > 4, bytes[..<4].allSatisfy({ $0 == 0 }) else { return nil }
      bytes.removeFirst(4)
    }
    var reader = ByteReader(bytes.rawBytes)
    guard let message = try? IKEMessage(from: &reader) else { return nil }
    let header = message.header
    let number = UInt32(truncatingIfNeeded: header.initiatorSPI >> 32)
    guard header.initiatorSPI == Self.spi(number, address),
      header.majorVersion != 2 || header.isResponse
    else { return nil }
    return (number, InitAnswer(message, bytes: bytes))
  }

  /// The number, and 32 bits of a hash that is keyed anew in every process (SipHash, the standard
  /// library's `Hasher`). The lowest bit is set, as no SPI may be zero.
  private static func spi(_ number: UInt32, _ address: IPAddress) -> UInt64 {
    var hasher = Hasher()
    hasher.combine(number)
    hasher.combine(address)
    return UInt64(number) << 32 | UInt64(UInt32(truncatingIfNeeded: hasher.finalize())) | 1
  }
}
