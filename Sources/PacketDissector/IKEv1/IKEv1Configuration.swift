/// The body of an attributes payload: mode config and XAUTH.
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |     Type      |    RESERVED   |           Identifier          |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                           Attributes                          |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// draft-ietf-ipsec-isakmp-mode-cfg-05, section 3.2.
package struct IKEv1Configuration: Equatable, Sendable {
  package var type: IKEv1ConfigurationType
  /// The same in a request and its reply.
  package var identifier: UInt16
  package var attributes: [IKEv1Attribute]

  package init(type: IKEv1ConfigurationType, identifier: UInt16, attributes: [IKEv1Attribute]) {
    self.type = type
    self.identifier = identifier
    self.attributes = attributes
  }

  @_lifetime(reader: copy reader)
  package init(
    from reader: inout ByteReader, stop: inout DissectionError?
  ) throws(DissectionError) {
    type = IKEv1ConfigurationType(rawValue: try reader.u8())
    try reader.skip(1)
    identifier = try reader.u16()
    attributes = IKEv1Attribute.list(from: &reader, in: .configuration, stop: &stop)
  }

  package func write(to writer: inout ByteWriter) {
    writer.u8(type.rawValue)
    writer.u8(0)
    writer.u16(identifier)
    for attribute in attributes { attribute.write(to: &writer) }
  }
}

/// What the value of a mode-config, XAUTH or Cisco Unity attribute means.
///
/// draft-ietf-ipsec-isakmp-mode-cfg-05, section 3.3; draft-beaulieu-ike-xauth-02, section 6.2.
package enum IKEv1ConfigurationValue: Equatable, Sendable {
  package struct Network: Equatable, Sendable {
    package var address: IPAddress
    package var mask: IPAddress

    package init(address: IPAddress, mask: IPAddress) {
      self.address = address
      self.mask = mask
    }
  }

  /// In a request: the value is asked for.
  case empty
  case number(UInt64, name: String?)
  case address(IPAddress)
  case subnet(IPAddress, mask: IPAddress)
  case prefix(IPAddress, bits: UInt8)
  /// The attribute types that the sender supports.
  case types([IKEv1ConfigurationAttributeType])
  /// Networks of split tunnelling, Cisco's.
  case networks([Network])
  /// Text by its type, though any octets may arrive.
  case text([UInt8])
  /// A password or the like: not to be shown, nor how long it is.
  case secret
  case opaque([UInt8])

  package init(_ attribute: IKEv1Attribute) {
    guard case .variable(let bytes) = attribute.value else {
      self =
        attribute.isSecret
        ? .secret : .number(attribute.number ?? 0, name: attribute.valueName)
      return
    }
    guard !bytes.isEmpty else {
      self = .empty
      return
    }
    guard !attribute.isSecret else {
      self = .secret
      return
    }
    self = Self.meaning(of: bytes, attribute) ?? .opaque(bytes)
  }

  private static func meaning(of bytes: [UInt8], _ attribute: IKEv1Attribute) -> Self? {
    guard case .configuration(let type) = attribute.kind else { return nil }
    switch type {
    case .internalIP4Address, .internalIP4Netmask, .internalIP4DNS, .internalIP4NBNS,
      .internalIP4DHCP, .internalIP6Address, .internalIP6Netmask, .internalIP6DNS,
      .internalIP6NBNS, .internalIP6DHCP:
      return IPAddress(octets: bytes).map(Self.address)
    case .internalIP4Subnet:
      guard let address = IPAddress(octets: bytes.prefix(4)),
        let mask = IPAddress(octets: bytes.dropFirst(4)), bytes.count == 8
      else { return nil }
      return .subnet(address, mask: mask)
    case .internalIP6Subnet:
      guard bytes.count == 17, let address = IPAddress(octets: bytes.prefix(16)) else {
        return nil
      }
      return .prefix(address, bits: bytes[16])
    case .supportedAttributes:
      guard bytes.count.isMultiple(of: 2) else { return nil }
      return .types(
        stride(from: 0, to: bytes.count, by: 2).map {
          IKEv1ConfigurationAttributeType(
            rawValue: (UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])) & 0x7FFF)
        })
    case .unitySplitInclude, .unitySplitExclude:
      return networks(bytes)
    case .applicationVersion, .xauthUserName, .xauthMessage, .xauthDomain, .unityBanner,
      .unityDefDomain, .unitySplitDomain, .unityBackupServers, .unityDdnsHostname,
      .chkptDefDomain:
      return .text(bytes)
    case .internalAddressExpiry, .xauthType, .xauthStatus, .unitySavePasswd, .unityNattPort,
      .unityPfs:
      return attribute.number.map { .number($0, name: attribute.valueName) }
    default:
      return nil
    }
  }

  /// Entries of 14 octets: address, mask, and six (protocol and ports) that are sent as zero.
  private static func networks(_ bytes: [UInt8]) -> Self? {
    guard bytes.count.isMultiple(of: 14) else { return nil }
    var networks: [Network] = []
    for start in stride(from: 0, to: bytes.count, by: 14) {
      guard let address = IPAddress(octets: bytes[start..<start + 4]),
        let mask = IPAddress(octets: bytes[start + 4..<start + 8])
      else { return nil }
      networks.append(Network(address: address, mask: mask))
    }
    return .networks(networks)
  }
}
