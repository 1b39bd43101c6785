/// The header of an AGGFRAG payload (RFC 9347, sections 6.1.1 and 6.1.2), which data blocks follow.
///
///     sub-type 0    +- 0 8 -+- reserved 8 -+- block offset 16 -+
///     sub-type 1    +- 1 8 -+- reserved 6 P 1 E 1 -+- block offset 16 -+- loss event rate 32 -+
///                   +- RTT 22 -+- echo delay 21 -+- transmit delay 21 -+- TVal 32 -+- TEcho 32 -+
package struct AGGFRAGHeader: Equatable, Sendable {
  /// What sub-type 1 has beside.
  package struct CongestionControl: Equatable, Sendable {
    package var lossEventRate: UInt32
    package var timeValue: UInt32
    package var timeEcho: UInt32
  }

  /// Octets to the first block that begins in this packet.
  package var blockOffset: UInt16
  package var congestionControl: CongestionControl?

  package var byteCount: Int { congestionControl == nil ? 4 : 24 }

  /// Reads what an ESP packet with Next Header 144 carried; nil for other sub-types and for too few octets.
  package init?(payload: RawSpan) {
    var reader = ByteReader(payload)
    do throws(DissectionError) {
      let subtype = try reader.u8()
      try reader.skip(1)
      blockOffset = try reader.u16()
      switch subtype {
      case 0: return
      case 1:
        let lossEventRate = try reader.u32()
        try reader.skip(8)
        congestionControl = CongestionControl(
          lossEventRate: lossEventRate, timeValue: try reader.u32(), timeEcho: try reader.u32())
      default: return nil
      }
    } catch {
      return nil
    }
  }

  /// The header as a tree node; `range` is that of the payload.
  package func field(at range: Range<Int>) -> Field {
    let name = congestionControl == nil ? "Non-Congestion-Control" : "Congestion Control"
    var children = [
      Field(
        "sub-type", .number(congestionControl == nil ? 0 : 1, name: name), at: range.part(0, 1)),
      Field("block offset", .number(UInt64(blockOffset)), at: range.part(2, 2)),
    ]
    if let congestionControl {
      children += [
        Field(
          "loss event rate", .number(UInt64(congestionControl.lossEventRate)),
          at: range.part(4, 4)),
        Field("TVal", .number(UInt64(congestionControl.timeValue)), at: range.part(16, 4)),
        Field("TEcho", .number(UInt64(congestionControl.timeEcho)), at: range.part(20, 4)),
      ]
    }
    return Field("AGGFRAG", at: range.part(0, byteCount), children)
  }
}

/// What an ESP packet with Next Header 144 carries (RFC 9347, section 6.1).
package enum AGGFRAGPayload: Equatable, Sendable {
  case header(AGGFRAGHeader)
  case echo(ReceivedESPEcho)

  /// Nil for a sub-type that is not known, and for one that is cut short.
  package init?(payload: RawSpan) {
    if let echo = ReceivedESPEcho(payload: payload) {
      self = .echo(echo)
    } else if let header = AGGFRAGHeader(payload: payload) {
      self = .header(header)
    } else {
      return nil
    }
  }

  package func field(at range: Range<Int>) -> Field {
    switch self {
    case .header(let header): header.field(at: range)
    case .echo(let echo): echo.field(at: range)
    }
  }
}
