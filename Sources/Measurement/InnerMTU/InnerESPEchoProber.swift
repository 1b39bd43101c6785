internal import ESP
internal import PacketDissector

/// ESP echoes: only a peer that has them answers, and no host behind it is needed.
///
/// Of the size of a packet everything but the header is data. A reply that the peer has shortened has fewer
/// octets than its request.
package struct InnerESPEchoProber: InnerProber {
  private let identifier: UInt16
  private let replySPI: UInt32

  /// `replySPI` is this side's inbound SPI: with a reply path the formats that go through an SA are one.
  package init(identifier: UInt16, replySPI: UInt32) {
    self.identifier = identifier
    self.replySPI = replySPI
  }

  package var smallest: Int { 16 }

  package func packet(_ id: Int, bytes: Int) -> (payload: [UInt8], nextHeader: UInt8) {
    let sequence = UInt16(truncatingIfNeeded: id)
    var echo = ESPEcho(
      .request, hasReplyFlag: true, identifier: identifier, sequence: sequence,
      replySPI: replySPI, data: [])
    echo.data = EchoData.pattern(max(0, bytes - echo.headerBytes), sequence: sequence)
    return (echo.payload, ESPEcho.nextHeader)
  }

  package func answer(in arrival: Tunnel.Arrival) -> (id: Int, bytes: Int)? {
    guard arrival.nextHeader == ESPEcho.nextHeader,
      let echo = ReceivedESPEcho(payload: arrival.payload.rawBytes)?.echo, echo.kind == .reply,
      echo.identifier == identifier
    else { return nil }
    return (Int(echo.sequence), echo.payload.count)
  }
}
