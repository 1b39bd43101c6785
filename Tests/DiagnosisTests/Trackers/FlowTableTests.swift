import Testing

@testable import Diagnosis
@testable import PacketDissector

@Suite("The table of ESP flows")
struct FlowTableTests {
  private static let source = IPAddress(v4: 0x0A01_0002)
  private static let destination = IPAddress(v4: 0x0A02_0002)

  private static func add(
    _ spi: UInt32, _ sequence: UInt32 = 1, at frame: UInt64, to table: inout FlowTable,
    _ peers: inout PeerTable
  ) {
    let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: spi), count: 32)
    let sighting = Sighting(
      frame: FrameReference(frame, Timestamp(nanoseconds: Int64(frame) * 1_000_000)),
      source: source, destination: destination, sourcePort: 0, destinationPort: 0, hopLimit: 64,
      trafficClass: 0, doNotFragment: false, packetBytes: 52, ipFragments: 0)
    let packet = ESPPacket(
      spi: spi, sequence: sequence, isAH: false, encapsulation: .ip, range: 0..<32)
    table.add(packet, sighting, bytes.rawBytes, &peers)
  }

  @Test("Past its limit a flow that was silent long makes room, is counted, and is found no more")
  func ageing() {
    var table = FlowTable()
    var peers = PeerTable()
    let limit = UInt32(FlowTable.limit)
    for spi in 1...limit { Self.add(spi, at: UInt64(spi), to: &table, &peers) }
    // The first sixteen but one go on.
    for spi in 1...16 as ClosedRange<UInt32> where spi != 7 {
      Self.add(spi, 2, at: UInt64(limit + spi), to: &table, &peers)
    }
    #expect(table.flows.count == FlowTable.limit && table.agedOut == 0)
    Self.add(limit + 1, at: UInt64(limit) + 100, to: &table, &peers)
    #expect(table.flows.count == FlowTable.limit)
    #expect(table.agedOut == 1 && table.agedOutPackets == 1)
    #expect(!table.flows.contains { $0.spi == 7 })
    #expect(table.flows[6].spi == limit + 1)
    Self.add(limit + 1, 2, at: UInt64(limit) + 101, to: &table, &peers)
    #expect(table.flows[6].packets == 2 && table.agedOut == 1)
    // All others are still found where they are.
    for spi in stride(from: 8 as UInt32, through: limit, by: 997) {
      Self.add(spi, 3, at: UInt64(limit) + 200, to: &table, &peers)
    }
    #expect(table.agedOut == 1)
    Self.add(7, 3, at: UInt64(limit) + 300, to: &table, &peers)
    #expect(table.agedOut == 2)
  }

  @Test("Random insertions and removals leave the index as a dictionary would")
  func index() {
    let seed = UInt64.random(in: .min ... .max)
    var random = SplitMix(seed: seed)
    var index = FlowIndex()
    var model: [Int: UInt32] = [:]
    for step in 0..<20_000 {
      let place = Int.random(in: 0..<3000, using: &random)
      if let hash = model[place] {
        index.remove(place, hash)
        model[place] = nil
      } else {
        // Few distinct lower bits, so that most collide.
        let low = UInt32.random(in: 0..<40, using: &random)
        let hash = UInt32.random(in: 0..<3, using: &random) << 30 | low &* 0x101
        index.insert(place, hash)
        model[place] = hash
      }
      guard step % 500 == 0 else { continue }
      for place in 0..<3000 {
        if let hash = model[place] {
          #expect(index.find(hash) { $0 == place } == place, "seed \(seed)")
        } else {
          for low in 0..<40 as Range<UInt32> where step % 5000 == 0 {
            #expect(index.find(low &* 0x101) { $0 == place } == nil, "seed \(seed)")
          }
        }
      }
    }
  }

  @Test("The same bytes at once are a copy, later a repeated packet, others a reused number")
  func copies() throws {
    var capture = SyntheticCapture()
    let (a, b) = (Endpoint(Self.source, 0), Endpoint(Self.destination, 0))
    for number in 1...5 as ClosedRange<UInt32> {
      capture.send(.esp(9, number, from: a, to: b), at: Double(number))
    }
    capture.send(.esp(9, 5, from: a, to: b).with(hopLimit: 63), at: 5.001)
    capture.send(.esp(9, 2, from: a, to: b).with(hopLimit: 60), at: 6)
    capture.send(.esp(9, 3, variant: 1, from: a, to: b), at: 7)
    let flow = try #require(capture.evidence.flows.flows.first)
    #expect(flow.copies.atOnce == 1 && flow.copies.later == 1 && flow.copies.different == 1)
    #expect(flow.copies.firstLater?.earlierFrame == 2)
    #expect(flow.copies.firstLater?.hopLimits.earlier == 64)
    #expect(flow.copies.firstLater?.hopLimits.later == 60)
    #expect(flow.sequence.repeated == 3 && flow.sequence.late == 0)
  }

  @Test("Classes are counted apart, with those of them that come late")
  func classes() throws {
    var capture = SyntheticCapture()
    let (a, b) = (Endpoint(Self.source, 0), Endpoint(Self.destination, 0))
    for number in [1, 2, 4, 5] as [UInt32] {
      capture.send(.esp(9, number, from: a, to: b).with(dscp: 46), at: Double(number))
    }
    capture.send(.esp(9, 3, from: a, to: b), at: 6)
    capture.send(.esp(9, 6, from: a, to: b).with(dscp: 46), at: 7)
    let entries = try #require(capture.evidence.flows.flows.first).classes.entries
      .sorted { $0.dscp < $1.dscp }
    #expect(entries.map(\.dscp) == [0, 46])
    #expect(entries.map(\.packets) == [1, 5])
    #expect(entries.map(\.late) == [1, 0])
  }

  @Test("More classes than are kept lose no packet")
  func manyClasses() throws {
    var capture = SyntheticCapture()
    for number in 0..<64 as Range<UInt32> {
      capture.send(
        .esp(9, number, from: Endpoint(Self.source, 0), to: Endpoint(Self.destination, 0))
          .with(dscp: UInt8(number)), at: Double(number))
    }
    let entries = try #require(capture.evidence.flows.flows.first).classes.entries
    #expect(entries.count == 16)
    #expect(entries.reduce(0) { $0 + $1.packets } == 64)
  }

  @Test("ESP without an answer is a run that the other side's packet ends")
  func runs() throws {
    var capture = SyntheticCapture()
    let (a, b) = (Endpoint(Self.source, 0), Endpoint(Self.destination, 0))
    for number in 1...4 as ClosedRange<UInt32> {
      capture.send(.esp(9, number, bytes: 80 + Int(number), from: a, to: b), at: Double(number))
    }
    capture.send(.esp(10, 1, from: b, to: a), at: 5)
    for number in 5...6 as ClosedRange<UInt32> {
      capture.send(.esp(9, number, from: a, to: b), at: Double(number) + 1)
    }
    let peers = capture.evidence.peers
    let forth = try #require(peers.find(Self.source, Self.destination))
    #expect(forth.espPackets == 6 && forth.lastESP?.number == 7)
    #expect(forth.longestUnanswered.count == 4 && forth.longestUnanswered.first?.number == 1)
    #expect(forth.longestUnanswered.last?.number == 4)
    #expect(forth.longestUnanswered.smallest == 101)
    #expect(forth.unanswered.count == 2 && forth.unanswered.first?.number == 6)
    #expect(peers.find(Self.destination, Self.source)?.unanswered.count == 0)
    #expect(peers.entries.map(\.espPackets) == [6, 1])
  }
}
