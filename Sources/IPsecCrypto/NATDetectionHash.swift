package import PacketDissector

/// What NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP hold (RFC 7296, section 2.23).
package enum NATDetectionHash {
  /// SHA-1(SPIi | SPIr | address | port), 20 octets.
  package static func compute(
    initiatorSPI: UInt64, responderSPI: UInt64, _ end: Endpoint
  ) throws(CryptoError) -> [UInt8] {
    var writer = ByteWriter()
    writer.u64(initiatorSPI)
    writer.u64(responderSPI)
    writer.append(end.address.octets)
    writer.u16(end.port)
    return try HashFunction.sha1.digest(writer.bytes)
  }
}
