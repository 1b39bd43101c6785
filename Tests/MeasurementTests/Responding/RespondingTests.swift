import ESP
import IKE
import Measurement
import PacketDissector
import Testing

@Suite("The other end of checks")
struct RespondingTests {
  private static let inner = InnerEcho(
    source: IPAddress(v4: 0x0A01_0001), destination: IPAddress(v4: 0x0A02_0001), identifier: 7,
    sequence: 3, bytes: 100)

  @Test("An ICMP echo to any address of the tunnel is answered by that address")
  func innerEcho() throws {
    let pair = try RespondingPair()
    try pair.establish()
    try pair.send(Self.inner.packet(), nextHeader: 4)
    let six = InnerEcho(
      source: try #require(IPAddress(text: "fd00::1")),
      destination: try #require(IPAddress(text: "fd00::2")), identifier: 7, sequence: 4)
    try pair.send(six.packet(), nextHeader: 41)
    pair.run(for: .seconds(1))
    let replies = pair.arrivals.compactMap { InnerEcho(packet: $0.payload) }
    #expect(replies.map(\.source) == [Self.inner.destination, six.destination])
    #expect(replies.map(\.bytes) == [100, 84])
    #expect(replies.allSatisfy { $0.isReply })
    #expect(pair.responding.answers.inner == 2)
  }

  @Test("What goes back may be fragmented where the ping itself may")
  func fragmentation() throws {
    let pair = try RespondingPair()
    try pair.establish()
    var free = Self.inner
    free.doNotFragment = false
    try pair.send(Self.inner.packet(), nextHeader: 4)
    try pair.send(free.packet(), nextHeader: 4)
    pair.run(for: .seconds(1))
    #expect(pair.mayFragment == [false, true])
  }

  @Test("One peer's pings are answered up to a rate, and the others counted")
  func rate() throws {
    var options = RespondingOptions()
    options.answersPerPeer = 20
    let pair = try RespondingPair(options)
    try pair.establish()
    for _ in 0..<50 { try pair.send(Self.inner.packet(), nextHeader: 4) }
    pair.run(for: .milliseconds(500))
    #expect(pair.responding.answers.inner == 20)
    #expect(pair.responding.unanswered.overRate == 30)
  }

  @Test("Pings that the traffic selectors do not take are not answered")
  func selectors() throws {
    let pair = try RespondingPair(own: {
      $0.localSelectors = [TrafficSelector(text: "10.2.0.0/16")].compactMap(\.self)
    })
    try pair.establish()
    var outside = Self.inner
    outside.destination = IPAddress(v4: 0x0A03_0001)
    try pair.send(outside.packet(), nextHeader: 4)
    pair.run(for: .seconds(1))
    #expect(pair.arrivals.isEmpty)
    #expect(pair.responding.unanswered.outsideSelectors == 1)
    try pair.send(Self.inner.packet(), nextHeader: 4)
    pair.run(for: .seconds(1))
    #expect(pair.arrivals.count == 1)
  }

  @Test("Hostile inner packets end in a counter", arguments: [4, 41, 59, 6, 255] as [UInt8])
  func hostileInnerPackets(nextHeader: UInt8) throws {
    let pair = try RespondingPair()
    try pair.establish()
    let ping = Self.inner.packet()
    var random = SplitMix64(state: 9)
    for length in 0...ping.count {
      try pair.send(Array(ping.prefix(length)), nextHeader: nextHeader)
    }
    for _ in 0..<500 {
      var mangled = ping
      for _ in 0..<4 {
        mangled[Int(random.next() % UInt64(ping.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      try pair.send(mangled, nextHeader: nextHeader)
    }
    let before = pair.answers.count
    pair.run(for: .seconds(1))
    let answered = pair.answers.count - before
    // The whole ping, and mangled ones whose changes hit no checksummed octet twice alike.
    #expect(answered == pair.arrivals.count)
    #expect(answered <= (nextHeader == 4 || nextHeader == 41 ? 5 : 0))
  }

  @Test(
    "ESP echoes come back in the formats with and without a reply path, and one-way ones do not")
  func encryptedEcho() throws {
    let pair = try RespondingPair()
    try pair.establish()
    let own = try #require(pair.child).inboundSPI
    let merged = ESPEcho(
      .request, hasReplyFlag: true, identifier: 1, sequence: 1, replySPI: own,
      data: [1, 2, 3])
    let old = ESPEcho(
      .request, hasReplyFlag: false, identifier: 1, sequence: 2, replySPI: nil, data: [4])
    let oneWay = ESPEcho(
      .request, hasReplyFlag: false, identifier: 1, sequence: 3, replySPI: 0, data: [5])
    for echo in [merged, old, oneWay] {
      try pair.send(echo.payload, nextHeader: ESPEcho.nextHeader)
    }
    pair.run(for: .seconds(1))
    let replies = pair.arrivals.compactMap { opened in
      opened.nextHeader == ESPEcho.nextHeader
        ? ReceivedESPEcho(payload: opened.payload.rawBytes)?.echo : nil
    }
    #expect(replies.map(\.sequence) == [1, 2])
    #expect(replies.allSatisfy { $0.kind == .reply })
    #expect(pair.responding.answers.encrypted == 2)
    #expect(pair.responding.answers.oneWay == 1)
  }

  @Test("An ESP echo is shortened to what the way back takes")
  func shortened() throws {
    let pair = try RespondingPair()
    try pair.establish()
    pair.responding.note(pathMTU: 1300, to: RespondingPair.peerAddress)
    let echo = ESPEcho(
      .request, hasReplyFlag: true, identifier: 1, sequence: 1,
      replySPI: try #require(pair.child).inboundSPI, data: [UInt8](repeating: 0x42, count: 1400))
    try pair.send(echo.payload, nextHeader: ESPEcho.nextHeader)
    pair.run(for: .seconds(1))
    #expect(pair.arrivals.count == 1)
    let largest = try #require(pair.answers.last).bytes.count + 28
    #expect((1297...1300).contains(largest))
  }

  @Test("An ESP echo in clear is answered in UDP and without, and never by more octets")
  func plainEcho() throws {
    let pair = try RespondingPair()
    let echo = ESPEcho(
      .request, hasReplyFlag: true, identifier: 1, sequence: 1, replySPI: 8, data: [7, 7])
    let packet = UnencryptedESPEcho(
      isReply: false, sequenceNumber: 0, content: .merged(ReceivedESPEcho(echo))
    ).packet
    pair.send(datagram: packet)
    pair.send(
      datagram: packet, from: Endpoint(RespondingPair.peerAddress, 0),
      to: Endpoint(RespondingPair.ownAddress, 0))
    pair.run(for: .seconds(1))
    #expect(pair.answers.map(\.to.port) == [4500, 0])
    #expect(pair.answers.allSatisfy { $0.bytes.count <= packet.count })
    #expect(
      pair.answers.allSatisfy { UnencryptedESPEcho(packet: $0.bytes.rawBytes)?.isReply == true })
    #expect(pair.responding.answers.plain == 2)
  }

  @Test("Echoes in clear are answered at a limited rate, whoever sends them")
  func plainFlood() throws {
    let pair = try RespondingPair()
    let echo = ESPEcho(
      .request, hasReplyFlag: true, identifier: 1, sequence: 1, replySPI: 8, data: [])
    let packet = UnencryptedESPEcho(
      isReply: false, sequenceNumber: 0, content: .merged(ReceivedESPEcho(echo))
    ).packet
    for number in 0..<10_000 {
      pair.responding.handle(
        packet, from: Endpoint(IPAddress(v4: 0x0B00_0000 + UInt32(number)), 4500),
        to: Endpoint(RespondingPair.ownAddress, 4500), at: pair.now)
    }
    pair.run(for: .milliseconds(1))
    #expect(pair.answers.count == RespondingOptions().plainAnswers)
  }

  @Test("10,000 packets of unknown SAs are counted, and leave nothing")
  func unknownSPIs() throws {
    let pair = try RespondingPair()
    try pair.establish()
    let before = pair.answers.count
    for number in 0..<10_000 as Range<UInt32> {
      var writer = ByteWriter()
      writer.u32(0x1000_0000 + number)
      writer.u32(1)
      writer.append([UInt8](repeating: 0, count: 56))
      pair.responding.handle(
        writer.bytes, from: Endpoint(RespondingPair.peerAddress, 4500),
        to: Endpoint(RespondingPair.ownAddress, 4500), at: pair.now)
    }
    pair.run(for: .seconds(1))
    let known = try #require(pair.child).outboundSPI
    // One in 2^20 of drawing one of the flood's numbers is no reason to fail.
    let isAmong = (0x1000_0000..<0x1000_2710).contains(known)
    #expect(pair.responding.unanswered.unknownSPI == 10_000 - (isAmong ? 1 : 0))
    #expect(pair.answers.count == before)
    #expect(pair.responding.peerCount == 1)
  }

  @Test(
    "Floods of requests for an IKE SA leave a bounded number of half-open ones, with cookies and without",
    arguments: [(30, 10_000), (nil, 500)] as [(Int?, UInt32)])
  func initFlood(cookieThreshold: Int?, requests: UInt32) throws {
    var options = RespondingOptions()
    options.policy.cookieThreshold = cookieThreshold
    let pair = try RespondingPair(options)
    let configuration = try RespondingPair.configuration("flood.example")
    var random = RandomSource(SplitMix64(state: 4))
    let first = IKESession(
      initiatingTo: Endpoint(RespondingPair.ownAddress, 500),
      from: Endpoint(RespondingPair.peerAddress, 500), configuration, random: random.split())
    first.start(at: pair.now)
    guard case .send(let request, _, let to) = first.nextOutput() else {
      Issue.record("no request")
      return
    }
    for number in 0..<requests {
      var copy = request
      copy.replaceSubrange(0..<8, with: random.bytes(8))
      pair.responding.handle(
        copy, from: Endpoint(IPAddress(v4: 0x0B00_0000 + number), 500), to: to, at: pair.now)
    }
    pair.run(for: .milliseconds(1))
    #expect(pair.answers.count <= Int(requests))
    #expect(pair.responding.halfOpenCount == cookieThreshold ?? options.policy.halfOpenLimit)
    #expect(pair.events.isEmpty)
    // Those that never went on are told, a few a second.
    pair.run(for: .seconds(70))
    #expect(pair.events.count == 10)
    #expect(pair.responding.unanswered.untold == (cookieThreshold ?? 200) - 10)
    // After them one who may is served.
    try pair.establish()
  }

  @Test("Closing deletes every SA at its peer, and the end tells what was answered")
  func closing() throws {
    let pair = try RespondingPair()
    try pair.establish()
    try pair.send(Self.inner.packet(), nextHeader: 4)
    pair.run(for: .seconds(1))
    pair.responding.close(at: pair.now)
    pair.run(for: .seconds(1))
    #expect(pair.session.hasEnded)
    #expect(pair.responding.peerCount == 0)
    guard case .session(.deleted(by: .local), let peer) = pair.events.last else {
      Issue.record("\(pair.events)")
      return
    }
    #expect(peer.answers.inner == 1)
    #expect(peer.packets.opened == 1)
    #expect(pair.responding.answers.inner == 1)
  }

  @Test("After a rekeying the new Child SA is answered on, and the old one forgotten once deleted")
  func rekeying() throws {
    let pair = try RespondingPair()
    try pair.establish()
    let first = try #require(pair.child)
    pair.session.rekeyChild(first.inboundSPI, at: pair.now)
    pair.run(for: .seconds(2))
    let second = try #require(pair.child)
    #expect(second.outboundSPI != first.outboundSPI)
    try pair.send(Self.inner.packet(), nextHeader: 4)
    pair.run(for: .seconds(1))
    #expect(pair.arrivals.count == 1)
    #expect(pair.responding.knownSPIs == [second.outboundSPI])
  }

  @Test(
    "The replay window is as wide as is wanted, and none takes a packet twice as often as it comes")
  func replayWindow() throws {
    for (window, answered) in [(64, 1), (0, 2)] {
      var options = RespondingOptions()
      options.replayWindow = window
      let pair = try RespondingPair(options)
      try pair.establish()
      let spi = try #require(pair.child).outboundSPI
      let packet = try pair.table.seal(Self.inner.packet(), nextHeader: 4, on: spi).packet
      pair.send(datagram: packet)
      pair.send(datagram: packet)
      pair.run(for: .seconds(1))
      #expect(pair.arrivals.count == answered, "window \(window)")
    }
  }
}
