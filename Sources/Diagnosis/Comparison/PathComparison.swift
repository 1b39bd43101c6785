package import PacketDissector

/// What went between two hosts, as far as both captures lie on their path.
package struct PathComparison: Sendable {
  /// The host on A's side and the one on B's, by the addresses that capture A shows.
  package let hostAtA: IPAddress
  package let hostAtB: IPAddress
  package internal(set) var fromA: DirectionComparison
  package internal(set) var fromB: DirectionComparison
  /// What NAT made of their addresses and ports on the way, at most ``mappingLimit``.
  package private(set) var mappings: [Mapping] = []
  private static let mappingLimit = 64

  /// One end of a path as each capture shows it.
  package struct Mapping: Sendable {
    /// Which of the two hosts it is: the one on that capture's side.
    package let side: CaptureLabel
    package let atA: Endpoint
    package let atB: Endpoint
    package let frameAtA: FrameReference
    package let frameAtB: FrameReference
    package fileprivate(set) var packets: UInt64 = 1

    package var isTranslated: Bool { atA != atB }
  }

  init(_ hosts: AddressPair) {
    hostAtA = hosts.source
    hostAtB = hosts.destination
    fromA = DirectionComparison(isFromA: true, hosts)
    fromB = DirectionComparison(isFromA: false, hosts.back)
  }

  package var directions: [DirectionComparison] { [fromA, fromB] }
  package var translations: [Mapping] { mappings.filter(\.isTranslated) }
  package var matched: UInt64 {
    fromA.total { _ in true }.arrived &+ fromB.total { _ in true }.arrived
  }

  /// Notes how both captures show the ends of a packet.
  mutating func note(
    _ atA: PacketLog.Path, _ atB: PacketLog.Path, isFromA: Bool, _ frameAtA: FrameReference,
    _ frameAtB: FrameReference
  ) {
    note(isFromA ? .a : .b, atA.source, atB.source, frameAtA, frameAtB)
    note(isFromA ? .b : .a, atA.destination, atB.destination, frameAtA, frameAtB)
  }

  private mutating func note(
    _ side: CaptureLabel, _ atA: Endpoint, _ atB: Endpoint, _ frameAtA: FrameReference,
    _ frameAtB: FrameReference
  ) {
    let known = mappings.firstIndex { $0.side == side && $0.atA == atA && $0.atB == atB }
    if let known {
      mappings[known].packets &+= 1
    } else if mappings.count < Self.mappingLimit {
      mappings.append(
        Mapping(side: side, atA: atA, atB: atB, frameAtA: frameAtA, frameAtB: frameAtB))
    }
  }

  mutating func close() {
    fromA.close()
    fromB.close()
  }
}
