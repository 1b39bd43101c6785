import PacketDissector
import Testing

@testable import IKE

@Suite("Checking the proposal that a responder answers with")
struct ProposalAnswerTests {
  private let offered = [
    Proposal.ike(
      1, .aesGCM256, .aesGCM128, .prf256, .prf384, .x25519, .additional(1, 36), .additional(1, 0)),
    Proposal.ike(2, .aesCBC256, .prf256, .integrity256, .x25519),
  ]

  private func fault(_ answer: Proposal...) -> ProposalSelection.AnswerFault? {
    do throws(ProposalSelection.AnswerFault) {
      _ = try ProposalSelection.verify(answer, against: offered)
      return nil
    } catch {
      return error
    }
  }

  @Test("what was offered is accepted, with NONE said or left out")
  func fine() throws {
    let answer = Proposal.ike(1, .aesGCM128, .prf384, .x25519, .additional(1, 36))
    #expect(try ProposalSelection.verify([answer], against: offered) == answer)
    #expect(fault(.ike(1, .aesGCM128, .prf384, .x25519, .additional(1, 0))) == nil)
    #expect(fault(.ike(1, .aesGCM128, .prf384, .x25519)) == nil)
    #expect(fault(.ike(2, .aesCBC256, .prf256, .integrity256, .x25519)) == nil)
  }

  @Test("whatever is chosen from an offer passes its check")
  func chosen() throws {
    for own in offered {
      for side in [Side.initiator, .responder] {
        let choice = try #require(
          ProposalSelection.choose(from: offered, by: [own], preferring: side))
        #expect(try ProposalSelection.verify([choice], against: offered) == choice)
      }
    }
  }

  @Test("no proposal, or two, is no answer")
  func count() {
    #expect(fault() == .proposals(0))
    #expect(fault(offered[1], offered[1]) == .proposals(2))
  }

  @Test("an answer must be made of what its number offered, not of another proposal's")
  func notOffered() {
    #expect(
      fault(.ike(1, .aesCBC256, .prf256, .integrity256, .x25519)) == .notOffered(.aesCBC256))
    #expect(fault(.ike(2, .aesCBC128, .prf256, .integrity256, .x25519)) == .notOffered(.aesCBC128))
    #expect(fault(.ike(1, .aesGCM256, .prf256, .ecp256)) == .notOffered(.ecp256))
    #expect(fault(.ike(3, .aesGCM256, .prf256, .x25519)) == .number(3))
    #expect(fault(.ike(0, .aesGCM256, .prf256, .x25519)) == .number(0))
  }

  @Test("a type may be neither left out nor answered twice")
  func types() {
    #expect(fault(.ike(1, .aesGCM256, .x25519)) == .missing(.prf))
    #expect(fault(.ike(1, .aesGCM256, .prf256)) == .missing(.keyExchange))
    #expect(fault(.ike(2, .aesCBC256, .prf256, .x25519)) == .missing(.integrity))
    #expect(fault(.ike(1, .aesGCM256, .prf256, .prf384, .x25519)) == .severalOf(.prf))
  }

  @Test("protocol and length of the SPI must be the offer's")
  func protocolAndSPI() {
    var answer = Proposal.ike(2, .aesCBC256, .prf256, .integrity256, .x25519)
    answer.spi = [UInt8](repeating: 1, count: 8)
    #expect(fault(answer) == .spiLength(8))
    answer.spi = []
    answer.protocolID = .esp
    #expect(fault(answer) == .otherProtocol(.esp))
  }

  @Test(
    "a cipher without integrity cannot be slipped in through the NONE that was meant for another")
  func integrity() {
    let mixed = [
      Proposal.ike(.aesGCM256, .aesCBC256, .prf256, .noIntegrity, .integrity256, .x25519)
    ]
    func verify(_ answer: Proposal) -> ProposalSelection.AnswerFault? {
      do throws(ProposalSelection.AnswerFault) {
        _ = try ProposalSelection.verify([answer], against: mixed)
        return nil
      } catch {
        return error
      }
    }
    #expect(verify(.ike(.aesCBC256, .prf256, .noIntegrity, .x25519)) == .missing(.integrity))
    #expect(verify(.ike(.aesCBC256, .prf256, .x25519)) == .missing(.integrity))
    #expect(verify(.ike(.aesGCM256, .prf256, .integrity256, .x25519)) == .integrityBesideAEAD)
    #expect(verify(.ike(.aesGCM256, .prf256, .x25519)) == nil)
  }

  @Test("the same method in two key exchanges is a fault")
  func repeated() {
    let offer = [Proposal.ike(.aesGCM256, .prf256, .x25519, .ecp256, .additional(1, 31))]
    #expect(throws: ProposalSelection.AnswerFault.repeatedMethod(31)) {
      try ProposalSelection.verify(
        [.ike(.aesGCM256, .prf256, .x25519, .additional(1, 31))], against: offer)
    }
  }

  @Test(
    "the empty encryption of ESP is accepted only where it was offered without an AEAD beside it")
  func bareESP() throws {
    let bare = Proposal.esp(.aesCBC256, .noIntegrity, .noESN)
    #expect(try ProposalSelection.verify([bare], against: [bare]) == bare)
    let mixed = Proposal.esp(.aesCBC256, .aesGCM256, .noIntegrity, .noESN)
    #expect(throws: ProposalSelection.AnswerFault.missing(.integrity)) {
      try ProposalSelection.verify([bare], against: [mixed])
    }
  }
}
