package import Diagnosis
package import PacketDissector

/// What the inner sizes of a tunnel mean to an operator, beside what its path takes.
package struct InnerFindings {
  private let sizes: InnerSizes
  private let peer: IPAddress
  private let own: IPAddress?
  /// What the path to the peer takes, in octets of IP packet; nil where that was not measured.
  private let pathMTU: Int?

  package init(_ sizes: InnerSizes, from own: IPAddress?, to peer: IPAddress, pathMTU: Int?) {
    self.sizes = sizes
    self.peer = peer
    self.own = own
    self.pathMTU = pathMTU
  }

  package var all: [Finding] { [narrow].compactMap(\.self) + bands }

  private var subject: Finding.Subject { .peers(own ?? peer, peer) }

  /// What packets of the path's MTU would carry; nil where the path was not measured.
  private var expected: Int? { pathMTU.flatMap { sizes.overhead.innerMTU(pathMTU: $0) } }

  /// The tunnel carries less than the path to the peer would let it.
  private var narrow: Finding? {
    guard let limit = sizes.limit, let expected, let pathMTU, limit < expected else { return nil }
    let (passing, fitting) = (String(limit), String(expected))
    return Finding(
      .mtuBlackhole, severity: refusal == nil ? nil : .warning, .certain, about: subject,
      "inner packets over \(passing) bytes are lost, though the path there takes \(fitting)",
      meaning: culprit(limit, expected),
      evidence: [
        Finding.Evidence(
          "path MTU \(String(pathMTU)) there carries inner packets of \(fitting) bytes (\(sizes.overhead.suite.name), in UDP)"
        )
      ] + sizes.found.map(evidence),
      remedies: InnerLimits.remedies(inner: limit))
  }

  private var refusal: SizeTally.Refusal? {
    sizes.found.first { $0.direction == .thereAndBack }?.map.top?.refusal
  }

  private func culprit(_ limit: Int, _ expected: Int) -> Statement {
    if let there = sizes.limit(.there) {
      return there > limit
        ? "the way back is narrower: packets of \(String(there)) bytes get there, their answers of that size do not come"
        : "the way there loses ESP of sizes that IKE passes with"
    }
    if let back = sizes.limit(.back), back > limit {
      let bytes = String(back)
      return "the way there is narrower: answers of \(bytes) bytes come to requests in fragments"
    }
    return sizes.peerTakesTrafficPadding
      ? "which way loses them could not be told"
      : "which way loses them cannot be told: the peer takes no padding behind packets (ESP_TFC_PADDING_NOT_SUPPORTED)"
  }

  private func evidence(_ found: InnerSizes.Found) -> Finding.Evidence {
    let way: Statement =
      switch found.direction {
      case .there: "there, with small answers"
      case .thereAndBack: "there and back"
      case .back: "back, the way there in fragments"
      }
    guard let limit = found.map.limit else {
      return Finding.Evidence("\(way): nothing was answered, \(found.sent) sent")
    }
    return Finding.Evidence("\(way): \(String(limit)) bytes pass, \(found.sent) packets sent")
  }

  /// Sizes that vanish between others.
  private var bands: [Finding] {
    guard let found = sizes.found.first(where: { $0.direction == .thereAndBack }) else { return [] }
    return found.map.bands.map { band in
      Finding(
        .mtuBand, .certain, about: subject,
        "inner packets of \(String(band.sizes.lowerBound)) to \(String(band.sizes.upperBound)) bytes vanish, smaller and larger ones pass",
        evidence: [evidence(found)],
        remedies: InnerLimits.remedies(inner: band.sizes.lowerBound - 1))
    }
  }
}
