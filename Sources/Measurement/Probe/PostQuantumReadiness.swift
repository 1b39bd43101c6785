package import PacketDissector

/// Whether a peer is ready for key exchange that withstands quantum computers, and why one would think so.
package struct PostQuantumReadiness: Equatable, Sendable {
  package enum Verdict: String, Sendable {
    case ready
    /// Some of what it takes is there.
    case partly
    case not
    /// Too much stayed without an answer.
    case unknown
  }

  /// The datagrams that carry a method's share, in octets of the whole IP packet.
  package struct ShareSize: Equatable, Sendable {
    package var method: KeyExchangeMethod
    /// IKE_SA_INIT with nothing but this method.
    package var alone: Int
    /// IKE_INTERMEDIATE, where it is not fragmented.
    package var intermediate: Int
  }

  package let verdict: Verdict
  /// IKE_INTERMEDIATE (RFC 9242), without which no additional key exchange runs.
  package let announcesIntermediate: Bool
  /// IKE fragmentation (RFC 7383), without which large shares leave as IP fragments.
  package let announcesFragmentation: Bool
  package let sizes: [ShareSize]
  /// Sentences without a full stop, those that speak against it first.
  package let reasons: [String]

  /// The registered methods that withstand quantum computers.
  package static let methods: [KeyExchangeMethod] = [.mlKEM512, .mlKEM768, .mlKEM1024]

  /// Nil where the question was not put.
  package init?(_ result: AddressResult) {
    guard let answers = result.postQuantum else { return nil }
    let notifies = result.peer?.notifies ?? []
    announcesIntermediate = notifies.contains(.intermediateExchangeSupported)
    announcesFragmentation = notifies.contains(.ikev2FragmentationSupported)
    sizes = Self.methods.compactMap { Self.size(of: $0, isIPv6: result.address.isIPv6) }
    var judgement = Judgement(answers, announcesIntermediate, announcesFragmentation, sizes)
    verdict = result.isAlive ? judgement.judge() : .unknown
    reasons = result.isAlive ? judgement.reasons : ["nothing that speaks IKE answered"]
  }

  /// Of a usual request: one AEAD proposal, a nonce of 32 octets, NAT detection and three more
  /// notifications. IKE_INTERMEDIATE under AES-GCM, on port 4500.
  private static func size(of method: KeyExchangeMethod, isIPv6: Bool) -> ShareSize? {
    guard let share = method.dataByteCount?.initiator else { return nil }
    let headers = InternetPacket.headerBytes(isIPv6: isIPv6) + 8
    // IKE header, SA, nonce and notifications are 200 octets; the KE payload 8 and the share.
    let alone = headers + 200 + 8 + share
    // Marker, IKE header, SK header, IV, KE, pad length, ICV.
    let intermediate = headers + 4 + 28 + 4 + 8 + 8 + share + 1 + 16
    return ShareSize(method: method, alone: alone, intermediate: intermediate)
  }
}

/// Finds verdict and reasons together.
private struct Judgement {
  private let answers: PostQuantumAnswers
  private let announcesIntermediate: Bool
  private let announcesFragmentation: Bool
  private let sizes: [PostQuantumReadiness.ShareSize]
  private(set) var reasons: [String] = []

  init(
    _ answers: PostQuantumAnswers, _ announcesIntermediate: Bool, _ announcesFragmentation: Bool,
    _ sizes: [PostQuantumReadiness.ShareSize]
  ) {
    self.answers = answers
    self.announcesIntermediate = announcesIntermediate
    self.announcesFragmentation = announcesFragmentation
    self.sizes = sizes
  }

  mutating func judge() -> PostQuantumReadiness.Verdict {
    let accepted = answers.additional.accepted
    if !announcesIntermediate {
      reasons.append("it does not announce IKE_INTERMEDIATE, which additional key exchanges need")
    }
    if accepted.isEmpty, answers.alone.accepted.isEmpty {
      guard answers.additional.unanswered.isEmpty, answers.alone.unanswered.isEmpty else {
        reasons.append("no question about ML-KEM was accepted, and some were not answered")
        return .unknown
      }
      reasons.append("it takes no ML-KEM, neither behind a classic key exchange nor alone")
      return announcesIntermediate ? .partly : .not
    }
    if !accepted.isEmpty {
      reasons.append("it takes \(Self.list(accepted)) as an additional key exchange")
    } else {
      reasons.append("it takes \(Self.list(answers.alone.accepted)) as the only key exchange")
    }
    let passes = judgePath(Set(accepted.isEmpty ? answers.alone.accepted : accepted))
    return !accepted.isEmpty && announcesIntermediate && passes ? .ready : .partly
  }

  /// Whether the shares of `methods` get through, as far as anything tells.
  private mutating func judgePath(_ methods: Set<KeyExchangeMethod>) -> Bool {
    let isBehind = !answers.additional.accepted.isEmpty
    if isBehind, announcesFragmentation {
      reasons.append("it announces IKE fragments, so no share has to leave as IP fragments")
      return true
    }
    let needed =
      sizes.filter { methods.contains($0.method) }.map { isBehind ? $0.intermediate : $0.alone }
      .min() ?? 0
    let size = "\(needed) bytes with the smallest share"
    let kind = isBehind ? "without IKE fragments IKE_INTERMEDIATE is" : "IKE_SA_INIT is"
    if let trial = answers.trials.first(where: { $0.bytes >= needed && $0.outcome == .answered }) {
      reasons.append("\(kind) \(size), and \(trial.bytes) bytes got through")
      return true
    }
    if answers.trials.contains(where: { $0.bytes <= needed && $0.outcome != .answered }) {
      reasons.insert("\(kind) \(size), which did not get through", at: 0)
    } else {
      reasons.insert("\(kind) \(size): whether that gets through was not tried", at: 0)
    }
    return false
  }

  private static func list(_ methods: [KeyExchangeMethod]) -> String {
    methods.map { "\($0)" }.joined(separator: ", ")
  }
}
