package import ESP
package import IKE
package import IPsecCrypto
internal import PacketDissector

/// The ESP state of a session's Child SAs: kept in step with the session by its events.
///
/// A rekeyed SA still opens what the peer sends on it, until it is deleted.
package final class ChildSATable {
  /// What came in one packet.
  package struct Opened: Sendable {
    package let child: ChildSA
    package let nextHeader: UInt8
    /// TFC padding included.
    package let payload: [UInt8]
    package let sequence: UInt64
  }

  private final class Entry {
    let child: ChildSA
    var inbound: InboundSA
    var outbound: OutboundSA

    init(_ child: ChildSA, replayWindow: Int) throws(CryptoError) {
      let inbound = try InboundSA(ESPParameters(inbound: child), replayWindow: replayWindow)
      let outbound = try OutboundSA(ESPParameters(outbound: child))
      self.child = child
      self.inbound = inbound
      self.outbound = outbound
    }
  }

  private let replayWindow: Int
  /// Oldest first.
  private var entries: [Entry] = []
  package private(set) var counters = ESPCounters()
  /// Why an SA of the session's has no ESP here: AH, or a transform without support.
  package private(set) var fault: CryptoError?

  /// `replayWindow` is how many sequence numbers are told apart; 0 is no protection.
  package init(replayWindow: Int) {
    self.replayWindow = replayWindow
  }

  /// The SAs that stand, oldest first; of a rekeyed one its successor as well.
  package var children: [ChildSA] { entries.map(\.child) }

  package func note(_ event: SessionEvent) {
    switch event {
    case .childEstablished(let child): add(child)
    case .childRekeyed(_, let successor): add(successor)
    case .childDeleted(let child, _):
      entries.removeAll { $0.child.inboundSPI == child.inboundSPI }
    case .deleted, .failed: entries = []
    default: break
    }
  }

  private func add(_ child: ChildSA) {
    guard !entries.contains(where: { $0.child.inboundSPI == child.inboundSPI }) else { return }
    do throws(CryptoError) {
      entries.append(try Entry(child, replayWindow: replayWindow))
    } catch {
      fault = error
    }
  }

  /// Opens a packet, from the SPI to the ICV, and counts what became of it.
  package func open(_ packet: [UInt8]) throws(ESPFailure) -> Opened {
    do throws(ESPFailure) {
      let opened = try find(packet)
      counters.opened += 1
      return opened
    } catch {
      counters.note(error)
      throw error
    }
  }

  private func find(_ packet: [UInt8]) throws(ESPFailure) -> Opened {
    var reader = ByteReader(packet.rawBytes)
    guard let header = try? ESPHeader(from: &reader) else { throw .wrongLength(packet.count) }
    guard let entry = entries.first(where: { $0.child.inboundSPI == header.spi }) else {
      throw .unknownSPI(header.spi)
    }
    var plaintext = [UInt8](repeating: 0, count: packet.count)
    let content = try entry.inbound.open(packet.rawBytes, into: &plaintext)
    return Opened(
      child: entry.child, nextHeader: content.nextHeader,
      payload: Array(plaintext.prefix(content.payloadBytes)), sequence: content.sequence)
  }

  private func entry(sending outboundSPI: UInt32) throws(ESPFailure) -> Entry {
    guard let entry = entries.last(where: { $0.child.outboundSPI == outboundSPI }) else {
      throw .unknownSPI(outboundSPI)
    }
    return entry
  }

  /// The number of the next packet for the peer's SPI.
  package func nextSequence(on outboundSPI: UInt32) throws(ESPFailure) -> UInt64 {
    try entry(sending: outboundSPI).outbound.nextSequence
  }

  /// Leaves numbers out, see ``OutboundSA/skip(to:)``.
  package func skip(to sequence: UInt64, on outboundSPI: UInt32) throws(ESPFailure) {
    try entry(sending: outboundSPI).outbound.skip(to: sequence)
  }

  /// Seals a packet for the peer's SPI: its sequence number, and its octets from the SPI to the ICV.
  package func seal(
    _ payload: [UInt8], nextHeader: UInt8, trafficPadding: Int = 0, on outboundSPI: UInt32
  ) throws(ESPFailure) -> (sequence: UInt64, packet: [UInt8]) {
    let entry = try entry(sending: outboundSPI)
    let sequence = entry.outbound.nextSequence
    let size = entry.outbound.parameters.packetBytes(payload: payload.count + trafficPadding)
    var packet = [UInt8](repeating: 0, count: size)
    _ = try entry.outbound.seal(
      payload.rawBytes, nextHeader: nextHeader, trafficPadding: trafficPadding, into: &packet)
    return (sequence, packet)
  }
}

/// What became of ESP packets that came.
package struct ESPCounters: Hashable, Sendable {
  package var opened = 0
  package var unknownSPI = 0
  /// The sequence number came before.
  package var repeated = 0
  /// Later than the replay window reaches back.
  package var beforeWindow = 0
  package var wrongICV = 0
  /// Neither SPI nor ICV, but what is inside or its length.
  package var malformed = 0

  package init() {}

  mutating func note(_ failure: ESPFailure) {
    switch failure {
    case .unknownSPI: unknownSPI += 1
    case .repeated: repeated += 1
    case .beforeWindow: beforeWindow += 1
    case .wrongICV: wrongICV += 1
    default: malformed += 1
    }
  }
}

extension ESPParameters {
  /// What the peer sends to this side.
  package init(inbound child: ChildSA) throws(CryptoError) {
    try self.init(child, child.inboundSPI, child.inboundKeys)
  }

  /// What this side sends to the peer.
  package init(outbound child: ChildSA) throws(CryptoError) {
    try self.init(child, child.outboundSPI, child.outboundKeys)
  }

  private init(
    _ child: ChildSA, _ spi: UInt32, _ keys: ChildKeys.Direction
  ) throws(CryptoError) {
    guard let encryption = child.suite.encryption else { throw .notImplemented("AH") }
    self.init(
      spi: spi, encryption: encryption, integrity: child.suite.integrity,
      encryptionKey: keys.encryption, integrityKey: keys.integrity,
      usesESN: child.suite.sequenceNumbers == .partiallyTransmitted64)
  }
}
