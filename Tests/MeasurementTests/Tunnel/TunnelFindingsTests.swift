import Diagnosis
import Host
import IKE
import IPsecCrypto
import Measurement
import PacketDissector
import Testing

@Suite("What the failure of a tunnel means")
struct TunnelFindingsTests {
  private static let peer = IPAddress(v4: 0xC000_0201)

  private static func finding(
    _ failure: TunnelFailure, errors: [SocketErrorReport] = [],
    unanswered: TunnelFindings.Unanswered? = nil
  ) throws -> Finding? {
    let secret = Secret(copying: [1, 2, 3])
    let configuration = PeerConfiguration(
      ikeProposals: try ProposalNotation.parse("aes256-sha256-x25519", for: .ike),
      childProposals: try ProposalNotation.parse("aes128gcm16-noesn", for: .esp),
      localIdentity: try #require(Identity(text: "us.example")),
      credential: .preSharedKey(secret), requirement: .preSharedKey(secret),
      localSelectors: [try #require(TrafficSelector(text: "10.1.0.0/16"))],
      remoteSelectors: [try #require(TrafficSelector(text: "10.2.0.0/16"))])
    let path = IKEPath(
      local: Endpoint(IPAddress(v4: 0xC000_0202), 40_000), remote: Endpoint(peer, 4500))
    return TunnelFindings(configuration, path, errors: errors, unanswered: unanswered)
      .finding(failure)
  }

  @Test(
    "Each kind of failure has its finding",
    arguments: [
      (TunnelFailure.session(.noAnswer(.ikeSAInit)), FindingID.ikeNoAnswer),
      (.session(.noAnswer(.ikeAuth)), .ikeNoAnswer),
      (.session(.refused(.noProposalChosen, in: .ikeSAInit)), .ikeProposalMismatch),
      (.session(.refused(.invalidKEPayload, in: .ikeSAInit)), .ikeKELoop),
      (.session(.refused(.authenticationFailed, in: .ikeAuth)), .ikeAuthFailed),
      (.session(.authentication(.wrongSharedKey)), .ikeAuthFailed),
      (.session(.eap(.refused)), .ikeAuthFailed), (.session(.otherVersion(1)), .ikeVersion),
      (.session(.noIntermediate), .ikeIntermediateSkipped),
      (.session(.malformed(.ikeAuth)), .ikeMalformed),
      (.refusedChild(.refused(.tsUnacceptable)), .childTSMismatch),
      (.refusedChild(.refused(.noProposalChosen)), .childProposalMismatch),
      (.ended(by: .peer), .dpdPeerDead),
    ])
  func kinds(failure: TunnelFailure, id: FindingID) throws {
    let finding = try #require(try Self.finding(failure))
    #expect(finding.id == id)
    #expect(!finding.evidence.isEmpty)
    #expect(!finding.remedies.isEmpty)
  }

  @Test(
    "What says nothing of peer or path is no finding",
    arguments: [TunnelFailure.interrupted, .noChild, .ended(by: .local)])
  func none(failure: TunnelFailure) throws {
    let finding = try Self.finding(failure)
    #expect(finding == nil)
  }

  @Test("Silence behind an ICMP error is a refusal")
  func refusal() throws {
    let report = SocketErrorReport(
      origin: .icmp, code: 111, icmpType: 3, icmpCode: 3, offender: Self.peer,
      destination: Endpoint(Self.peer, 500), time: Timestamp(nanoseconds: 0))
    let finding = try #require(
      try Self.finding(.session(.noAnswer(.ikeSAInit)), errors: [report]))
    #expect(finding.id == .ikeRefusedICMP)
    #expect(finding.summary.plain.contains("UDP 500"))
  }

  @Test(
    "A silent request that IP had to cut up has lost its fragments; IKE fragments are no IP fragments"
  )
  func fragments() throws {
    let cut = TunnelFindings.Unanswered(largestPacket: 3_000, ikeFragments: 1, ipPackets: 3)
    let lost = try #require(
      try Self.finding(.session(.noAnswer(.ikeAuth)), unanswered: cut))
    #expect(lost.id == .ikeAuthFragLost)
    let whole = TunnelFindings.Unanswered(largestPacket: 1_280, ikeFragments: 3, ipPackets: 3)
    let silent = try #require(
      try Self.finding(.session(.noAnswer(.ikeAuth)), unanswered: whole))
    #expect(silent.id == .ikeNoAnswer)
  }

  @Test("Refused networks are shown as they were asked for")
  func networks() throws {
    let finding = try #require(try Self.finding(.refusedChild(.refused(.tsUnacceptable))))
    #expect(finding.evidence.map(\.text.plain).contains("asked for: 10.1.0.0/16 to 10.2.0.0/16"))
  }
}
