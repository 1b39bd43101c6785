internal import IPsecCrypto
package import PacketDissector

extension KernelSA {
  /// `struct xfrm_usersa_info` with the filler that C puts at its end.
  package static let fixedBytes = 224

  /// Reads the payload of an XFRM_MSG_NEWSA: `struct xfrm_usersa_info`, then attributes. Those that are not
  /// known, or shorter than is known, make no difference: kernels differ in what they tell. Keys are copied
  /// only where asked for; else each is empty.
  package init(from reader: inout ByteReader, withKeys: Bool = false) throws(DissectionError) {
    var names = AlgorithmNames()
    try self.init(from: &reader, &names, withKeys: withKeys)
  }

  init(
    from reader: inout ByteReader, _ names: inout AlgorithmNames, withKeys: Bool
  ) throws(DissectionError) {
    try self.init(fixed: &reader)
    try readAttributes(&reader, &names, withKeys: withKeys)
  }

  /// Where the family of the addresses stands.
  private static let familyOffset = 212

  /// Reads the structure alone.
  init(fixed reader: inout ByteReader) throws(DissectionError) {
    var fixed = try reader.slice(Self.fixedBytes, by: .headerLength)
    var ahead = copy fixed
    try ahead.skip(Self.familyOffset)
    let selector = try TrafficMatch(selector: &fixed, orFamily: try ahead.host16())
    let destination = try XFRMAddress(from: &fixed)
    let spi = try fixed.u32()
    let ipProtocol = try fixed.u8()
    try fixed.skip(3)
    let source = try XFRMAddress(from: &fixed)
    let limits = try Limits(from: &fixed)
    let bytes = try fixed.host64()
    let packets = try fixed.host64()
    let added = Timestamp(kernelSeconds: try fixed.host64())
    let firstUsed = Timestamp(kernelSeconds: try fixed.host64())
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
    guard let source = source.address(family: family),
      let destination = destination.address(family: family)
    else {
      throw fixed.error(.badValue(field: "family", value: UInt64(family)), at: familyOffset)
    }
    self.init(source: source, destination: destination, spi: spi, ipProtocol: ipProtocol)
    self.selector = selector
    self.limits = limits
    self.added = added
    self.firstUsed = firstUsed
    self.counters = counters
    self.reqID = reqID
    self.mode = mode
    self.flags = flags
    usesESN = flags.contains(.esn)
    replay.window = window
  }

  mutating func readAttributes(
    _ reader: inout ByteReader, _ names: inout AlgorithmNames, withKeys: Bool
  ) throws(DissectionError) {
    while !reader.isAtEnd {
      let header = try NetlinkAttribute(from: &reader)
      var value = try reader.value(of: header)
      guard let attribute = XFRMAttribute(rawValue: header.type),
        value.remaining >= attribute.minimumBytes
      else { continue }
      switch attribute {
      case .cipher, .aead, .integrity, .truncatedIntegrity, .compression:
        try readAlgorithm(attribute, &value, &names, withKeys: withKeys)
      default: try read(attribute, &value)
      }
    }
  }

  private mutating func readAlgorithm(
    _ attribute: XFRMAttribute, _ value: inout ByteReader, _ names: inout AlgorithmNames,
    withKeys: Bool
  ) throws(DissectionError) {
    let hasICVLength = attribute == .aead || attribute == .truncatedIntegrity
    let told = try Algorithm(
      from: &value, &names, hasICVLength: hasICVLength, withKeys: withKeys)
    switch attribute {
    case .cipher: cipher = told
    case .aead: aead = told
    case .truncatedIntegrity: integrity = told
    // The kernel tells both; the other one says more.
    case .integrity: if integrity == nil { integrity = told }
    default: compression = told.name
    }
  }

  private mutating func read(
    _ attribute: XFRMAttribute, _ value: inout ByteReader
  ) throws(DissectionError) {
    switch attribute {
    case .encapsulation:
      encapsulation = Encapsulation(
        type: try value.host16(), sourcePort: try value.u16(), destinationPort: try value.u16())
    case .replay: if !replay.hasBitmap { try replay.read(&value) }
    case .extendedReplay: try replay.readExtended(&value)
    case .lastUsed: lastUsed = Timestamp(kernelSeconds: try value.host64())
    case .mark: mark = try Mark(from: &value)
    case .outputMark: outputMark = Mark(value: try value.host32(), mask: outputMark?.mask ?? .max)
    case .outputMarkMask: outputMark = Mark(value: outputMark?.value ?? 0, mask: try value.host32())
    case .trafficPadding: trafficPadding = try value.host32()
    case .extraFlags: extraFlags = ExtraFlags(rawValue: try value.host32())
    case .offload: try readOffload(&value)
    case .interfaceID: interfaceID = try value.host32()
    case .direction: direction = Direction(rawValue: try value.u8()) ?? direction
    case .cpu: cpu = try value.host32()
    case .integrity, .cipher, .compression, .aead, .truncatedIntegrity: break
    }
  }

  /// `struct xfrm_user_offload`, which says the direction also where older kernels do not.
  private mutating func readOffload(_ value: inout ByteReader) throws(DissectionError) {
    let interface = try value.host32()
    let flags = try value.u8()
    offload = Offload(interface: interface, isWholePacket: flags & 4 != 0)
    if direction == nil { direction = flags & 2 != 0 ? .incoming : .outgoing }
  }
}

extension KernelSA.Replay {
  /// Reads a `struct xfrm_replay_state`; the window's size stands elsewhere.
  fileprivate mutating func read(_ value: inout ByteReader) throws(DissectionError) {
    outgoing = UInt64(try value.host32())
    incoming = UInt64(try value.host32())
    let bitmap = try value.host32()
    // The lowest bit is the highest number's.
    let inWindow = window >= 32 ? UInt32.max : (1 << window) &- 1
    received = UInt32((bitmap & inWindow).nonzeroBitCount)
  }

  /// Reads a `struct xfrm_replay_state_esn`, whose bitmap is a ring: a number's bit is that of its rest by
  /// the window's size, so that all of the first `window` bits lie within the window.
  fileprivate mutating func readExtended(_ value: inout ByteReader) throws(DissectionError) {
    let words = try value.host32()
    let low = (outgoing: try value.host32(), incoming: try value.host32())
    let high = (outgoing: try value.host32(), incoming: try value.host32())
    self = KernelSA.Replay(
      outgoing: UInt64(high.outgoing) << 32 | UInt64(low.outgoing),
      incoming: UInt64(high.incoming) << 32 | UInt64(low.incoming), window: try value.host32())
    hasBitmap = true
    let present = min(UInt64(words), UInt64(value.remaining / 4)) * 32
    guard UInt64(window) <= present else { return }
    var count: UInt32 = 0
    var left = window
    while left > 0 {
      let word = try value.host32()
      let inWindow = left >= 32 ? UInt32.max : (1 << left) &- 1
      count += UInt32((word & inWindow).nonzeroBitCount)
      left -= min(left, 32)
    }
    received = count
  }
}

extension KernelSA.Algorithm {
  private static let noKey = Secret(copying: [])

  /// `struct xfrm_algo`, or with the ICV's length `struct xfrm_algo_auth` and `xfrm_algo_aead`: a
  /// name in 64 bytes, the key's length in bits, the key.
  fileprivate init(
    from reader: inout ByteReader, _ names: inout AlgorithmNames, hasICVLength: Bool,
    withKeys: Bool
  ) throws(DissectionError) {
    let name = try names.name(from: &reader)
    let bits = try reader.host32()
    let icvBits = hasICVLength ? Int(try reader.host32()) : nil
    let byteCount = (Int(bits) + 7) / 8
    if withKeys {
      var bytes = try reader.bytes(byteCount)
      self.init(name: name, key: Secret(consuming: &bytes), icvBits: icvBits)
    } else {
      try reader.skip(byteCount)
      self.init(name: name, key: Self.noKey, icvBits: icvBits)
    }
    keyBits = bits
  }
}
