internal import IPsecCrypto
package import PacketDissector

/// The attributes of an SA that are read here (linux/xfrm.h: XFRMA_…).
package enum XFRMAttribute: UInt16, CaseIterable, Sendable {
  case integrity = 1
  case cipher = 2
  case encapsulation = 4
  case replay = 10
  case aead = 18
  case truncatedIntegrity = 20
  case mark = 21
  case extendedReplay = 23
  case interfaceID = 31
  case direction = 33
}

extension KernelSA {
  /// `struct xfrm_usersa_info` with the filler that C puts at its end.
  package static let fixedBytes = 224

  /// Reads the payload of an XFRM_MSG_NEWSA: `struct xfrm_usersa_info`, then attributes. What is
  /// attached to the SA comes in the machine's byte order, what is also on the wire in the network's.
  package init(from reader: inout ByteReader) throws(DissectionError) {
    var fixed = try reader.slice(Self.fixedBytes, by: .headerLength)
    // The selector.
    try fixed.skip(56)
    let destination = try fixed.bytes(16)
    let spi = try fixed.u32()
    let ipProtocol = try fixed.u8()
    try fixed.skip(3)
    let source = try fixed.bytes(16)
    // The lifetime's limits.
    try fixed.skip(64)
    let bytes = try fixed.host64()
    let packets = try fixed.host64()
    // When it was made, and first used.
    try fixed.skip(16)
    let counters = Counters(
      bytes: bytes, packets: packets, beforeWindow: try fixed.host32(),
      replayed: try fixed.host32(), integrityFailed: try fixed.host32())
    // The number of the acquire message that asked for it.
    try fixed.skip(4)
    let reqID = try fixed.host32()
    let familyOffset = fixed.offset
    let family = try fixed.host16()
    let mode = try fixed.u8()
    let window = UInt32(try fixed.u8())
    let flags = Flags(rawValue: try fixed.u8())
    guard let source = IPAddress(source, family), let destination = IPAddress(destination, family)
    else {
      throw fixed.error(.badValue(field: "family", value: UInt64(family)), at: familyOffset)
    }
    self.init(source: source, destination: destination, spi: spi, ipProtocol: ipProtocol)
    self.counters = counters
    self.reqID = reqID
    self.mode = mode
    self.flags = flags
    usesESN = flags.contains(.esn)
    replay.window = window
    try readAttributes(&reader)
  }

  private mutating func readAttributes(_ reader: inout ByteReader) throws(DissectionError) {
    while !reader.isAtEnd {
      let start = reader.offset
      let length = Int(try reader.host16())
      // The two bits above the number are flags.
      let type = try reader.host16() & 0x3FFF
      guard length >= 4 else {
        throw reader.error(.badLength(claimed: length, minimum: 4), at: start)
      }
      var value = try reader.slice(length - 4, by: .attributeLength)
      try reader.skipFiller(after: length)
      if let attribute = XFRMAttribute(rawValue: type) { try read(attribute, &value) }
    }
  }

  private mutating func read(
    _ attribute: XFRMAttribute, _ value: inout ByteReader
  ) throws(DissectionError) {
    switch attribute {
    case .cipher: cipher = try Algorithm(from: &value, hasICVLength: false)
    case .aead: aead = try Algorithm(from: &value, hasICVLength: true)
    case .integrity:
      // The kernel tells both; the other one says more.
      let told = try Algorithm(from: &value, hasICVLength: false)
      if integrity == nil { integrity = told }
    case .truncatedIntegrity: integrity = try Algorithm(from: &value, hasICVLength: true)
    case .encapsulation:
      encapsulation = Encapsulation(
        type: try value.host16(), sourcePort: try value.u16(), destinationPort: try value.u16())
    case .replay:
      replay.outgoing = UInt64(try value.host32())
      replay.incoming = UInt64(try value.host32())
    case .extendedReplay:
      // The bitmap's length in words; the bitmap itself comes last.
      try value.skip(4)
      let low = (outgoing: try value.host32(), incoming: try value.host32())
      let high = (outgoing: try value.host32(), incoming: try value.host32())
      replay = Replay(
        outgoing: UInt64(high.outgoing) << 32 | UInt64(low.outgoing),
        incoming: UInt64(high.incoming) << 32 | UInt64(low.incoming), window: try value.host32())
    case .mark: mark = Mark(value: try value.host32(), mask: try value.host32())
    case .interfaceID: interfaceID = try value.host32()
    case .direction: direction = Direction(rawValue: try value.u8())
    }
  }
}

extension KernelSA.Algorithm {
  /// `struct xfrm_algo`, or with the ICV's length `struct xfrm_algo_auth` and `xfrm_algo_aead`: a
  /// name in 64 bytes, the key's length in bits, the key.
  fileprivate init(
    from reader: inout ByteReader, hasICVLength: Bool
  ) throws(DissectionError) {
    name = String(decoding: try reader.bytes(64).prefix { $0 != 0 }, as: UTF8.self)
    let bits = Int(try reader.host32())
    icvBits = hasICVLength ? Int(try reader.host32()) : nil
    var bytes = try reader.bytes((bits + 7) / 8)
    key = Secret(consuming: &bytes)
  }
}

extension IPAddress {
  /// An `xfrm_address_t`: 16 bytes, of which IPv4 takes the first four. Nil for a family that is
  /// neither.
  fileprivate init?(_ bytes: [UInt8], _ family: UInt16) {
    switch family {
    case 2: self.init(octets: bytes.prefix(4))
    case 10: self.init(octets: bytes)
    default: return nil
    }
  }
}
