import PacketDissector
import Testing

@testable import Measurement

@Suite("Post-quantum readiness")
struct PostQuantumReadinessTests {
  typealias Methods = PostQuantumAnswers.Methods

  static func readiness(
    _ additional: Methods, alone: Methods = Methods(), announces: [NotifyType] = [],
    trials: [PostQuantumAnswers.SizeTrial] = []
  ) throws -> PostQuantumReadiness {
    var result = try PolicySamples.alive()
    result.peer?.notifies = announces
    result.postQuantum = PostQuantumAnswers(additional: additional, alone: alone, trials: trials)
    return try #require(PostQuantumReadiness(result))
  }

  static let both: [NotifyType] = [.intermediateExchangeSupported, .ikev2FragmentationSupported]
  static let intermediate: [NotifyType] = [.intermediateExchangeSupported]

  @Test("Ready is who announces IKE_INTERMEDIATE and fragments, and takes ML-KEM behind another")
  func ready() throws {
    let found = try Self.readiness(Methods(accepted: [.mlKEM768]), announces: Self.both)
    #expect(found.verdict == .ready)
    #expect(found.announcesIntermediate && found.announcesFragmentation)
    #expect(found.reasons.allSatisfy { !$0.contains("not") || $0.contains("no share has") })
  }

  @Test("Half of it is partly, and the reason is named first")
  func partly() throws {
    for (found, reason) in [
      (
        try Self.readiness(Methods(accepted: [.mlKEM768]), announces: Self.intermediate),
        "without IKE fragments IKE_INTERMEDIATE is 1281 bytes with the smallest share: whether that gets through was not tried"
      ),
      (
        try Self.readiness(
          Methods(accepted: [.mlKEM768]), announces: Self.intermediate,
          trials: [.init(bytes: 1280, mayFragment: false, .silent)]),
        "without IKE fragments IKE_INTERMEDIATE is 1281 bytes with the smallest share, which did not get through"
      ),
      (
        try Self.readiness(Methods(refused: [.mlKEM768]), announces: Self.both),
        "it takes no ML-KEM, neither behind a classic key exchange nor alone"
      ),
      (
        try Self.readiness(
          Methods(accepted: [.mlKEM768]), announces: [.ikev2FragmentationSupported]),
        "it does not announce IKE_INTERMEDIATE, which additional key exchanges need"
      ),
    ] {
      #expect(found.verdict == .partly)
      #expect(found.reasons.first == reason)
    }
  }

  @Test("A datagram of the size that got through stands for the missing fragments")
  func trials() throws {
    let found = try Self.readiness(
      Methods(accepted: [.mlKEM768]), announces: Self.intermediate,
      trials: [.init(bytes: 1420, mayFragment: false, .answered)])
    #expect(found.verdict == .ready)
    #expect(
      found.reasons.last
        == "without IKE fragments IKE_INTERMEDIATE is 1281 bytes with the smallest share, and 1420 bytes got through"
    )
  }

  @Test("ML-KEM alone is not enough to be ready, and its IKE_SA_INIT must pass")
  func alone() throws {
    let found = try Self.readiness(
      Methods(refused: [.mlKEM768]), alone: Methods(accepted: [.mlKEM768]), announces: Self.both)
    #expect(found.verdict == .partly)
    #expect(found.reasons.first?.hasPrefix("IKE_SA_INIT is 1420 bytes") == true)
  }

  @Test("Nothing announced and all refused is not ready; silence is unknown")
  func notAndUnknown() throws {
    #expect(try Self.readiness(Methods(refused: PostQuantumReadiness.methods)).verdict == .not)
    #expect(try Self.readiness(Methods(unanswered: [.mlKEM768])).verdict == .unknown)
    var silent = try PolicySamples.alive()
    silent.ways = []
    #expect(PostQuantumReadiness(silent) == nil)
    silent.postQuantum = PostQuantumAnswers(additional: Methods(), alone: Methods())
    #expect(PostQuantumReadiness(silent)?.verdict == .unknown)
  }

  @Test("IKE_SA_INIT with nothing but ML-KEM has the size of a usual request")
  func sizes() throws {
    let found = try Self.readiness(Methods())
    #expect(found.sizes.map(\.method) == [.mlKEM512, .mlKEM768, .mlKEM1024])
    #expect(found.sizes.map(\.alone) == [1036, 1420, 1804])
    #expect(found.sizes.map(\.intermediate) == [897, 1281, 1665])
  }
}
