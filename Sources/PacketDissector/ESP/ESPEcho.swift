/// An ESP echo message: what stands in an ESP packet with Next Header 144.
///
///     +- sub-type 8 -+- R 1, reserved 7 -+- data length 16 -+
///     +- identifier 16 -+- sequence number 16 -+
///     +- reply path SPI 32: always, or with R alone -+- data -+
///
/// From the working copy that merges draft-ietf-ipsecme-encrypted-esp-ping (-05 line) with
/// draft-ietf-ipsecme-esp-ping, and from the drafts before. Experimental: sub-types and SPIs have no numbers of
/// IANA's.
package struct ESPEcho: Equatable, Sendable {
  package enum Kind: UInt8, Sendable {
    case request = 2
    case reply = 3
  }

  /// The next header of AGGFRAG payloads (RFC 9347, section 6.1), which an echo is one of.
  package static let nextHeader: UInt8 = 144
  private static let replyFlag: UInt8 = 0x80

  package var kind: Kind
  /// R: in the merged format whether a reply is wanted at all, before that whether it is wanted on
  /// ``replySPI``.
  package var hasReplyFlag: Bool
  package var identifier: UInt16
  package var sequence: UInt16
  /// Nil where the header has none: without R, in all formats but the merged one.
  package var replySPI: UInt32?
  package var data: [UInt8]

  package init(
    _ kind: Kind, hasReplyFlag: Bool, identifier: UInt16, sequence: UInt16, replySPI: UInt32?,
    data: [UInt8]
  ) {
    self.kind = kind
    self.hasReplyFlag = hasReplyFlag
    self.identifier = identifier
    self.sequence = sequence
    self.replySPI = replySPI
    self.data = data
  }

  /// Octets before the data.
  package var headerBytes: Int { replySPI == nil ? 8 : 12 }

  /// Whether the sender wants a reply. Where the header has no SPI it is of the drafts, in which every
  /// request does.
  package var asksReply: Bool { kind == .request && (hasReplyFlag || replySPI == nil) }

  /// The message's octets. Data past 65,535 octets is left out.
  package var payload: [UInt8] {
    let data = data.prefix(Int(UInt16.max))
    var writer = ByteWriter()
    writer.u8(kind.rawValue)
    writer.u8(hasReplyFlag ? Self.replyFlag : 0)
    writer.u16(UInt16(truncatingIfNeeded: data.count))
    writer.u16(identifier)
    writer.u16(sequence)
    if let replySPI { writer.u32(replySPI) }
    writer.append(Array(data))
    return writer.bytes
  }
}

/// An ESP echo message off the wire, and what its length says of its format.
package struct ReceivedESPEcho: Equatable, Sendable {
  package var echo: ESPEcho
  /// Octets behind the data that belong to neither it nor the ESP trailer: the merged text wants none.
  package var surplusBytes: Int

  /// Reads what an ESP packet with Next Header 144 carried; nil for another sub-type, and for a data length
  /// that does not fit.
  ///
  /// Without R a length that fits no format exactly is taken for the merged one.
  package init?(payload: RawSpan) {
    var reader = ByteReader(payload)
    do throws(DissectionError) {
      guard let kind = ESPEcho.Kind(rawValue: try reader.u8()) else { return nil }
      let hasReplyFlag = try reader.u8() & 0x80 != 0
      let dataBytes = Int(try reader.u16())
      let identifier = try reader.u16()
      let sequence = try reader.u16()
      let isShort = !hasReplyFlag && reader.remaining == dataBytes
      let replySPI = isShort ? nil : try reader.u32()
      echo = ESPEcho(
        kind, hasReplyFlag: hasReplyFlag, identifier: identifier, sequence: sequence,
        replySPI: replySPI, data: try reader.bytes(dataBytes))
      surplusBytes = reader.remaining
    } catch {
      return nil
    }
  }

  /// The formats that have such a message. With R the encrypted ones are the same.
  package var formats: [ESPEchoFormat] {
    guard echo.replySPI != nil else { return [.draft03] }
    return echo.hasReplyFlag && surplusBytes == 0 ? [.merged, .draft03] : [.merged]
  }
}

/// The wire formats of ESP echo that there have been.
package enum ESPEchoFormat: String, CaseIterable, Sendable {
  /// The working copy of 2026 that merges both documents: a header of 12 octets.
  case merged
  /// draft-ietf-ipsecme-encrypted-esp-ping up to -04: 8 octets, and 4 more with R.
  case draft03
  /// The Linux development branch and draft-ietf-ipsecme-esp-ping: in clear, without trailer.
  case kernel
  /// The first text of 2023: in clear, and nothing but padding.
  case colitti2023

  /// Whether it goes through an SA.
  package var isEncrypted: Bool { self == .merged || self == .draft03 }
  /// Whether it goes in clear on the SPIs 7 and 8.
  package var isUnencrypted: Bool { self != .draft03 }

  /// What it calls itself for a person.
  package var title: String {
    switch self {
    case .merged: "merged"
    case .draft03: "draft -03"
    case .kernel: "development kernel"
    case .colitti2023: "draft of 2023"
    }
  }
}

extension ReceivedESPEcho {
  /// The message as a tree node. `range` is where it stood.
  package func field(at range: Range<Int>) -> Field {
    let kind = echo.kind == .request ? "ESP-ECHO-REQUEST" : "ESP-ECHO-REPLY"
    var children = [
      Field("sub-type", .number(UInt64(echo.kind.rawValue), name: kind), at: range.part(0, 1)),
      Field(
        "flags", .flags(echo.hasReplyFlag ? 0x80 : 0, names: echo.hasReplyFlag ? ["R"] : []),
        at: range.part(1, 1)),
      Field("data length", .number(UInt64(echo.data.count)), at: range.part(2, 2)),
      Field("identifier", .hex(UInt64(echo.identifier), digits: 4), at: range.part(4, 2)),
      Field("sequence number", .number(UInt64(echo.sequence)), at: range.part(6, 2)),
    ]
    if let spi = echo.replySPI {
      children.append(
        Field("reply path SPI", .hex(UInt64(spi), digits: 8), at: range.part(8, 4)))
    }
    children.append(
      Field("data", at: range.part(echo.headerBytes, echo.data.count)))
    if surplusBytes > 0 {
      children.append(
        Field(
          "surplus behind the data", .number(UInt64(surplusBytes)),
          at: range.part(echo.headerBytes + echo.data.count, surplusBytes)))
    }
    return Field("ESP echo, experimental", at: range, children)
  }
}
