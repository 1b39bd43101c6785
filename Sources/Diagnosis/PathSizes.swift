package import PacketDissector

/// Which sizes of packets one host sent another, and what became of them: all that a capture tells of
/// the path MTU in one direction.
package struct PathSizes: Sendable {
  package let source: IPAddress
  package let destination: IPAddress
  /// ESP and AH.
  package private(set) var packets: UInt64 = 0
  /// Bytes of the largest IP packet with ESP or AH; put together, where it came in fragments.
  package private(set) var largestPacket = 0
  /// Of the largest that came whole.
  package private(set) var largestWhole = 0
  package private(set) var inFragments: UInt64 = 0
  /// Bytes of the largest IP packet with IKE, and how many messages came in IP fragments.
  package private(set) var largestIKE = 0
  package private(set) var ikeInFragments: UInt64 = 0
  /// Datagrams of which IP fragments are missing.
  package private(set) var incomplete: UInt64 = 0
  /// ICMP errors that say a packet of this direction was too big.
  package private(set) var tooBig: [ICMPErrors.Entry] = []
  /// The MSS that TCP inside the tunnel announced, lowest and highest.
  package private(set) var segmentSizes: ClosedRange<UInt16>?
  /// Echo requests inside the tunnel, by the size of the inner packet.
  package private(set) var echoes: [Echo] = []

  package struct Echo: Equatable, Sendable {
    package let bytes: Int
    package let sent: UInt64
    package let answered: UInt64
  }

  private init(_ path: Path) {
    source = path.source
    destination = path.destination
  }

  private struct Path: Hashable {
    let source: IPAddress
    let destination: IPAddress
  }

  /// One for each direction between two hosts that sent IPsec, in the order of the capture.
  package static func all(in evidence: CaptureEvidence) -> [PathSizes] {
    var table = Table()
    for flow in evidence.flows.flows {
      table.change(flow.source, flow.destination) { $0.add(flow) }
    }
    for session in evidence.sessions.sessions {
      for message in session.exchanges.flatMap({ [$0.request, $0.response].compactMap { $0 } }) {
        table.change(message.first.source.address, message.first.destination.address) {
          $0.add(message)
        }
      }
    }
    for entry in evidence.icmp.entries where entry.isTooBig {
      table.change(entry.quotedSource.address, entry.quotedDestination.address) {
        $0.tooBig.append(entry)
      }
    }
    for datagram in evidence.fragments.incomplete where datagram.kind != .unknown {
      table.change(datagram.source.address, datagram.destination.address) {
        $0.incomplete &+= datagram.count
      }
    }
    for (path, sizes) in evidence.inner.echoes {
      table.change(path.source, path.destination) { direction in
        direction.echoes = sizes.sorted { $0.key < $1.key }
          .map { Echo(bytes: $0.key, sent: $0.value.sent, answered: $0.value.answered) }
      }
    }
    for segments in evidence.inner.segments where segments.maximumSegmentSize > 0 {
      table.change(segments.outerSource, segments.outerDestination) {
        $0.add(segmentSize: segments.maximumSegmentSize)
      }
    }
    return table.paths
  }

  private struct Table {
    private(set) var paths: [PathSizes] = []
    private var index: [Path: Int] = [:]

    mutating func change(
      _ source: IPAddress, _ destination: IPAddress, _ body: (inout PathSizes) -> Void
    ) {
      let path = Path(source: source, destination: destination)
      let place = index[path] ?? paths.count
      if place == paths.count {
        index[path] = place
        paths.append(PathSizes(path))
      }
      body(&paths[place])
    }
  }

  private mutating func add(_ flow: ESPFlow) {
    packets &+= flow.packets
    largestPacket = max(largestPacket, flow.largestPacket)
    largestWhole = max(largestWhole, flow.largestWhole)
    inFragments &+= flow.inFragments
  }

  private mutating func add(_ message: IKEMessageTrack) {
    largestIKE = max(largestIKE, message.packetBytes)
    if message.ipFragments > 0 { ikeInFragments &+= 1 }
  }

  private mutating func add(segmentSize size: UInt16) {
    guard let known = segmentSizes else { return segmentSizes = size...size }
    segmentSizes = min(known.lowerBound, size)...max(known.upperBound, size)
  }
}
