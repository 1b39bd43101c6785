package import PacketDissector

/// What the trackers need of a frame beside its records.
package struct Sighting: Sendable {
  package var frame: FrameReference
  package var source: IPAddress
  package var destination: IPAddress
  package var sourcePort: UInt16
  package var destinationPort: UInt16
  package var hopLimit: UInt8
  package var trafficClass: UInt8
  package var doNotFragment: Bool
  /// Bytes of the IP packet; of the whole datagram where it came in fragments.
  package var packetBytes: Int
  /// IP fragments that carried it; zero for a whole packet.
  package var ipFragments: UInt16

  package var sourceEnd: Endpoint { Endpoint(source, sourcePort) }
  package var destinationEnd: Endpoint { Endpoint(destination, destinationPort) }
}
