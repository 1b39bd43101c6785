internal import PacketDissector

// What rules say of a flow.

extension ESPFlow {
  var subject: Finding.Subject { .flow(spi: spi, source: source, destination: destination) }

  /// "ESP c0de0001 from 192.0.2.1 to 192.0.2.2"
  var name: Statement {
    "\(isAH ? "AH" : "ESP") \(spi: spi) from \(source) to \(destination)"
  }

  /// Distinct packets: without copies of the capture's or the network's.
  var distinctPackets: UInt64 { packets &- min(packets, copies.atOnce &+ copies.later) }

  /// A port mirrors it twice: nearly all packets come again at once.
  var isMirrored: Bool {
    copies.atOnce >= 8 && copies.atOnce * 5 >= distinctPackets * 4
  }

  /// Its sequence numbers are one sender's, counted on.
  var isCountedOn: Bool { copies.different < 2 && sequence.restarts == 0 }
}

extension CaptureEvidence {
  /// The flows of one sender to one receiver.
  func flows(_ source: IPAddress, _ destination: IPAddress) -> [ESPFlow] {
    guard let entry = peers.known(source, destination) else { return [] }
    // Beyond the limit of the table, pairs share an entry.
    return flows.flows(ofPeers: entry)
      .filter { $0.source == source && $0.destination == destination }
  }
}

/// One sender and one receiver, by their outer addresses.
struct OuterPath: Hashable {
  let source: IPAddress
  let destination: IPAddress

  var back: OuterPath { OuterPath(source: destination, destination: source) }
  var inner: InnerTraffic.Path { InnerTraffic.Path(source: source, destination: destination) }
}
