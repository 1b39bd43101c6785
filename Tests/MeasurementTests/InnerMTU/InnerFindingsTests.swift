import Diagnosis
import Measurement
import PacketDissector
import Testing

@Suite("What inner sizes mean")
struct InnerFindingsTests {
  private func sizes(
    _ limits: [(InnerSizes.Direction, Int)], padding: Bool = true
  ) throws -> InnerSizes {
    var overhead = TunnelOverhead(try #require(ESPSuite(keywords: "aes128gcm16")))
    overhead.encapsulation = .udp
    return InnerSizes(
      means: .icmpEcho(IPAddress(v4: 0x0A02_0001)), overhead: overhead,
      peerTakesTrafficPadding: padding,
      found: limits.map { direction, limit in
        InnerSizes.Found(
          direction: direction,
          map: SizeMap(runs: [
            SizeMap.Run(sizes: 36...limit, passes: true),
            SizeMap.Run(sizes: limit + 1...1439, passes: false),
          ]), ending: .complete, sent: 20)
      })
  }

  private func findings(_ sizes: InnerSizes, pathMTU: Int?) -> [Finding] {
    InnerFindings(
      sizes, from: nil, to: IPAddress(v4: 0xC000_0201), pathMTU: pathMTU
    ).all
  }

  @Test("A tunnel that carries what its path takes is fine")
  func matchingSizesAreFine() throws {
    #expect(findings(try sizes([(.thereAndBack, 1438)]), pathMTU: 1500).isEmpty)
    #expect(findings(try sizes([(.thereAndBack, 1338)]), pathMTU: 1400).isEmpty)
  }

  @Test("Without a measured path there is nothing to hold it against")
  func unknownPathIsNoFinding() throws {
    #expect(findings(try sizes([(.thereAndBack, 1000)]), pathMTU: nil).isEmpty)
  }

  @Test("A narrower way back is named")
  func narrowWayBack() throws {
    let found = findings(
      try sizes([(.thereAndBack, 1338), (.there, 1438), (.back, 1338)]), pathMTU: 1500)
    #expect(found.map(\.id) == [.mtuBlackhole])
    #expect("\(try #require(found.first?.meaning))".contains("the way back is narrower"))
  }

  @Test("Where the peer takes no padding, the direction is not guessed")
  func directionIsNotGuessed() throws {
    let found = findings(try sizes([(.thereAndBack, 1338)], padding: false), pathMTU: 1500)
    #expect("\(try #require(found.first?.meaning))".contains("cannot be told"))
  }
}
