import Diagnosis
import Host
import IKE
import IPsecCrypto
import PacketDissector
import Testing

@testable import Measurement

@Suite("Liveness: IKEv1")
struct MainModeProberTests {
  private static let loopback = IPAddress(v4: 0x7F00_0001)

  private static func peer(_ proposals: String) throws -> LivePeer {
    let secret = Secret(copying: Array("a secret for tests".utf8))
    let everything = try #require(TrafficSelector(text: "0.0.0.0/0"))
    var configuration = PeerConfiguration(
      ikeProposals: try ProposalNotation.parse(proposals, for: .ike), childProposals: [],
      localIdentity: Identity(loopback), credential: .preSharedKey(secret),
      requirement: .preSharedKey(secret), localSelectors: [everything],
      remoteSelectors: [everything])
    configuration.retransmission = RetransmissionPolicy(
      firstWait: .milliseconds(70), factor: 1, transmissions: 7)
    return LivePeer(
      name: "here", address: ResolvedAddress(loopback), configuration: configuration)
  }

  @Test("Proposals that were given count, the usual ones of IKEv2 become those of IKEv1")
  func proposals() throws {
    let given = try MainModeConfiguration(Self.peer("aes128-sha1-modp2048"))
    #expect(given.proposals == [PhaseOneProposal(.aesCBC, keyBits: 128, .sha, .modp2048)])
    #expect(given.livenessRetransmission.transmissions == 7)
    let usual = try MainModeConfiguration(Self.peer(PeerPlan.usualIKE))
    #expect(usual.proposals == PhaseOneProposal.usual)
  }

  @Test("A port without a daemon is told by its ICMP error, and a stop at once")
  func refused() throws {
    // A port that is surely free: it has just been ours.
    let port = try UDPSocket(isIPv6: false, source: Endpoint(Self.loopback, 0)).localPort
    var configuration = try MainModeConfiguration(Self.peer("aes128-sha1-modp1024"))
    configuration.ports = IKEPorts(plain: port, encapsulated: 4500)
    configuration.retransmission = RetransmissionPolicy(
      firstWait: .milliseconds(50), factor: 1, transmissions: 2)
    let prober = MainModeProber(
      to: ResolvedAddress(Self.loopback), configuration, Tunnel.Options()
    ) { false }
    let answer = try #require(prober.beat())
    guard case .refused(_, let sender) = answer.outcome else {
      Issue.record("\(answer.outcome)")
      return
    }
    #expect(sender == Self.loopback && answer.sent == 2 && answer.answered == 0)
    prober.close()
    let stopped = MainModeProber(
      to: ResolvedAddress(Self.loopback), configuration, Tunnel.Options()
    ) { true }
    #expect(stopped.beat() == nil)
    stopped.close()
  }

  @Test("A failure names its likely cause")
  func words() {
    #expect(MainModeFailure.unreadable.words.hasSuffix("have different pre-shared keys"))
    #expect(MainModeFailure.noAnswer(.proof, port: 4500).words.contains("UDP port 4500 is blocked"))
    #expect(MainModeFailure.refused(.noProposalChosen, .offer).words.contains("--ike"))
    #expect(MainModeFailure.wrongChoice.words == "the peer chose what was not offered")
  }
}
