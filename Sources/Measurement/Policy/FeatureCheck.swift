internal import PacketDissector

/// Holds what a policy requires besides algorithms against a result.
struct FeatureCheck {
  private let result: AddressResult

  init(_ result: AddressResult) { self.result = result }

  func require(_ feature: ProbePolicy.Feature) -> PolicyCheck.Observation {
    switch feature {
    case .ikev2:
      result.peer?.chosen != nil ? .met : said("no suite was accepted")
    case .udp500: way(.udp500)
    case .udp4500: way(.udp4500)
    case .tcp4500: way(.tcp4500)
    case .fragmentation: announces(.ikev2FragmentationSupported)
    case .intermediate: announces(.intermediateExchangeSupported)
    case .childless: announces(.childlessIKEv2Supported)
    case .multipleAuth: announces(.multipleAuthSupported)
    case .signatureHashes: announces(.signatureHashAlgorithms)
    // Numbers of the registry of RFC 7427, section 7.
    case .sha256: signs(2)
    case .sha384: signs(3)
    case .sha512: signs(4)
    case .identity: signs(5)
    case .postQuantum: postQuantum()
    }
  }

  /// Silence decides nothing; anything that was answered does.
  private func said(_ words: String) -> PolicyCheck.Observation {
    result.peer?.chosen == nil && !result.isAlive ? .undecided("no answer") : .violated(words)
  }

  private func way(_ way: ProbeWay) -> PolicyCheck.Observation {
    guard let found = result.ways.first(where: { $0.way == way }) else {
      return .undecided("not tried")
    }
    switch found.outcome {
    case .answered: return .met
    // A firewall's silence is what the requirement is about.
    case .silent: return .violated("no answer")
    case .refused(let reason, _, _): return .violated(reason)
    case .notIKE: return .violated("what answers there is not IKE")
    case .local(let reason): return .undecided(reason)
    }
  }

  /// What a peer supports shows only in an answer that chose a suite.
  private func announces(_ type: NotifyType) -> PolicyCheck.Observation {
    guard let peer = result.peer, peer.chosen != nil else {
      return .undecided("no suite was accepted")
    }
    return peer.notifies.contains(type) ? .met : .violated("not announced")
  }

  private func signs(_ hash: HashAlgorithm) -> PolicyCheck.Observation {
    guard let peer = result.peer, peer.chosen != nil else {
      return .undecided("no suite was accepted")
    }
    guard let hashes = peer.signatureHashes else {
      return .violated("no signature hashes announced")
    }
    return hashes.contains(hash) ? .met : .violated("not among the signature hashes")
  }

  private func postQuantum() -> PolicyCheck.Observation {
    guard let readiness = PostQuantumReadiness(result) else { return .undecided("not asked") }
    switch readiness.verdict {
    case .ready: return .met
    case .unknown: return .undecided(readiness.reasons.first ?? "")
    case .partly, .not: return .violated(readiness.reasons.first ?? "")
    }
  }
}
