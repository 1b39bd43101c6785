import PacketDissector
import Testing

@testable import Diagnosis

@Suite("Grades of algorithms")
struct AlgorithmGradeTests {
  typealias Level = AlgorithmGrade.Level

  @Test(
    "IKE is graded by RFC 8247",
    arguments: [
      (TransformType.encryption, 12 as UInt16, Level.must), (.encryption, 20, .should),
      (.encryption, 28, .should), (.encryption, 14, .should), (.encryption, 3, .may),
      (.encryption, 2, .mustNot), (.prf, 5, .must), (.prf, 7, .shouldPlus), (.prf, 2, .mustMinus),
      (.prf, 4, .should), (.prf, 1, .mustNot), (.integrity, 12, .must), (.integrity, 14, .should),
      (.integrity, 2, .mustMinus), (.integrity, 5, .should), (.integrity, 1, .mustNot),
      (.integrity, 3, .mustNot), (.integrity, 4, .mustNot), (.keyExchange, 14, .must),
      (.keyExchange, 19, .should), (.keyExchange, 5, .shouldNot), (.keyExchange, 2, .shouldNot),
      (.keyExchange, 1, .mustNot), (.keyExchange, 22, .mustNot), (.keyExchange, 23, .shouldNot),
      (.keyExchange, 24, .shouldNot), (.additionalKeyExchange3, 22, .mustNot),
    ])
  func ike(type: TransformType, id: UInt16, level: Level) throws {
    let grade = try #require(AlgorithmGrade(of: type, id: id, for: .ike))
    #expect(grade.level == level)
    #expect(grade.source.hasPrefix("RFC 8247 section 2."))
  }

  @Test(
    "ESP is graded by RFC 8221",
    arguments: [
      (TransformType.encryption, 12 as UInt16, Level.must), (.encryption, 20, .must),
      (.encryption, 11, .must), (.encryption, 28, .should), (.encryption, 14, .should),
      (.encryption, 3, .shouldNot), (.encryption, 1, .mustNot), (.encryption, 2, .mustNot),
      (.encryption, 7, .mustNot), (.encryption, 8, .mustNot), (.encryption, 9, .mustNot),
      (.integrity, 12, .must), (.integrity, 14, .should), (.integrity, 2, .mustMinus),
      (.integrity, 5, .should), (.integrity, 9, .may), (.integrity, 11, .may),
      (.integrity, 1, .mustNot), (.integrity, 3, .mustNot), (.integrity, 4, .mustNot),
    ])
  func esp(type: TransformType, id: UInt16, level: Level) throws {
    let grade = try #require(AlgorithmGrade(of: type, id: id, for: .esp))
    #expect(grade.level == level)
    #expect(grade.source.hasPrefix("RFC 8221 section "))
    if type == .integrity {
      #expect(AlgorithmGrade(of: type, id: id, for: .ah) == grade)
    }
  }

  @Test("What RFC 9395 deprecates is ruled out, and no row of RFC 8221 is lost to it")
  func deprecated() {
    for id in [4, 5, 6] as [UInt16] {
      for use in [AlgorithmGrade.Use.ike, .esp] {
        #expect(AlgorithmGrade(of: .encryption, id: id, for: use)?.level == .deprecated)
      }
    }
    #expect(AlgorithmGrade(of: .encryption, id: 7, for: .ike)?.level == .deprecated)
    #expect(AlgorithmGrade(of: .prf, id: 3, for: .ike)?.isRuledOut == true)
    #expect(AlgorithmGrade(of: .integrity, id: 7, for: .esp)?.source == "RFC 9395 section 5")
  }

  @Test("What no RFC speaks of has no grade")
  func ungraded() {
    #expect(AlgorithmGrade(of: .keyExchange, id: 31, for: .ike) == nil)
    #expect(AlgorithmGrade(of: .integrity, id: 0, for: .esp) == nil)
    #expect(AlgorithmGrade(of: .integrity, id: 13, for: .ike) == nil)
    #expect(AlgorithmGrade(of: .prf, id: 5, for: .esp) == nil)
    #expect(AlgorithmGrade(of: .encryption, id: 12, for: .ah) == nil)
    #expect(AlgorithmGrade(of: .sequenceNumbers, id: 0, for: .esp) == nil)
  }

  @Test("Ruled out are SHOULD NOT, MUST NOT and deprecated, and nothing else")
  func ruledOut() {
    let out = Level.allCases.filter(\.isRuledOut)
    #expect(out == [.shouldNot, .mustNot, .deprecated])
  }

  @Test("IKEv1's numbers lead to the grades of the same algorithms")
  func ikev1() {
    #expect(AlgorithmGrade(of: IKEv1EncryptionAlgorithm.desCBC)?.level == .mustNot)
    #expect(AlgorithmGrade(of: IKEv1EncryptionAlgorithm.tripleDESCBC)?.level == .may)
    #expect(AlgorithmGrade(of: IKEv1EncryptionAlgorithm.aesCBC)?.level == .must)
    #expect(AlgorithmGrade(of: IKEv1EncryptionAlgorithm.camelliaCBC) == nil)
    #expect(AlgorithmGrade(of: IKEv1HashAlgorithm.md5)?.level == .mustNot)
    #expect(AlgorithmGrade(of: IKEv1HashAlgorithm.sha)?.level == .mustMinus)
    #expect(AlgorithmGrade(of: IKEv1Group.modp1024)?.level == .shouldNot)
    #expect(AlgorithmGrade(of: IKEv1Group(rawValue: 3)) == nil)
    #expect(AlgorithmGrade(of: IKEv1ESPTransform.tripleDES)?.level == .shouldNot)
    // 21 to 23 mean other ciphers than in IKEv2.
    #expect(AlgorithmGrade(of: IKEv1ESPTransform(rawValue: 21)) == nil)
    #expect(AlgorithmGrade(of: IKEv1AuthenticationAlgorithm.hmacMD5)?.level == .mustNot)
    #expect(AlgorithmGrade(of: IKEv1AuthenticationAlgorithm.hmacSHA2_256)?.level == .must)
    #expect(AlgorithmGrade(of: IKEv1AHTransform(rawValue: 3))?.level == .mustMinus)
  }
}
