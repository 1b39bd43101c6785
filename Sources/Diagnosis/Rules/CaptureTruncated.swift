/// A capture that does not hold all of what passed: cut frames, or a file that ends in the middle.
enum CaptureTruncated {
  static let rule = Rule([.captureTruncated]) { evidence in
    let quality = evidence.quality
    var facts: [Finding.Evidence] = []
    if quality.cutIPsec > 0, let first = quality.firstCutIPsec {
      facts.append(
        Finding.Evidence(
          "\(quality.cutIPsec) of \(quality.ipsecFrames) IPsec frames are shorter than they were on the wire",
          [first]))
    }
    // A file that could not be read at all is no capture that ends early.
    if quality.frames > 0 { facts += quality.problems.prefix(4).map { Finding.Evidence("\($0)") } }
    guard !facts.isEmpty else { return [] }
    let isCut = quality.cutIPsec > 0
    return [
      Finding(
        .captureTruncated, .certain, about: .capture,
        isCut
          ? "\(quality.cutIPsec) IPsec frames were cut when they were captured: keys cannot open them"
          : "the capture file is incomplete: what came after its end is unknown",
        evidence: facts,
        remedies: [
          Finding.Remedy(
            "capture whole frames, and end the capture with Ctrl-C so that the file is complete",
            [
              .init(
                .shell, "tcpdump -ni any -s 0 -w full.pcap 'udp port 500 or udp port 4500 or esp'")
            ])
        ])
    ]
  }
}
