internal import CLinux
package import PacketDissector

extension KernelEvent {
  /// Reads the payload of a message; nil for a type that is not one of these events.
  package init?(_ type: UInt16, _ payload: RawSpan) throws(DissectionError) {
    var reader = ByteReader(payload)
    switch Int(type) {
    case Int(XFRM_MSG_NEWSA): self = .saAdded(try KernelSA(from: &reader))
    case Int(XFRM_MSG_UPDSA): self = .saUpdated(try KernelSA(from: &reader))
    case Int(XFRM_MSG_DELSA): self = .saDeleted(try KernelSA(deletion: &reader))
    case Int(XFRM_MSG_FLUSHSA): self = .sasFlushed(ipProtocol: try reader.u8())
    case Int(XFRM_MSG_EXPIRE):
      var sa = try KernelSA(fixed: &reader)
      let isHard = try Self.isHard(&reader)
      var names = AlgorithmNames()
      try sa.readAttributes(&reader, &names, withKeys: false)
      self = .saExpired(sa, isHard: isHard)
    case Int(XFRM_MSG_ACQUIRE): self = .saWanted(try Acquire(from: &reader))
    case Int(XFRM_MSG_NEWPOLICY): self = .policyAdded(try KernelPolicy(from: &reader))
    case Int(XFRM_MSG_UPDPOLICY): self = .policyUpdated(try KernelPolicy(from: &reader))
    case Int(XFRM_MSG_DELPOLICY): self = .policyDeleted(try KernelPolicy(deletion: &reader))
    case Int(XFRM_MSG_FLUSHPOLICY): self = .policiesFlushed
    case Int(XFRM_MSG_POLEXPIRE):
      var policy = try KernelPolicy(fixed: &reader)
      let isHard = try Self.isHard(&reader)
      try policy.readAttributes(&reader)
      self = .policyExpired(policy, isHard: isHard)
    default: return nil
    }
  }

  /// Whether a limit is the hard one, with the filler that C puts behind it.
  private static func isHard(_ reader: inout ByteReader) throws(DissectionError) -> Bool {
    let isHard = try reader.u8() != 0
    try reader.skip(7)
    return isHard
  }
}

extension KernelEvent.Acquire {
  fileprivate init(from reader: inout ByteReader) throws(DissectionError) {
    let destination = try XFRMAddress(from: &reader)
    try reader.skip(4)
    ipProtocol = try reader.u8()
    try reader.skip(3)
    let source = try XFRMAddress(from: &reader)
    packet = try TrafficMatch(selector: &reader)
    policy = try KernelPolicy(fixed: &reader)
    // Which algorithms are allowed.
    try reader.skip(12)
    sequence = try reader.host32()
    var attributes = copy reader
    try policy.readAttributes(&reader)
    cpu = nil
    while !attributes.isAtEnd {
      let header = try NetlinkAttribute(from: &attributes)
      var value = try attributes.value(of: header)
      if header.type == XFRMAttribute.cpu.rawValue, value.remaining >= 4 {
        cpu = try value.host32()
      }
    }
    // The addresses' family is that of the tunnel, not of what is to go through it.
    let isIPv6 = policy.templates.first?.destination.isIPv6 ?? policy.selector.source.address.isIPv6
    let family: UInt16 = isIPv6 ? 10 : 2
    guard let source = source.address(family: family),
      let destination = destination.address(family: family)
    else { throw reader.error(.badValue(field: "family", value: UInt64(family)), at: 0) }
    self.source = source
    self.destination = destination
  }
}

extension KernelSA {
  /// Reads the payload of an XFRM_MSG_DELSA: `struct xfrm_usersa_id`, then attributes, of which the first has
  /// the structure that otherwise comes before them (since Linux 2.6.19).
  fileprivate init(deletion reader: inout ByteReader) throws(DissectionError) {
    try reader.skip(XFRMStructure.idBytes)
    var structure = try reader.value(ofFirst: XFRMPolicyAttribute.sa)
    try self.init(fixed: &structure)
    var names = AlgorithmNames()
    try readAttributes(&reader, &names, withKeys: false)
  }
}

extension KernelPolicy {
  /// Reads the payload of an XFRM_MSG_DELPOLICY: `struct xfrm_userpolicy_id`, then as above.
  fileprivate init(deletion reader: inout ByteReader) throws(DissectionError) {
    // A selector, an index, a direction and filler.
    try reader.skip(XFRMStructure.selectorBytes + 8)
    var structure = try reader.value(ofFirst: XFRMPolicyAttribute.policy)
    try self.init(fixed: &structure)
    try readAttributes(&reader)
  }
}

extension ByteReader {
  /// The value of the next attribute, which must be of that type.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  fileprivate mutating func value(ofFirst type: UInt16) throws(DissectionError) -> ByteReader {
    let start = offset
    let header = try NetlinkAttribute(from: &self)
    guard header.type == type else {
      throw error(.badValue(field: "attribute", value: UInt64(header.type)), at: start)
    }
    return try value(of: header)
  }
}
