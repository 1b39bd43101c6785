package import PacketDissector

/// What a responder makes of TSi or TSr, and an initiator of the answer (RFC 7296, section 2.9).
package enum TrafficSelectorNarrowing {
  /// As many selectors as a payload can hold.
  package static let limit = 255

  /// What both the peer's selectors and the own ones take: all of it, and with it the first selector,
  /// which is the packet's own. Nil if that is nothing: TS_UNACCEPTABLE.
  ///
  /// Selectors other than IPv4 and IPv6 ranges are passed over, as unknown types are.
  package static func narrow(
    _ offered: [TrafficSelector], to own: [TrafficSelector]
  ) -> [TrafficSelector]? {
    var kept: [SelectorBox] = []
    for offer in offered.prefix(limit).compactMap(SelectorBox.init) {
      for policy in own.prefix(limit).compactMap(SelectorBox.init) {
        guard let common = offer.intersection(policy) else { continue }
        guard !kept.contains(where: { $0.contains(common) }) else { continue }
        kept.removeAll { common.contains($0) }
        kept.append(common)
      }
    }
    return kept.isEmpty ? nil : kept.prefix(limit).map(\.selector)
  }

  /// Whether every packet that `inner` takes is taken by `outer`: what an initiator asks of the answer,
  /// which may only narrow its offer. False for an empty `inner`, and for one that is no address range.
  package static func covers(_ outer: [TrafficSelector], _ inner: [TrafficSelector]) -> Bool {
    guard !inner.isEmpty else { return false }
    let boxes = outer.compactMap(SelectorBox.init)
    return inner.allSatisfy { selector in
      SelectorBox(selector).map { $0.isCovered(by: boxes) } ?? false
    }
  }
}

/// A selector as what it takes of addresses, protocols and ports.
private struct SelectorBox {
  enum Ports: Equatable {
    case opaque
    case range(ClosedRange<UInt16>)

    static let any = Ports.range(0...65535)
  }

  /// 0 for any.
  let ipProtocol: IPProtocol
  let ports: Ports
  let addresses: ClosedRange<IPAddress>

  /// Nil for another type than an address range, and for a range that takes nothing.
  init?(_ selector: TrafficSelector) {
    guard case .addresses(let range) = selector.content, range.start.isIPv6 == range.end.isIPv6,
      range.start <= range.end
    else { return nil }
    if range.startPort == 65535, range.endPort == 0 {
      ports = .opaque
    } else {
      guard range.startPort <= range.endPort else { return nil }
      ports = .range(range.startPort...range.endPort)
    }
    ipProtocol = selector.ipProtocol
    addresses = range.start...range.end
  }

  private init(ipProtocol: IPProtocol, ports: Ports, addresses: ClosedRange<IPAddress>) {
    self.ipProtocol = ipProtocol
    self.ports = ports
    self.addresses = addresses
  }

  var selector: TrafficSelector {
    let (start, end): (UInt16, UInt16) =
      switch ports {
      case .opaque: (65535, 0)
      case .range(let range): (range.lowerBound, range.upperBound)
      }
    return TrafficSelector(
      TrafficSelector.AddressRange(
        startPort: start, endPort: end, start: addresses.lowerBound, end: addresses.upperBound),
      ipProtocol: ipProtocol)
  }

  func intersection(_ other: SelectorBox) -> SelectorBox? {
    guard isSameFamily(as: other), addresses.overlaps(other.addresses),
      ipProtocol == 0 || other.ipProtocol == 0 || ipProtocol == other.ipProtocol,
      let ports = ports.intersection(other.ports)
    else { return nil }
    return SelectorBox(
      ipProtocol: ipProtocol == 0 ? other.ipProtocol : ipProtocol, ports: ports,
      addresses: addresses.clamped(to: other.addresses))
  }

  func contains(_ other: SelectorBox) -> Bool {
    isSameFamily(as: other) && containsUpperLayer(of: other)
      && addresses.lowerBound <= other.addresses.lowerBound
      && other.addresses.upperBound <= addresses.upperBound
  }

  /// Whether `boxes` together take all that this one does. Those that take its protocol and ports may
  /// share its addresses between them.
  func isCovered(by boxes: [SelectorBox]) -> Bool {
    let ranges = boxes.filter { isSameFamily(as: $0) && $0.containsUpperLayer(of: self) }
      .map(\.addresses).sorted { $0.lowerBound < $1.lowerBound }
    var next = addresses.lowerBound
    for range in ranges where range.lowerBound <= next && next <= range.upperBound {
      if addresses.upperBound <= range.upperBound { return true }
      guard let successor = range.upperBound.successor else { return true }
      next = successor
    }
    return false
  }

  private func isSameFamily(as other: SelectorBox) -> Bool {
    addresses.lowerBound.isIPv6 == other.addresses.lowerBound.isIPv6
  }

  private func containsUpperLayer(of other: SelectorBox) -> Bool {
    (ipProtocol == 0 || ipProtocol == other.ipProtocol)
      && ports.intersection(other.ports) == other.ports
  }
}

extension SelectorBox.Ports {
  /// OPAQUE is part of ANY, and of no narrower range (RFC 4301, section 4.4.1.1).
  fileprivate func intersection(_ other: Self) -> Self? {
    switch (self, other) {
    case (.opaque, .opaque): return .opaque
    case (.opaque, .range): return other == .any ? .opaque : nil
    case (.range, .opaque): return self == .any ? .opaque : nil
    case (.range(let left), .range(let right)):
      guard left.overlaps(right) else { return nil }
      return .range(left.clamped(to: right))
    }
  }
}

extension IPAddress {
  /// The next address of the same family; nil behind the last.
  fileprivate var successor: IPAddress? {
    guard isIPv6 else { return low < 0xFFFF_FFFF ? IPAddress(v4: UInt32(low) + 1) : nil }
    let (sum, carries) = low.addingReportingOverflow(1)
    guard carries else { return IPAddress(v6High: high, low: sum) }
    return high < UInt64.max ? IPAddress(v6High: high + 1, low: 0) : nil
  }
}
