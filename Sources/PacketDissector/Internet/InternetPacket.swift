/// Whole IP packets made of what ESP carried.
package enum InternetPacket {
  /// Octets of a header without options or extensions.
  package static func headerBytes(isIPv6: Bool) -> Int {
    isIPv6 ? IPv6Header.byteCount : IPv4Header.byteCount
  }

  /// The packet without what stands behind it: TFC padding (RFC 4303, section 2.7). Bytes that are no
  /// IP packet stay as they are.
  package static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    var reader = ByteReader(bytes.rawBytes)
    let length: Int
    do throws(DissectionError) {
      if bytes.first.map({ $0 >> 4 == 6 }) == true {
        length = Int(try IPv6Header(from: &reader).payloadLength) + IPv6Header.byteCount
      } else {
        length = Int(try IPv4Header(from: &reader).totalLength)
      }
    } catch {
      return bytes
    }
    return length >= IPv4Header.byteCount && length < bytes.count
      ? Array(bytes.prefix(length)) : bytes
  }

  /// A packet with `header`'s addresses around `content`: what transport mode protected.
  ///
  /// Options and extension headers of the outer packet are not carried over.
  package static func assembled(
    _ header: InternetHeader, _ protocolNumber: UInt8, _ content: [UInt8]
  ) -> [UInt8] {
    var writer = ByteWriter()
    if header.source.isIPv6 {
      IPv6Header(
        trafficClass: header.trafficClass, payloadLength: UInt16(clamping: content.count),
        nextHeader: protocolNumber, hopLimit: header.hopLimit, source: header.source,
        destination: header.destination
      ).write(to: &writer)
    } else {
      var outer = IPv4Header(
        trafficClass: header.trafficClass,
        totalLength: UInt16(clamping: content.count + IPv4Header.byteCount),
        flagsAndOffset: header.doNotFragment ? 0x4000 : 0, timeToLive: header.hopLimit,
        protocol: protocolNumber, source: header.source, destination: header.destination)
      var bare = ByteWriter()
      outer.write(to: &bare)
      outer.checksum = checksum(bare.bytes)
      outer.write(to: &writer)
    }
    writer.append(content)
    return writer.bytes
  }

  /// The ones' complement sum of RFC 1071 over 16-bit words, complemented.
  package static func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for (index, byte) in bytes.enumerated() {
      sum &+= index % 2 == 0 ? UInt32(byte) << 8 : UInt32(byte)
      if sum > 0xFFFF { sum = sum & 0xFFFF &+ 1 }
    }
    return ~UInt16(truncatingIfNeeded: sum)
  }
}
