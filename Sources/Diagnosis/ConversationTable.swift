package import PacketDissector

/// Who talks IPsec with whom in a capture: IKE SAs, ESP and AH flows, and what was not IPsec.
///
/// Memory is bounded: past ``entryLimit`` new conversations are only counted.
package struct ConversationTable: Sendable {
  package static let entryLimit = 100_000

  /// One direction of an SA: what one sender sends to one receiver under one SPI.
  package struct Flow: Sendable {
    package let source: IPAddress
    package let destination: IPAddress
    package let spi: UInt32
    package let isAH: Bool
    package var encapsulation: IPsecRecord.Encapsulation
    package var packets: UInt64 = 0
    /// Bytes of ESP or AH packets, their headers included, outer headers not.
    package var bytes: UInt64 = 0
    package var firstSequence: UInt32
    package var highestSequence: UInt32
    package var span: FrameSpan
  }

  /// One IKE SA, or an attempt at one.
  package struct IKESA: Sendable {
    package let majorVersion: UInt8
    package let initiatorSPI: UInt64
    /// Zero until the responder has answered.
    package var responderSPI: UInt64
    /// The sender of the first message seen, and its receiver.
    package let source: IPAddress
    package let destination: IPAddress
    package var sourcePort: UInt16
    package var destinationPort: UInt16
    package var usesPort4500 = false
    package var usesTCP = false
    package var messages: UInt64 = 0
    /// IKEv2 requests and responses; IKEv1 does not tell them apart.
    package var requests: UInt64 = 0
    package var responses: UInt64 = 0
    /// Messages by exchange type.
    package var exchanges: [UInt8: UInt64] = [:]
    package var span: FrameSpan
  }

  /// The first and the last frame of a conversation.
  package struct FrameSpan: Sendable {
    package let firstFrame: UInt64
    package let firstTime: Timestamp
    package var lastFrame: UInt64
    package var lastTime: Timestamp
  }

  package private(set) var flows: [Flow] = []
  package private(set) var ikeSAs: [IKESA] = []
  package private(set) var frames: UInt64 = 0
  package private(set) var bytes: UInt64 = 0
  package private(set) var ipsecFrames: UInt64 = 0
  package private(set) var natKeepalives: UInt64 = 0
  /// ICMP errors that quote an IPsec packet.
  package private(set) var icmpErrors: UInt64 = 0
  /// IP fragments that did not complete a datagram.
  package private(set) var ipFragments: UInt64 = 0
  /// Frames that dissection could not finish.
  package private(set) var malformed: UInt64 = 0
  /// Records of conversations that found no room.
  package private(set) var untracked: UInt64 = 0
  package private(set) var span: FrameSpan?
  private var flowIndex = FlowIndex()
  private var ikeIndex: [IKEKey: Int] = [:]

  package init() {}

  /// Counts the frame that `dissector` read last.
  package mutating func add(
    _ dissector: Dissector, number: UInt64, time: Timestamp, bytes count: Int
  ) {
    frames &+= 1
    bytes &+= UInt64(count)
    if span == nil { span = FrameSpan(number, time) }
    span?.lastFrame = number
    span?.lastTime = time
    if dissector.frame.stop != nil { malformed &+= 1 }
    if dissector.frame.internet?.fragment != nil { ipFragments &+= 1 }
    guard let record = dissector.frame.record, let source = dissector.frame.internet?.source,
      let destination = dissector.frame.internet?.destination
    else { return }
    ipsecFrames &+= 1
    let ends = Ends(
      source: source, destination: destination, sourcePort: dissector.frame.sourcePort,
      destinationPort: dissector.frame.destinationPort)
    add(record, ends, number, time)
    guard dissector.frame.furtherRecords > 0 else { return }
    for record in dissector.further { add(record, ends, number, time) }
  }

  /// Who sent a packet to whom.
  private struct Ends {
    let source: IPAddress
    let destination: IPAddress
    let sourcePort: UInt16
    let destinationPort: UInt16
  }

  private mutating func add(
    _ record: IPsecRecord, _ ends: Ends, _ number: UInt64, _ time: Timestamp
  ) {
    if record.isQuoted {
      icmpErrors &+= 1
      return
    }
    switch record.kind {
    case .esp(let header):
      flow(record, ends, header.spi, header.sequenceNumber, isAH: false, number, time)
    case .ah(let header):
      flow(record, ends, header.spi, header.sequenceNumber, isAH: true, number, time)
    case .ike(let header):
      ike(record, header, ends, number, time)
    case .natKeepalive:
      natKeepalives &+= 1
    case .wesp, .ipcomp, .tcpPrefix:
      break
    }
  }

  private mutating func flow(
    _ record: IPsecRecord, _ ends: Ends, _ spi: UInt32, _ sequence: UInt32,
    isAH: Bool, _ number: UInt64, _ time: Timestamp
  ) {
    let hash = flowIndex.hash(spi, ends.source, ends.destination)
    let found = flowIndex.find(hash) { index in
      flows[index].spi == spi && flows[index].isAH == isAH
        && flows[index].source == ends.source
        && flows[index].destination == ends.destination
    }
    if let found {
      flows[found].count(record, sequence, number, time)
      return
    }
    guard flows.count < Self.entryLimit else {
      untracked &+= 1
      return
    }
    flowIndex.insert(flows.count, hash)
    flows.append(
      Flow(
        source: ends.source, destination: ends.destination, spi: spi, isAH: isAH,
        encapsulation: record.encapsulation, packets: 1, bytes: UInt64(record.range.count),
        firstSequence: sequence, highestSequence: sequence, span: FrameSpan(number, time)))
  }

  private mutating func ike(
    _ record: IPsecRecord, _ header: IKEHeader, _ ends: Ends, _ number: UInt64, _ time: Timestamp
  ) {
    let key = IKEKey(header.initiatorSPI, ends.source, ends.destination)
    let index = ikeIndex[key] ?? ikeSAs.count
    if index == ikeSAs.count {
      guard ikeSAs.count < Self.entryLimit else {
        untracked &+= 1
        return
      }
      ikeIndex[key] = index
      ikeSAs.append(
        IKESA(
          majorVersion: header.majorVersion, initiatorSPI: header.initiatorSPI,
          responderSPI: header.responderSPI, source: ends.source,
          destination: ends.destination, sourcePort: ends.sourcePort,
          destinationPort: ends.destinationPort, span: FrameSpan(number, time)))
    }
    ikeSAs[index].count(record, header, number, time)
  }
}

extension ConversationTable.IKESA {
  fileprivate mutating func count(
    _ record: IPsecRecord, _ header: IKEHeader, _ number: UInt64, _ time: Timestamp
  ) {
    if header.responderSPI != 0 { responderSPI = header.responderSPI }
    messages &+= 1
    if header.majorVersion == 2 {
      if header.isResponse { responses &+= 1 } else { requests &+= 1 }
    }
    exchanges[header.exchangeType, default: 0] &+= 1
    usesPort4500 = usesPort4500 || record.encapsulation == .udpWithMarker
    usesTCP = usesTCP || record.encapsulation == .tcp
    span = span.extended(to: number, time)
  }
}

extension ConversationTable.Flow {
  fileprivate mutating func count(
    _ record: IPsecRecord, _ sequence: UInt32, _ number: UInt64, _ time: Timestamp
  ) {
    packets &+= 1
    bytes &+= UInt64(record.range.count)
    highestSequence = max(highestSequence, sequence)
    span.lastFrame = number
    span.lastTime = time
  }
}

extension ConversationTable.FrameSpan {
  fileprivate init(_ number: UInt64, _ time: Timestamp) {
    self.init(firstFrame: number, firstTime: time, lastFrame: number, lastTime: time)
  }

  fileprivate func extended(to number: UInt64, _ time: Timestamp) -> Self {
    Self(firstFrame: firstFrame, firstTime: firstTime, lastFrame: number, lastTime: time)
  }
}

/// The same whichever side sends.
private struct IKEKey: Hashable {
  let initiatorSPI: UInt64
  let lower: IPAddress
  let upper: IPAddress

  init(_ initiatorSPI: UInt64, _ source: IPAddress, _ destination: IPAddress) {
    self.initiatorSPI = initiatorSPI
    self.lower = min(source, destination)
    self.upper = max(source, destination)
  }
}
