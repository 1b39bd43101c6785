package import Diagnosis

/// What tunnels the numbers in remedies are for: those of a known suite, or the usual ones.
package struct PathAdvice: Sendable {
  /// Most likely first; never empty where `suite` is one.
  package let overheads: [TunnelOverhead]
  /// Whether the suite was told, and not assumed.
  package let isKnown: Bool

  /// `suite` is nil for the usual ones, `isInUDP` for both ways of ESP.
  package init(suite: ESPSuite?, isInUDP: Bool?, isIPv6: Bool) {
    let suites =
      suite.map { [$0] } ?? ["aes256gcm16", "aes256-sha256"].compactMap(ESPSuite.init(keywords:))
    overheads = suites.flatMap { suite in
      (isInUDP.map { [$0] } ?? [false, true]).map { inUDP in
        var overhead = TunnelOverhead(suite)
        overhead.outerIsIPv6 = isIPv6
        overhead.encapsulation = inUDP ? .udp : .none
        return overhead
      }
    }
    isKnown = suite != nil
  }

  /// For a tunnel that stands.
  init(tunnel overhead: TunnelOverhead) {
    overheads = [overhead]
    isKnown = true
  }

  /// The largest inner packet that all of them carry over `pathMTU`; nil where one carries none.
  package func innerMTU(pathMTU: Int) -> Int? {
    let limits = overheads.compactMap { $0.innerMTU(pathMTU: pathMTU) }
    return limits.count == overheads.count ? limits.min() : nil
  }
}
