import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("IKEv2's configuration of a peer as IKEv1's")
struct MainModeConfigurationTests {
  @Test("Every combination of a proposal becomes one of phase 1")
  func combinations() throws {
    var peer = PeerConfiguration.alice
    peer.ikeProposals = [
      Proposal(
        number: 1, protocolID: .ike,
        transforms: [
          Transform(.encryption, id: EncryptionAlgorithm.aesCBC.rawValue, keyLength: 256),
          Transform(.encryption, id: EncryptionAlgorithm.tripleDES.rawValue),
          Transform(.encryption, id: EncryptionAlgorithm.aesGCM16.rawValue, keyLength: 128),
          Transform(.prf, id: PseudorandomFunction.hmacSHA2_256.rawValue),
          Transform(.integrity, id: IntegrityAlgorithm.hmacSHA2_256_128.rawValue),
          Transform(.keyExchange, id: KeyExchangeMethod.modp2048.rawValue),
          Transform(.keyExchange, id: 36),
        ])
    ]
    let configuration = try MainModeConfiguration(peer)
    #expect(
      configuration.proposals == [
        PhaseOneProposal(.aesCBC, keyBits: 256, .sha2_256, .modp2048),
        PhaseOneProposal(.tripleDESCBC, .sha2_256, .modp2048),
      ])
    #expect(configuration.localIdentity == peer.localIdentity)
    #expect(configuration.preSharedKey.hasSameBytes(as: PeerConfiguration.psk))
  }

  @Test("Without a secret, and without a proposal that IKEv1 can say, there is none")
  func unusable() {
    var peer = PeerConfiguration.alice
    #expect(throws: MainModeUnusable.noProposal) { try MainModeConfiguration(peer) }
    peer.credential = .null
    #expect(throws: MainModeUnusable.noPreSharedKey) { try MainModeConfiguration(peer) }
  }
}
