import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

@Suite("Deciding about a post-quantum pre-shared key")
struct PPKDecisionTests {
  private let identity = PPKIdentity(type: 2, data: [1, 2, 3])
  private let other = PPKIdentity(type: 1, data: [1, 2, 3])

  private func policy(mandatory: Bool) -> PPKPolicy {
    PPKPolicy(identity: identity, secret: Secret(copying: [1]), isMandatory: mandatory)
  }

  @Test("USE_PPK on both sides goes on with it; a mandatory key ends the attempt otherwise")
  func afterInit() {
    func decide(_ policy: PPKPolicy?, _ peerSent: Bool) -> PPKDecision {
      PPKDecision.afterInit(policy: policy, peerSentUsePPK: peerSent)
    }
    #expect(decide(nil, true) == .without)
    #expect(decide(nil, false) == .without)
    #expect(decide(policy(mandatory: false), true) == .use)
    #expect(decide(policy(mandatory: true), true) == .use)
    #expect(decide(policy(mandatory: false), false) == .without)
    #expect(decide(policy(mandatory: true), false) == .fail)
  }

  @Test("a responder uses a key that it knows, whatever else is said")
  func known() {
    for mandatory in [false, true] {
      for hasNoPPKAuth in [false, true] {
        #expect(
          PPKDecision.ofResponder(
            policy: policy(mandatory: mandatory), requested: identity, hasNoPPKAuth: hasNoPPKAuth)
            == .use)
      }
    }
  }

  @Test("a responder that does not know the key needs NO_PPK_AUTH, and a policy that allows it")
  func unknown() {
    func decide(_ mandatory: Bool, _ hasNoPPKAuth: Bool) -> PPKDecision {
      PPKDecision.ofResponder(
        policy: policy(mandatory: mandatory), requested: other, hasNoPPKAuth: hasNoPPKAuth)
    }
    #expect(decide(false, true) == .without)
    #expect(decide(true, true) == .fail)
    #expect(decide(false, false) == .fail)
    #expect(decide(true, false) == .fail)
  }

  @Test("an initiator that names no key goes without, unless the responder's policy demands one")
  func unnamed() {
    #expect(
      PPKDecision.ofResponder(
        policy: policy(mandatory: false), requested: nil, hasNoPPKAuth: false) == .without)
    #expect(
      PPKDecision.ofResponder(policy: policy(mandatory: true), requested: nil, hasNoPPKAuth: true)
        == .fail)
  }

  @Test("an initiator goes on without only if its policy allows it")
  func initiator() {
    #expect(PPKDecision.ofInitiator(policy: policy(mandatory: true), isConfirmed: true) == .use)
    #expect(PPKDecision.ofInitiator(policy: policy(mandatory: false), isConfirmed: true) == .use)
    #expect(
      PPKDecision.ofInitiator(policy: policy(mandatory: false), isConfirmed: false) == .without)
    #expect(PPKDecision.ofInitiator(policy: policy(mandatory: true), isConfirmed: false) == .fail)
  }
}
