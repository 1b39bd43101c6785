package import PacketDissector

/// A datagram as it came.
package struct ReceivedDatagram: Equatable, Sendable {
  package var source: Endpoint
  /// The address it was sent to, which tells a host's addresses apart; nil where the kernel does not say.
  package var destination: IPAddress?
  /// Index of the interface it came in by; 0 where the kernel does not say.
  package var interface: UInt32
  /// When the kernel took it from the interface.
  package var time: Timestamp
  /// The IPv4 TTL or the IPv6 hop limit.
  package var hopLimit: UInt8?
  /// DSCP and ECN.
  package var trafficClass: UInt8?
  package var bytes: [UInt8]

  package init(
    source: Endpoint, destination: IPAddress? = nil, interface: UInt32 = 0, time: Timestamp,
    hopLimit: UInt8? = nil, trafficClass: UInt8? = nil, bytes: [UInt8]
  ) {
    self.source = source
    self.destination = destination
    self.interface = interface
    self.time = time
    self.hopLimit = hopLimit
    self.trafficClass = trafficClass
    self.bytes = bytes
  }
}

/// A datagram of a batch, lent where the kernel wrote it: valid as long as the call that hands it over.
package struct LentDatagram: ~Escapable {
  package let source: Endpoint
  /// The address it was sent to; nil where the kernel does not say.
  package let destination: IPAddress?
  /// Index of the interface it came in by; 0 where the kernel does not say.
  package let interface: UInt32
  /// When the kernel took it from the interface.
  package let time: Timestamp
  package let bytes: RawSpan

  @_lifetime(copy bytes)
  init(source: Endpoint, control: ControlMessages, time: Timestamp, bytes: RawSpan) {
    self.source = source
    destination = control.destination
    interface = control.interface
    self.time = time
    self.bytes = bytes
  }
}
