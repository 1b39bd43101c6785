internal import IPsecCrypto

/// What a tunnel puts around a packet, and so how large the packet may be.
///
/// RFC 4303, section 2; RFC 3948, section 2.1; RFC 9329, section 3; draft-ietf-ipsecme-eesp-03 for
/// EESP, whose numbers may change.
package struct TunnelOverhead: Equatable, Sendable {
  package enum Mode: String, CaseIterable, Sendable {
    case tunnel, transport
  }

  package enum Encapsulation: Equatable, Sendable {
    /// Directly in IP.
    case none
    case udp
    /// In TCP, whose timestamps take 12 bytes more.
    case tcp(timestamps: Bool)
  }

  package var suite: ESPSuite
  package var mode = Mode.tunnel
  package var encapsulation = Encapsulation.none
  package var outerIsIPv6 = false
  /// GRE without key or sequence number around the inner packet, inside ESP.
  package var carriesGRE = false
  package var isEESP = false

  package init(_ suite: ESPSuite) {
    self.suite = suite
  }

  /// One line of the sum: what takes bytes, and how many.
  package struct Part: Equatable, Sendable {
    package let name: String
    package let bytes: Int
  }

  /// What is taken off the path MTU before padding and trailer are considered.
  package var parts: [Part] {
    var parts = [Part(name: outerIsIPv6 ? "IPv6" : "IP", bytes: outerIsIPv6 ? 40 : 20)]
    switch encapsulation {
    case .none: break
    case .udp: parts.append(Part(name: "UDP", bytes: 8))
    case .tcp(let timestamps):
      parts.append(Part(name: "TCP", bytes: timestamps ? 32 : 20))
      parts.append(Part(name: "record length", bytes: 2))
    }
    parts.append(Part(name: isEESP ? "EESP" : "ESP", bytes: isEESP ? 16 : 8))
    parts.append(Part(name: "IV", bytes: suite.encryption.explicitIVBytes))
    parts.append(Part(name: "ICV", bytes: suite.icvBytes))
    return parts.filter { $0.bytes > 0 }
  }

  /// Ciphertext comes in multiples of this.
  package var alignment: Int { suite.encryption.espAlignment }

  /// Bytes behind the payload and inside the ciphertext: ESP's pad length and next header; EESP's
  /// payload info header, which tunnel mode does without.
  package var trailerBytes: Int {
    isEESP ? (mode == .tunnel && !carriesGRE ? 0 : 4) : 2
  }

  /// Bytes between ESP and the inner packet: GRE, and in tunnel mode the IP header that carries it.
  package var innerHeaderBytes: Int {
    carriesGRE ? 4 + (mode == .tunnel ? (outerIsIPv6 ? 40 : 20) : 0) : 0
  }

  /// The largest inner packet that fits a path of `pathMTU` bytes; nil if none does. In transport
  /// mode without GRE, the bytes behind the one IP header, which count for its MTU with it.
  package func innerMTU(pathMTU: Int) -> Int? {
    let inner = alignedRoom(pathMTU: pathMTU) - trailerBytes - innerHeaderBytes
    return room(pathMTU: pathMTU) > 0 && inner > 0 ? inner + ownHeaderBytes : nil
  }

  /// What ``parts`` leave of a path; negative where they do not fit.
  package func room(pathMTU: Int) -> Int {
    parts.reduce(pathMTU) { $0 - $1.bytes }
  }

  /// The whole units of ``alignment`` in it: padding fills no more.
  package func alignedRoom(pathMTU: Int) -> Int {
    room(pathMTU: pathMTU) / alignment * alignment
  }

  /// In transport mode the packet's own IP header is the outer one, and counts for its MTU.
  package var ownHeaderBytes: Int {
    mode == .transport && !carriesGRE ? (outerIsIPv6 ? 40 : 20) : 0
  }

  /// The TCP segment that fits an inner packet: IP and TCP headers without options go off.
  package static func maximumSegmentSize(innerMTU: Int, innerIsIPv6: Bool) -> Int {
    max(0, innerMTU - (innerIsIPv6 ? 60 : 40))
  }
}
