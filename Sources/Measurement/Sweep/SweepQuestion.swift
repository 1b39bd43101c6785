package import IKE
package import PacketDissector

/// The one request that a sweep asks every target, written once and stamped for each.
///
/// Which target an answer is from stands in the SPI that it repeats, together with a tag that nobody can
/// know who has not seen the request: nothing has to be kept of a target to tell its answer from a forged
/// one.
package struct SweepQuestion: Sendable {
  private let request: InitRequest
  /// The request with an SPI of zeros, behind the marker where there is one.
  private let template: [UInt8]
  private let marker: [UInt8]

  /// `request`'s own SPI is not used; `withMarker` puts the four octets before it that UDP port 4500
  /// needs.
  package init(_ request: InitRequest, withMarker: Bool) {
    var blank = request
    blank.initiatorSPI = 0
    self.request = blank
    marker = withMarker ? [0, 0, 0, 0] : []
    template = marker + blank.bytes
  }

  package var byteCount: Int { template.count }

  /// Makes `output` the datagram for target `number`.
  package func write(for number: UInt32, _ address: IPAddress, to output: inout [UInt8]) {
    output.replaceSubrange(0..<output.count, with: template)
    stamp(number, address, &output)
  }

  /// The datagram for a target that asked for a cookie.
  package func datagram(
    for number: UInt32, _ address: IPAddress, cookie: [UInt8]
  ) -> [UInt8] {
    var again = request
    again.cookie = cookie
    var output = marker + again.bytes
    stamp(number, address, &output)
    return output
  }

  /// The number of the target that a datagram from `address` answers, and the answer; nil if it answers
  /// nothing that this question asked.
  package func target(
    of datagram: [UInt8], from address: IPAddress
  ) -> (number: UInt32, answer: InitAnswer)? {
    guard let (number, message, bytes) = read(datagram, address),
      message.header.majorVersion != 2 || message.header.isResponse
    else { return nil }
    return (number, InitAnswer(message, bytes: bytes))
  }

  /// The number of the target that was asked by a datagram, of which an ICMP message quotes the front.
  package func target(ofQuoted front: [UInt8], to address: IPAddress) -> UInt32? {
    guard front.count >= marker.count + 8, front.starts(with: marker) else { return nil }
    let spi = front[marker.count..<marker.count + 8].reduce(0) { $0 << 8 | UInt64($1) }
    let number = UInt32(truncatingIfNeeded: spi >> 32)
    return spi == Self.spi(number, address) ? number : nil
  }

  private func read(
    _ datagram: [UInt8], _ address: IPAddress
  ) -> (UInt32, IKEMessage, [UInt8])? {
    guard datagram.starts(with: marker) else { return nil }
    let bytes = marker.isEmpty ? datagram : Array(datagram[marker.count...])
    var reader = ByteReader(bytes.rawBytes)
    guard let message = try? IKEMessage(from: &reader) else { return nil }
    let number = UInt32(truncatingIfNeeded: message.header.initiatorSPI >> 32)
    guard message.header.initiatorSPI == Self.spi(number, address) else { return nil }
    return (number, message, bytes)
  }

  /// Writes the SPI into a datagram of this question, which is longer than the marker and the SPI.
  private func stamp(_ number: UInt32, _ address: IPAddress, _ output: inout [UInt8]) {
    let spi = Self.spi(number, address)
    for index in 0..<8 {
      output[marker.count + index] = UInt8(truncatingIfNeeded: spi >> UInt64(56 - 8 * index))
    }
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
