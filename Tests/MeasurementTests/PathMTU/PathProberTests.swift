import Diagnosis
import Host
import IKE
import PacketDissector
import Testing

@testable import Measurement

@Suite("Packets of a wanted size")
struct PathProberTests {
  @Test(
    "A request has the size that was asked for, and is IKE_SA_INIT", arguments: [480, 512, 1472])
  func requests(_ bytes: Int) throws {
    var random = RandomSource(SplitMix64(state: 1))
    let request = IKEProber.request(0x1122_3344_5566_7788, bytes: bytes, &random)
    #expect(request.count == bytes)
    var reader = ByteReader(request.rawBytes)
    let message = try IKEMessage(from: &reader)
    #expect(message.stop == nil && message.header.initiatorSPI == 0x1122_3344_5566_7788)
    // A share of a method that is not offered leaves no half-open SA behind.
    let share = message.payloads.compactMap { payload in
      if case .keyExchange(let share) = payload.body { share.method } else { nil }
    }
    #expect(share == [.modp768])
    let offered = message.payloads.contains { payload in
      guard case .securityAssociation(let association) = payload.body else { return false }
      return association.proposals.contains { $0.offers(.modp768) }
    }
    #expect(!offered)
  }

  @Test("Sizes begin small enough for both families' headers and markers")
  func smallest() {
    var random = RandomSource(SplitMix64(state: 1))
    let bytes = IKEProber.smallest - 40 - 8 - 4
    #expect(IKEProber.request(1, bytes: bytes, &random).count == bytes)
  }

  @Test("Rungs of whole packets end at the interface's MTU, those that may be cut go beyond")
  func rungs() {
    let plan = PathPlan(PathRoute(to: .init(IPAddress(v4: 0xC000_0201))))
    for content in PacketKind.Content.allCases {
      let whole = plan.search(PacketKind(content, mayBeFragmented: false), interfaceMTU: 1500).rungs
      #expect(whole.last == 1500)
      let gaps = zip(whole, whole.dropFirst()).filter { $0.0 >= 1280 }.map { $1 - $0 }
      #expect(gaps.allSatisfy { $0 <= 20 })
      let cut = plan.search(PacketKind(content, mayBeFragmented: true), interfaceMTU: 1500).rungs
      #expect(cut.last == 3000)
    }
  }

  @Test("Over loopback, a closed port ends the search of IKE's sizes at once")
  func closedPort() throws {
    let local = IPAddress(v4: 0x7F00_0001)
    let free = try UDPSocket(isIPv6: false, source: Endpoint(local, 0)).localPort
    var plan = PathPlan(PathRoute(to: .init(local)))
    plan.classes = [PacketKind(.udp500, mayBeFragmented: false)]
    plan.ikePort = free
    let advice = PathAdvice(suite: nil, isInUDP: nil, isIPv6: false)
    let result = try PathMeasurement("127.0.0.1", plan, isStopped: { false }).run(advice)
    #expect(result.findings.map(\.id) == [.ikeRefusedICMP])
    #expect(result.pathMTU == nil)
  }

  @Test("Ctrl-C leaves what was found so far")
  func interrupted() throws {
    var plan = PathPlan(PathRoute(to: .init(IPAddress(v4: 0x7F00_0001))))
    plan.classes = [PacketKind(.udp500, mayBeFragmented: false)]
    let advice = PathAdvice(suite: nil, isInUDP: nil, isIPv6: false)
    let result = try PathMeasurement("127.0.0.1", plan, isStopped: { true }).run(advice)
    #expect(result.isInterrupted && result.isIncomplete)
    #expect(result.findings.isEmpty)
  }
}
