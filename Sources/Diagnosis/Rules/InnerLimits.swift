internal import IPsecCrypto
internal import PacketDissector

/// What a path's MTU means for the packets inside the tunnel, by the suite where it is known.
package struct InnerLimits {
  /// Most likely one; two usual ones where the suite is not known.
  let overheads: [TunnelOverhead]
  let isKnown: Bool

  init(_ path: OuterPath, _ evidence: CaptureEvidence) {
    let flows =
      evidence.flows(path.source, path.destination) + evidence.flows(path.destination, path.source)
    let proposals = evidence.chosenESPProposals(path.source, path.destination)
    let suite =
      flows.compactMap(\.opening.suite).first ?? proposals.compactMap(ESPSuite.init(proposal:)).last
    let suites =
      suite.map { [$0] } ?? ["aes256gcm16", "aes256-sha256"].compactMap(ESPSuite.init(keywords:))
    isKnown = suite != nil
    overheads = suites.map { suite in
      var overhead = TunnelOverhead(suite)
      overhead.outerIsIPv6 = path.source.isIPv6
      if flows.contains(where: { $0.opening.isTunnel == false }) { overhead.mode = .transport }
      overhead.encapsulation =
        switch flows.first?.encapsulation {
        case .udp, .udpWithMarker: .udp
        case .tcp: .tcp(timestamps: true)
        case .ip: .none
        // Nothing but IKE: what the port is, ESP will be.
        case nil: .udp
        }
      return overhead
    }
  }

  /// Bytes of the IP packet around an inner packet of `inner` bytes, by the first overhead.
  func outerBytes(inner: Int) -> Int? {
    guard let overhead = overheads.first, inner > 0, inner <= 65535 else { return nil }
    let content =
      inner - overhead.ownHeaderBytes + overhead.innerHeaderBytes + overhead.trailerBytes
    let padded = (content + overhead.alignment - 1) / overhead.alignment * overhead.alignment
    return overhead.parts.reduce(padded) { $0 + $1.bytes }
  }

  /// The largest inner packet that every candidate carries over `pathMTU`.
  func innerMTU(pathMTU: Int) -> Int? {
    let limits = overheads.compactMap { $0.innerMTU(pathMTU: pathMTU) }
    return limits.count == overheads.count ? limits.min() : nil
  }

  /// "inner MTU 1,346, TCP MSS 1,306 (ENCR_AES_GCM_16, 256-bit key)", a line a candidate.
  func lines(pathMTU: Int) -> [Finding.Evidence] {
    overheads.compactMap { overhead in
      guard let inner = overhead.innerMTU(pathMTU: pathMTU) else { return nil }
      let mss = TunnelOverhead.maximumSegmentSize(innerMTU: inner, innerIsIPv6: false)
      return Finding.Evidence(
        "path MTU \(pathMTU) carries inner packets of \(inner) bytes, TCP segments of \(mss) (\(overhead.suite.name)\(isKnown ? "" : ", if that is the suite"))"
      )
    }
  }

  /// What limits inner packets to `inner` bytes.
  package static func remedies(inner: Int) -> [Finding.Remedy] {
    let mtu = "\(inner)"
    let mss = "\(TunnelOverhead.maximumSegmentSize(innerMTU: inner, innerIsIPv6: false))"
    return [
      Finding.Remedy(
        "limit TCP inside the tunnel to segments of \(mss) bytes (20 less for IPv6), on both gateways",
        [
          .init(
            .nftables,
            "add rule inet filter forward tcp flags syn / syn,rst tcp option maxseg size set \(mss)"
          ),
          .init(.strongswan, "charon.plugins.kernel-netlink.mss = \(mss)"),
          .init(.cisco, "ip tcp adjust-mss \(mss)"),
        ]),
      Finding.Remedy(
        "and all else to packets of \(mtu) bytes: MTU of the tunnel's interface or route",
        [
          .init(.shell, "ip link set dev ipsec0 mtu \(mtu)"),
          .init(.strongswan, "charon.plugins.kernel-netlink.mtu = \(mtu)"),
          .init(.libreswan, "mtu=\(mtu)"),
        ]),
    ]
  }
}

extension ESPSuite {
  /// What a responder chose; nil for what this build does not know.
  init?(proposal: Proposal) {
    func transform(_ type: TransformType) -> Transform? {
      proposal.transforms.first { $0.type == type }
    }
    guard let cipher = transform(.encryption),
      let encryption = try? EncryptionTransform(
        EncryptionAlgorithm(rawValue: cipher.id), keyBits: cipher.keyLength.map(Int.init)),
      let integrity = try? IntegrityTransform(
        IntegrityAlgorithm(rawValue: transform(.integrity)?.id ?? 0)),
      encryption.isAEAD || integrity.icvBytes > 0
    else { return nil }
    self.init(encryption, integrity)
  }
}
