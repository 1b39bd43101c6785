internal import PacketDissector

/// ICVs that do not verify, and ICVs of the wrong length.
enum ESPIntegrity {
  static let rule = Rule([.espICVBad, .espICVLength]) { evidence in
    let short = shortICV(evidence)
    return short + evidence.flows.flows.compactMap(badICV)
  }

  // MARK: Does not verify

  private static func badICV(_ flow: ESPFlow) -> Finding? {
    let opening = flow.opening
    guard opening.opened > 0, opening.failed > 0, let failed = opening.firstFailed,
      let opened = opening.firstOpened
    else { return nil }
    let isMostlyBad = opening.failed > opening.opened
    return Finding(
      .espICVBad, .certain, about: flow.subject,
      "\(opening.failed) of \(opening.opened + opening.failed) packets of \(flow.name) fail their ICV",
      meaning: isMostlyBad
        ? "most packets under this SPI were made with another key: a second sender, or the SPI was used again"
        : "the packets were changed on the way, or others send under this SPI; the receiver drops them",
      evidence: [
        Finding.Evidence("the key opens this packet", [opened]),
        Finding.Evidence("and does not open this one", [failed]),
      ],
      remedies: [
        Finding.Remedy(
          "compare with a capture at the sender: a packet that differs was changed on the way"),
        Finding.Remedy(
          "switch checksum and segmentation offloads off where ESP passes, and try again",
          [.init(.shell, "ethtool -K eth0 tx off gso off tso off gro off")]),
        Finding.Remedy(
          "look at the receiver's count of integrity failures",
          [.init(.shell, "ip -s xfrm state"), .init(.shell, "cat /proc/net/xfrm_stat")]),
      ])
  }

  // MARK: Length

  private static func shortICV(_ evidence: CaptureEvidence) -> [Finding] {
    var seen: Set<OuterPath> = []
    return evidence.flows.flows.compactMap { flow in
      let path = OuterPath(source: flow.source, destination: flow.destination)
      guard !seen.contains(path), !seen.contains(path.back),
        let finding = proven(flow) ?? likely(flow, evidence)
      else { return nil }
      seen.insert(path)
      return finding
    }
  }

  /// A key says so.
  private static func proven(_ flow: ESPFlow) -> Finding? {
    guard flow.opening.openedAs96Bits > 0 else { return nil }
    return finding(
      flow, .certain,
      [
        Finding.Evidence(
          "\(flow.opening.openedAs96Bits) of \(flow.packets) packets verify only with 96 bits, where the key file says 128",
          flow.opening.firstOpened.map { [$0] } ?? [])
      ])
  }

  /// The lengths say so: with AES-CBC, ESP has 8 + 16 + 16n + ICV bytes.
  private static func likely(_ flow: ESPFlow, _ evidence: CaptureEvidence) -> Finding? {
    guard isCBC(flow, remainder: 4) else { return nil }
    let back = evidence.flows(flow.destination, flow.source).first { isCBC($0, remainder: 8) }
    guard let back else { return nil }
    return finding(
      flow, .likely,
      [
        Finding.Evidence(
          "all \(flow.packets) packets have 16n + 4 bytes of ESP, as AES-CBC with a 96-bit ICV",
          [flow.first]),
        Finding.Evidence(
          "all \(back.packets) packets of the other direction have 16n + 8, as with 128 bits",
          [back.first]),
      ])
  }

  private static func isCBC(_ flow: ESPFlow, remainder: UInt16) -> Bool {
    flow.packets >= 8 && !flow.isAH && flow.opening.opened == 0
      && flow.remainders == 1 << remainder && flow.smallestPacket != flow.largestPacket
  }

  private static func finding(
    _ flow: ESPFlow, _ confidence: Confidence, _ facts: [Finding.Evidence]
  ) -> Finding {
    Finding(
      .espICVLength, confidence, about: flow.subject,
      "\(flow.source) cuts HMAC-SHA-256 to 96 bits, and \(flow.destination) expects 128: nothing verifies",
      meaning:
        "the tunnel stands, and every packet is dropped at both ends: Linux before 2.6.33, and devices like it, cut SHA-256 short against RFC 4868",
      evidence: facts,
      remedies: [
        Finding.Remedy(
          "use an algorithm without that history, on both sides",
          [
            .init(.swanctl, "esp_proposals = aes256gcm16"),
            .init(.libreswan, "esp=aes_gcm256"),
          ]),
        Finding.Remedy(
          "or accept 96 bits from this peer alone",
          [.init(.swanctl, "sha256_96 = yes"), .init(.libreswan, "sha2-truncbug=yes")]),
        Finding.Remedy(
          "the receivers count each as XfrmInStateProtoError",
          [.init(.shell, "cat /proc/net/xfrm_stat")]),
      ])
  }
}
