package import Diagnosis

/// Which sizes of inner packets pass a tunnel.
package struct InnerSizes: Sendable {
  /// Which way a size was tried.
  package enum Direction: CaseIterable, Sendable {
    /// The request has the size by padding behind it, DF set, and its answer is small.
    case there
    /// Request and answer have the size, and the request DF.
    case thereAndBack
    /// Both have the size; the request may come in IP fragments, so that the way there is no limit as long as
    /// those pass.
    case back
  }

  package struct Found: Sendable {
    package let direction: Direction
    package let map: SizeMap
    package let ending: SizeSearch.Ending?
    package let sent: Int

    package init(
      direction: Direction, map: SizeMap, ending: SizeSearch.Ending?, sent: Int
    ) {
      self.direction = direction
      self.map = map
      self.ending = ending
      self.sent = sent
    }
  }

  package let means: InnerMeans
  /// What the Child SA puts around a packet.
  package let overhead: TunnelOverhead
  package internal(set) var found: [Found]
  /// Whether the peer takes padding behind packets, without which the way there cannot be told alone.
  package let peerTakesTrafficPadding: Bool

  package init(
    means: InnerMeans, overhead: TunnelOverhead, peerTakesTrafficPadding: Bool, found: [Found] = []
  ) {
    self.means = means
    self.overhead = overhead
    self.found = found
    self.peerTakesTrafficPadding = peerTakesTrafficPadding
  }

  /// The largest inner packet of a direction, in octets; nil where it was not found.
  package func limit(_ direction: Direction) -> Int? {
    found.first { $0.direction == direction }?.map.limit
  }

  /// The largest inner packet that passes both ways.
  package var limit: Int? { limit(.thereAndBack) }
}
