internal import PacketDissector

/// ESP on an SPI that its receiver has deleted.
struct DeletedSPI {
  let spi: UInt32
  let deleter: IPAddress
  let sender: IPAddress
  let deletion: FrameReference
  let lastUse: FrameReference
  let duration: Nanoseconds

  /// What is on its way when a Delete is sent, and what a sender may go on with until it has answered.
  private static let grace = Nanoseconds.seconds(5)

  static func uses(_ session: IKESession, _ evidence: CaptureEvidence) -> [DeletedSPI] {
    session.exchanges.flatMap { exchange -> [DeletedSPI] in
      [exchange.request, exchange.response].compactMap { $0 }.flatMap { message in
        message.content.deletions.filter { $0.protocolID == ProtocolID.esp.rawValue }
          .flatMap(\.spis).compactMap { spi in
            use(of: spi, deletedBy: message, evidence)
          }
      }
    }
  }

  /// A Delete names the SPIs that its sender receives on (RFC 7296, section 3.11).
  private static func use(
    of spi: UInt32, deletedBy message: IKEMessageTrack, _ evidence: CaptureEvidence
  ) -> DeletedSPI? {
    let deletion = message.first.frame
    let deleter = message.first.source.address
    let flow = evidence.flows.flows.first { $0.spi == spi && $0.destination == deleter }
    guard let flow else { return nil }
    let duration = Nanoseconds(from: deletion.time, to: flow.last.time)
    guard duration > grace else { return nil }
    return DeletedSPI(
      spi: spi, deleter: deleter, sender: flow.source, deletion: deletion, lastUse: flow.last,
      duration: duration)
  }
}

/// How Child SAs of an IKE SA came and went: who asked for new ones, who deleted old ones, and when.
struct LifetimeCycles {
  struct OneSided {
    let isInitiators: Bool
    let isByDelete: Bool
    let count: Int
    let median: Nanoseconds
    let frames: [FrameReference]
  }

  private let session: IKESession

  init(_ session: IKESession) { self.session = session }

  /// Deletes of ESP SAs that no rekey of the same side came just before: the SA ended hard.
  private var hardDeletes: [(isInitiators: Bool, frame: FrameReference)] {
    let rekeys = session.exchanges(.createChildSA).compactMap { exchange -> Timestamp? in
      exchange.request?.content.has(.rekeySA) == true ? exchange.request?.first.frame.time : nil
    }
    return session.exchanges(.informational).compactMap { exchange in
      guard let request = exchange.request,
        request.content.deletions.contains(where: { $0.protocolID == ProtocolID.esp.rawValue })
      else { return nil }
      let time = request.first.frame.time
      let isAfterRekey = rekeys.contains {
        $0 <= time && Nanoseconds(from: $0, to: time) < .seconds(10)
      }
      return isAfterRekey ? nil : (exchange.isInitiators, request.first.frame)
    }
  }

  /// Rekeys of Child SAs, by who asked; known only with keys.
  private var rekeys: [(isInitiators: Bool, frame: FrameReference)] {
    session.exchanges(.createChildSA).compactMap { exchange in
      guard let request = exchange.request, request.content.has(.rekeySA), exchange.isAnswered,
        exchange.response?.content.error == nil
      else { return nil }
      return (exchange.isInitiators, request.first.frame)
    }
  }

  /// So many Deletes without a rekey are no accident; nor are so many rekeys by the same side, where both
  /// choose their time at random.
  private static let fewestDeletes = 2
  private static let fewestRekeys = 6

  /// Enough times on one side, and never on the other.
  var oneSided: OneSided? {
    oneSided(hardDeletes, atLeast: Self.fewestDeletes, isByDelete: true)
      ?? oneSided(rekeys, atLeast: Self.fewestRekeys, isByDelete: false)
  }

  private func oneSided(
    _ ends: [(isInitiators: Bool, frame: FrameReference)], atLeast fewest: Int, isByDelete: Bool
  ) -> OneSided? {
    guard let side = ends.first?.isInitiators, ends.count >= fewest,
      ends.allSatisfy({ $0.isInitiators == side })
    else { return nil }
    let gaps = zip(ends, ends.dropFirst()).map {
      Nanoseconds(from: $0.frame.time, to: $1.frame.time)
    }
    return OneSided(
      isInitiators: side, isByDelete: isByDelete, count: ends.count,
      median: gaps.sorted()[gaps.count / 2], frames: ends.prefix(8).map(\.frame))
  }
}
