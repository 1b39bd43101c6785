import PacketDissector
import Testing

@testable import IKE

@Suite("Choosing a proposal")
struct ProposalSelectionTests {
  private let policy = Proposal.ike(
    .aesCBC256, .aesCBC128, .integrity256, .prf256, .x25519, .ecp256)

  private func choose(_ offered: Proposal..., by own: Proposal...) -> Proposal? {
    ProposalSelection.choose(from: offered, by: own)
  }

  @Test("the answer has the offer's number and SPI, and one transform a type")
  func numberAndSPI() {
    let offer = Proposal.ike(
      3, spi: [1, 2, 3, 4, 5, 6, 7, 8], .aesCBC128, .aesCBC256, .prf384, .prf256, .integritySHA1,
      .integrity256, .modp2048, .ecp256, .x25519)
    #expect(
      choose(offer, by: policy)
        == Proposal.ike(
          3, spi: [1, 2, 3, 4, 5, 6, 7, 8], .aesCBC256, .prf256, .integrity256, .x25519))
  }

  @Test("whose order decides is the caller's choice, for proposals and for transforms")
  func preference() {
    let offered = [
      Proposal.ike(1, .aesCBC128, .aesCBC256, .prf256, .integrity256, .ecp256, .x25519),
      Proposal.ike(2, .chaCha20, .prf256, .x25519),
    ]
    let own = [Proposal.ike(.chaCha20, .prf256, .x25519), policy]
    #expect(
      ProposalSelection.choose(from: offered, by: own, preferring: .responder)?.number == 2)
    #expect(
      ProposalSelection.choose(from: offered, by: own, preferring: .initiator)
        == Proposal.ike(1, .aesCBC128, .prf256, .integrity256, .ecp256))
  }

  @Test("a second proposal is taken where the first has nothing in common")
  func secondProposal() {
    let first = Proposal.ike(1, .aesGCM256, .prf256, .x25519)
    let second = Proposal.ike(2, .aesCBC256, .prf256, .integrity256, .x25519)
    #expect(choose(first, second, by: policy)?.number == 2)
    #expect(choose(first, by: policy) == nil)
  }

  @Test(
    "a missing mandatory type makes a proposal unacceptable", arguments: 1...4 as ClosedRange<UInt8>
  )
  func missingType(_ type: UInt8) {
    var offer = policy
    offer.transforms.removeAll { $0.type.rawValue == type }
    #expect(choose(offer, by: policy) == nil)
    #expect(choose(offer, by: offer) == nil)
  }

  @Test("another protocol is never chosen, nor one that nobody knows")
  func protocols() {
    var offer = policy
    offer.protocolID = .esp
    #expect(choose(offer, by: policy) == nil)
    offer.protocolID = 77
    #expect(choose(offer, by: offer) == nil)
  }

  @Test("a transform ID that nobody knows does not spoil the proposal")
  func unknownTransform() {
    let offer = Proposal.ike(
      .init(.encryption, id: 60000), .aesCBC256, .init(.prf, id: 60000), .prf256, .integrity256,
      .x25519)
    #expect(choose(offer, by: policy) == .ike(.aesCBC256, .prf256, .integrity256, .x25519))
  }

  @Test("an unknown transform type spoils the proposal, and only that")
  func unknownType() {
    var spoilt = policy
    spoilt.transforms.append(Transform(99, id: 1))
    #expect(choose(spoilt, by: policy) == nil)
    var second = policy
    second.number = 2
    #expect(choose(spoilt, second, by: policy)?.number == 2)
  }

  @Test("a transform with an attribute that is not understood is not acceptable")
  func unknownAttribute() {
    let strange = Transform(
      .encryption, id: 12,
      attributes: [
        TransformAttribute(type: 14, .short(256)), TransformAttribute(type: 18, .short(1)),
      ])
    let long = Transform(
      .encryption, id: 12, attributes: [TransformAttribute(type: 14, .bytes([1, 0]))])
    for transform in [strange, long] {
      #expect(choose(.ike(transform, .prf256, .integrity256, .x25519), by: policy) == nil)
      #expect(
        choose(.ike(transform, .aesCBC128, .prf256, .integrity256, .x25519), by: policy)
          == .ike(.aesCBC128, .prf256, .integrity256, .x25519))
    }
    let prf = Transform(.prf, id: 5, keyLength: 256)
    #expect(choose(.ike(.aesCBC256, prf, .integrity256, .x25519), by: policy) == nil)
  }

  @Test("AES needs a key length that it has, and key lengths must be equal")
  func keyLengths() {
    for cipher in [
      Transform(.encryption, id: 12), Transform(.encryption, id: 12, keyLength: 0),
      Transform(.encryption, id: 12, keyLength: 100),
      Transform(.encryption, id: 12, keyLength: 192),
    ] {
      #expect(choose(.ike(cipher, .prf256, .integrity256, .x25519), by: policy) == nil)
    }
    let none = Proposal.ike(Transform(.encryption, id: 12), .prf256, .integrity256, .x25519)
    #expect(choose(none, by: none) == nil)
  }

  @Test("a fixed key length may be said, and the answer says what the offer said")
  func fixedKeyLength() {
    let own = Proposal.ike(.chaCha20, .prf256, .x25519)
    let said = Transform(.encryption, id: 28, keyLength: 256)
    #expect(choose(.ike(said, .prf256, .x25519), by: own) == .ike(said, .prf256, .x25519))
    let wrong = Transform(.encryption, id: 28, keyLength: 128)
    #expect(choose(.ike(wrong, .prf256, .x25519), by: own) == nil)
  }

  @Test("INTEG NONE beside an AEAD cipher may be sent or left out, by either side")
  func noneBesideAEAD() {
    let without = Proposal.ike(.aesGCM256, .prf256, .x25519)
    let with = Proposal.ike(.aesGCM256, .prf256, .noIntegrity, .x25519)
    #expect(choose(without, by: with) == without)
    #expect(choose(with, by: without) == with)
    #expect(choose(with, by: with) == with)
    #expect(choose(.ike(.aesGCM256, .prf256, .integrity256, .x25519), by: without) == nil)
  }

  @Test("in one proposal with both kinds of cipher, each gets its own kind of integrity")
  func mixedCiphers() {
    let offer = Proposal.ike(
      .aesGCM256, .aesCBC256, .prf256, .noIntegrity, .integrity256, .x25519)
    #expect(choose(offer, by: policy) == .ike(.aesCBC256, .prf256, .integrity256, .x25519))
    #expect(
      choose(offer, by: .ike(.aesGCM256, .prf256, .x25519))
        == .ike(.aesGCM256, .prf256, .noIntegrity, .x25519))
    // Of an AEAD cipher with integrity alone, only the other cipher is left.
    #expect(
      choose(
        .ike(.aesGCM256, .aesCBC256, .prf256, .integrity256, .x25519),
        by: .ike(.aesGCM256, .aesCBC256, .prf256, .integrity256, .x25519))
        == .ike(.aesCBC256, .prf256, .integrity256, .x25519))
  }

  @Test(
    "encryption without integrity is never chosen for IKE, and for ESP only by a policy that says NONE"
  )
  func encryptionAlone() {
    let bare = Proposal.ike(.aesCBC256, .prf256, .noIntegrity, .x25519)
    #expect(choose(bare, by: bare) == nil)
    let esp = Proposal.esp(.aesCBC256, .noESN)
    #expect(choose(esp, by: esp) == nil)
    #expect(choose(esp, by: .esp(.aesCBC256, .noIntegrity, .noESN)) == esp)
  }

  @Test("an IKE SA is never without key exchange; a Child SA may be")
  func noKeyExchange() {
    let ike = Proposal.ike(.aesGCM256, .prf256, .noKeyExchange)
    #expect(choose(ike, by: ike) == nil)
    let own = Proposal.esp(.aesGCM256, .noESN)
    #expect(
      choose(.esp(.aesGCM256, .x25519, .noKeyExchange, .noESN), by: own)
        == .esp(.aesGCM256, .noKeyExchange, .noESN))
    #expect(choose(.esp(.aesGCM256, .x25519, .noESN), by: own) == nil)
    let pfs = Proposal.esp(.aesGCM256, .x25519, .noESN)
    #expect(choose(own, by: pfs) == nil)
    #expect(choose(own, by: .esp(.aesGCM256, .x25519, .noKeyExchange, .noESN)) == own)
  }

  @Test("extended sequence numbers are chosen as the order says, and must be offered")
  func sequenceNumbers() {
    let offer = Proposal.esp(.aesGCM256, .esn, .noESN)
    #expect(choose(offer, by: .esp(.aesGCM256, .noESN)) == .esp(.aesGCM256, .noESN))
    #expect(choose(offer, by: .esp(.aesGCM256, .esn, .noESN)) == .esp(.aesGCM256, .esn))
    #expect(choose(.esp(.aesGCM256, .noESN), by: .esp(.aesGCM256, .esn)) == nil)
    #expect(choose(.esp(.aesGCM256), by: .esp(.aesGCM256, .noESN)) == nil)
    #expect(choose(.esp(.aesGCM256, .esn), by: .esp(.aesGCM256)) == nil)
  }

  @Test("AH takes integrity and sequence numbers, and no cipher")
  func authenticationHeader() {
    let offer = Proposal(
      number: 1, protocolID: .ah, spi: [1, 2, 3, 4], transforms: [.integrity256, .noESN])
    #expect(choose(offer, by: offer) == offer)
    var bare = offer
    bare.transforms[0] = .noIntegrity
    #expect(choose(bare, by: bare) == nil)
  }

  @Test("an SPI of a length that the protocol has not makes a proposal unacceptable")
  func spiLength() {
    let own = Proposal.esp(.aesGCM256, .noESN)
    #expect(choose(.esp(spi: [], .aesGCM256, .noESN), by: own) == nil)
    #expect(choose(.esp(spi: [1, 2, 3, 4, 5], .aesGCM256, .noESN), by: own) == nil)
    var ike = policy
    ike.spi = [1, 2, 3, 4]
    #expect(choose(ike, by: policy) == nil)
  }

  @Test("the child of an IKE_AUTH exchange is negotiated without key exchanges")
  func withoutKeyExchanges() {
    let offer = Proposal.esp(.aesGCM256, .x25519, .additional(1, 36), .noESN)
    #expect(offer.withoutKeyExchanges == .esp(.aesGCM256, .noESN))
  }

  @Test("a share of another method than the chosen one makes the responder name its own")
  func shares() {
    let chosen = Proposal.ike(.aesGCM256, .prf256, .x25519)
    #expect(ProposalSelection.methodWanted(for: chosen, insteadOf: 31) == nil)
    #expect(ProposalSelection.methodWanted(for: chosen, insteadOf: 14) == 31)
    #expect(ProposalSelection.methodWanted(for: chosen, insteadOf: nil) == 31)
    let child = Proposal.esp(.aesGCM256, .noKeyExchange, .noESN)
    #expect(ProposalSelection.methodWanted(for: child, insteadOf: 31) == nil)
  }
}

@Suite("Choosing additional key exchanges")
struct AdditionalKeyExchangeSelectionTests {
  private func choose(_ offered: [Transform], by own: [Transform]) -> [UInt16]? {
    let suite = [Transform.aesGCM256, .prf256]
    let choice = ProposalSelection.choose(
      from: [Proposal(number: 1, protocolID: .ike, transforms: suite + offered)],
      by: [Proposal(number: 1, protocolID: .ike, transforms: suite + own)])
    return choice.map { $0.transforms.dropFirst(2).map(\.id) }
  }

  @Test("an additional key exchange is chosen where both sides have it")
  func both() {
    #expect(
      choose([.x25519, .additional(1, 36), .additional(1, 37)], by: [.x25519, .additional(1, 37)])
        == [31, 37])
  }

  @Test("NONE makes it optional, and is answered where it was offered")
  func optional() {
    let plain = [Transform.x25519]
    let optional = plain + [.additional(1, 36), .additional(1, 0)]
    let required = plain + [.additional(1, 36)]
    #expect(choose(optional, by: plain) == [31, 0])
    #expect(choose(plain, by: optional) == [31])
    #expect(choose(optional, by: required) == [31, 36])
    #expect(choose(required, by: plain) == nil)
    #expect(choose(plain, by: required) == nil)
  }

  @Test("numbers may be missing between additional key exchanges")
  func gaps() {
    let methods = [Transform.x25519, .additional(2, 36), .additional(7, 19)]
    #expect(choose(methods, by: methods) == [31, 36, 19])
  }

  @Test("no method is used twice, even if a later type must then take its second choice")
  func distinct() {
    let methods = [Transform.x25519, .ecp256, .additional(1, 31), .additional(1, 19)]
    #expect(choose(methods, by: methods) == [31, 19])
    let tight = [Transform.x25519, .ecp256, .additional(1, 31)]
    #expect(choose(tight, by: tight) == [19, 31])
    let impossible = [Transform.x25519, .additional(1, 31)]
    #expect(choose(impossible, by: impossible) == nil)
    let free = impossible + [.additional(1, 0)]
    #expect(choose(free, by: free) == [31, 0])
  }

  @Test("an offer made to be searched for ever is refused at once")
  func hostile() {
    // The last two types have one method between them, which trying all choices of the six before them
    // in their order would find out 27 million times.
    let methods = Array(14...33 as ClosedRange<UInt16>)
    var transforms = methods.map { Transform(.keyExchange, id: $0) }
    for type in 1...5 as ClosedRange<UInt8> {
      transforms += methods.map { Transform.additional(type, $0) }
    }
    transforms += [.additional(6, 1), .additional(7, 1)]
    let clock = ContinuousClock()
    let time = clock.measure { #expect(choose(transforms, by: transforms) == nil) }
    #expect(time < .seconds(10))
  }
}
