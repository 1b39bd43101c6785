package import PacketDissector

/// Which packets an SA or a policy is for (`struct xfrm_selector`).
package struct TrafficMatch: Hashable, Sendable {
  package struct Prefix: Hashable, Sendable {
    package var address: IPAddress
    package var length: UInt8

    package init(_ address: IPAddress, _ length: UInt8) {
      self.address = address
      self.length = length
    }
  }

  package struct Port: Hashable, Sendable {
    package var value: UInt16
    package var mask: UInt16

    package init(value: UInt16, mask: UInt16) {
      self.value = value
      self.mask = mask
    }
  }

  package var source: Prefix
  package var destination: Prefix
  /// Nil is any.
  package var sourcePort: Port?
  package var destinationPort: Port?
  /// An IP protocol; 0 is any.
  package var ipProtocol: UInt8 = 0
  /// The index of an interface; 0 is any.
  package var interface: UInt32 = 0

  package init(source: Prefix, destination: Prefix) {
    self.source = source
    self.destination = destination
  }
}

extension TrafficMatch.Prefix: CustomStringConvertible {
  package var description: String { "\(address)/\(length)" }
}
