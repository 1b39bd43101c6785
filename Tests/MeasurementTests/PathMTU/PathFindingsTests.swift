import Diagnosis
import Host
import PacketDissector
import Testing

@testable import Measurement

@Suite("What a measured path means")
struct PathFindingsTests {
  private let peer = IPAddress(v4: 0xC633_6407)

  /// Each kind of packet on a simulated path of its own; `nil` for those that are not measured.
  private func result(
    interfaceMTU: Int = 1500, kernelMTU: Int? = nil,
    _ path: (PacketKind) -> SimulatedPath
  ) -> PathResult {
    var result = PathResult(
      target: "vpn.example.net", address: peer, started: Timestamp(nanoseconds: 0))
    result.own = IPAddress(v4: 0xC000_0202)
    result.local = LocalPath(
      interface: "eth0", interfaceMTU: interfaceMTU, pathMTU: kernelMTU ?? interfaceMTU)
    let plan = PathPlan(PathRoute(to: .init(peer)))
    result.classes = plan.classes.map { kind in
      let search = path(kind).run(plan.search(kind, interfaceMTU: interfaceMTU)).search
      return KindResult(kind, .searched(search.ending ?? .stopped), search)
    }
    return result
  }

  private func findings(_ result: PathResult) -> [Finding] {
    PathFindings(result, PathAdvice(suite: nil, isInUDP: nil, isIPv6: false)).all
  }

  private let free = SimulatedPath { _ in .passes }

  @Test("Where all passes there is nothing to say")
  func nothing() {
    let result = result { _ in free }
    #expect(findings(result).isEmpty)
    #expect(result.pathMTU == 1500)
    #expect(!result.isLimited && !result.isIncomplete)
  }

  @Test("A tunnel that was to be measured and was not leaves the result incomplete")
  func tunnelNotMeasured() throws {
    let overhead = TunnelOverhead(try #require(ESPSuite(keywords: "aes128gcm16")))
    func sizes(_ runs: [SizeMap.Run], _ ending: SizeSearch.Ending) -> InnerSizes {
      InnerSizes(
        means: .espEcho, overhead: overhead, peerTakesTrafficPadding: true,
        found: [
          InnerSizes.Found(
            direction: .thereAndBack, map: SizeMap(runs: runs), ending: ending, sent: 9)
        ])
    }
    let outcomes: [(InnerMeasurement.Outcome, isIncomplete: Bool)] = [
      (.noAddress, true), (.failed(reason: "no route", nil), true), (.interrupted, true),
      (.measured(sizes([SizeMap.Run(sizes: 16...16, passes: false)], .silent)), true),
      (.measured(sizes([SizeMap.Run(sizes: 16...1446, passes: true)], .complete)), false),
    ]
    for (outcome, isIncomplete) in outcomes {
      var result = result { _ in free }
      result.add(outcome)
      #expect(result.isIncomplete == isIncomplete, "\(outcome)")
    }
  }

  @Test("A limit with ICMP names the router, and the numbers fit every usual suite")
  func exceeded() throws {
    let result = result { kind in
      kind.mayBeFragmented ? free : SimulatedPath { $0 <= 1400 ? .passes : .tooBig(mtu: 1400) }
    }
    let found = findings(result)
    #expect(found.map(\.id) == [.mtuExceeded])
    let finding = try #require(found.first)
    #expect(finding.severity == .warning)
    #expect(finding.summary.plain == "the path takes 1400 bytes, and 192.0.2.1 says so: MTU 1400")
    // The smallest of NUMBERS for 1,400 bytes: AES-CBC with SHA-256.
    let lines = finding.remedies.flatMap(\.settings).map(\.line.plain)
    #expect(lines.contains { $0.hasSuffix("maxseg size set 1286") })
    #expect(lines.contains("ip route change NETWORK dev DEVICE mtu 1326 advmss 1286"))
    #expect(lines.contains("charon.fragment_size = 1400"))
  }

  @Test("A limit in silence is a black hole; what passes in fragments tells why")
  func blackhole() throws {
    let result = result { kind in
      kind.mayBeFragmented ? free : SimulatedPath { $0 <= 1400 ? .passes : .vanishes }
    }
    let found = findings(result)
    #expect(found.map(\.id) == [.mtuBlackhole])
    let finding = try #require(found.first)
    #expect(finding.severity == .critical)
    #expect(finding.summary.plain == "1401–1500 bytes vanish, and no ICMP says so")
    #expect(finding.meaning?.plain.contains("its ICMP is filtered") == true)
    #expect(finding.evidence.first?.text.plain.contains("1401 bytes 0 of 15") == true)
  }

  @Test("Where echoes of the size pass, the path is not blamed alone")
  func largeRequestsOnly() {
    let result = result { kind in
      kind.content == .icmpEcho ? free : SimulatedPath { $0 <= 1400 ? .passes : .vanishes }
    }
    let finding = findings(result).first { $0.id == .mtuBlackhole }
    #expect(finding?.meaning?.plain.contains("echoes of that size pass") == true)
  }

  @Test("Lost fragments are named beside the limit, and a fragment size that passes")
  func fragments() throws {
    let result = result { _ in SimulatedPath { $0 <= 1400 ? .passes : .vanishes } }
    let found = findings(result)
    #expect(found.map(\.id) == [.mtuBlackhole, .ikeAuthFragLost])
    #expect(found.last?.severity == .warning)
    #expect(found.first?.meaning?.plain.contains("fragments are dropped") == true)
    let lines = found.last?.remedies.flatMap(\.settings).map(\.line.plain) ?? []
    #expect(lines.contains("charon.fragment_size = 1400"))
  }

  @Test("A band is told once for all kinds of packets, and the numbers are those below it")
  func band() throws {
    let result = result { _ in
      SimulatedPath { (1373...1472).contains($0) ? .vanishes : .passes }
    }
    let found = findings(result)
    #expect(found.map(\.id) == [.mtuBand])
    #expect(
      found.first?.summary.plain == "1373–1472 bytes vanish, smaller and larger ones pass")
    #expect(result.pathMTU == 1372)
    let lines = found.first?.remedies.flatMap(\.settings).map(\.line.plain) ?? []
    #expect(lines.contains("charon.fragment_size = 1372"))
  }

  @Test("This machine's own limits are not called the path's")
  func local() {
    let small = result(interfaceMTU: 1400) { _ in free }
    #expect(findings(small).map(\.id) == [.mtuLocalLimit])
    #expect(findings(small).map(\.severity) == [.info])
    let stale = result(kernelMTU: 1300) { _ in free }
    #expect(
      findings(stale).map(\.summary.plain) == [
        "this machine takes the path's MTU for 1300, and 1500 pass"
      ])
  }

  @Test("Silence to IKE is told, and echoes still measure")
  func silent() {
    let result = result { kind in
      kind.content == .icmpEcho ? free : SimulatedPath { _ in .vanishes }
    }
    #expect(findings(result).map(\.id) == [.ikeNoAnswer])
    #expect(findings(result).map(\.severity) == [.warning])
    #expect(result.pathMTU == 1500)
    let nobody = self.result { _ in SimulatedPath { _ in .vanishes } }
    #expect(findings(nobody).map(\.severity) == [.critical])
    #expect(nobody.isIncomplete)
  }

  @Test("With a known suite the numbers are its own")
  func knownSuite() throws {
    let result = result { kind in
      kind.mayBeFragmented ? free : SimulatedPath { $0 <= 1400 ? .passes : .vanishes }
    }
    let suite = try #require(ESPSuite(keywords: "aes256gcm16"))
    let advice = PathAdvice(suite: suite, isInUDP: true, isIPv6: false)
    let lines = PathFindings(result, advice).all.flatMap(\.remedies).flatMap(\.settings)
      .map(\.line.plain)
    #expect(lines.contains("ip route change NETWORK dev DEVICE mtu 1338 advmss 1298"))
  }
}
