package import PacketDissector

extension KernelPolicy {
  /// `struct xfrm_userpolicy_info` with the filler that C puts at its end.
  package static let fixedBytes = 168

  /// Reads the payload of an XFRM_MSG_NEWPOLICY: `struct xfrm_userpolicy_info`, then attributes. Those that
  /// are not known, or shorter than is known, make no difference.
  package init(from reader: inout ByteReader) throws(DissectionError) {
    try self.init(fixed: &reader)
    try readAttributes(&reader)
  }

  /// Reads the structure alone.
  init(fixed reader: inout ByteReader) throws(DissectionError) {
    var fixed = try reader.slice(Self.fixedBytes, by: .headerLength)
    let start = fixed.offset
    guard let selector = try TrafficMatch(selector: &fixed) else {
      // A policy always has a family, as the kernel keeps them by it.
      throw fixed.error(.badValue(field: "family", value: 0), at: start + 40)
    }
    let limits = try KernelSA.Limits(from: &fixed)
    // Bytes, which no policy counts.
    try fixed.skip(8)
    let packets = try fixed.host64()
    let added = Timestamp(kernelSeconds: try fixed.host64())
    let lastUsed = Timestamp(kernelSeconds: try fixed.host64())
    let priority = try fixed.host32()
    let index = try fixed.host32()
    let directionOffset = fixed.offset
    let direction = try fixed.u8()
    let action = try fixed.u8()
    guard let direction = Direction(rawValue: direction) else {
      throw fixed.error(
        .badValue(field: "direction", value: UInt64(direction)), at: directionOffset)
    }
    guard let action = Action(rawValue: action) else {
      throw fixed.error(.badValue(field: "action", value: UInt64(action)), at: directionOffset + 1)
    }
    self.init(selector, direction)
    self.limits = limits
    self.packets = packets
    self.added = added
    self.lastUsed = lastUsed
    self.priority = priority
    self.index = index
    self.action = action
  }

  mutating func readAttributes(_ reader: inout ByteReader) throws(DissectionError) {
    while !reader.isAtEnd {
      let header = try NetlinkAttribute(from: &reader)
      var value = try reader.value(of: header)
      if header.type == XFRMPolicyAttribute.templates {
        try readTemplates(&value)
      } else if let attribute = XFRMAttribute(rawValue: header.type),
        value.remaining >= attribute.minimumBytes
      {
        switch attribute {
        case .mark: mark = try KernelSA.Mark(from: &value)
        case .interfaceID: interfaceID = try value.host32()
        case .offload: isOffloaded = true
        default: break
        }
      }
    }
  }

  private mutating func readTemplates(_ value: inout ByteReader) throws(DissectionError) {
    templates = []
    while value.remaining >= Template.byteCount { templates.append(try Template(from: &value)) }
  }
}

extension KernelPolicy.Template {
  /// `struct xfrm_user_tmpl`.
  package static let byteCount = 64

  package init(from reader: inout ByteReader) throws(DissectionError) {
    let destination = try XFRMAddress(from: &reader)
    let spi = try reader.u32()
    let ipProtocol = try reader.u8()
    try reader.skip(3)
    let familyOffset = reader.offset
    let family = try reader.host16()
    try reader.skip(2)
    let source = try XFRMAddress(from: &reader)
    let reqID = try reader.host32()
    let mode = try reader.u8()
    // Whether SAs are shared.
    try reader.skip(1)
    let isOptional = try reader.u8() != 0
    // Filler, and which algorithms are allowed, of which no daemon makes use.
    try reader.skip(13)
    guard let source = source.address(family: family),
      let destination = destination.address(family: family)
    else {
      throw reader.error(.badValue(field: "family", value: UInt64(family)), at: familyOffset)
    }
    self.init(source: source, destination: destination)
    self.spi = spi
    self.ipProtocol = ipProtocol
    self.reqID = reqID
    self.mode = mode
    self.isOptional = isOptional
  }
}
