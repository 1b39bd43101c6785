internal import Diagnosis
internal import PacketDissector

extension HTMLReport {
  /// So many paths are drawn.
  private static let pathLimit = 12

  func writeSizeLadders(to text: inout TextBuffer) {
    let errors = Dictionary(grouping: evidence.icmp.entries.filter(\.isTooBig)) {
      Path(source: $0.quotedSource.address, destination: $0.quotedDestination.address)
    }
    let flows = Dictionary(grouping: evidence.flows.flows) {
      Path(source: $0.source, destination: $0.destination)
    }
    var ladders: [(path: Path, ladder: SizeLadder)] = []
    for path in paths where ladders.count < Self.pathLimit {
      let ladder = SizeLadder(
        echoes: evidence.inner.echoes[path] ?? [:], errors: errors[path] ?? [],
        flows: flows[path] ?? [], naming: naming)
      if let ladder { ladders.append((path, ladder)) }
    }
    guard !ladders.isEmpty else { return }
    text.put("<section>\n<h2>Packet sizes that pass</h2>\n")
    for (path, ladder) in ladders {
      let name = self.path(path.source, path.destination)
      text.put("<details open>\n<summary><h3>")
      text.html(name)
      text.put("</h3></summary>\n")
      text.scrollBox("Packet sizes from \(name)") { ladder.write(name: name, to: &$0) }
      text.put("</details>\n")
    }
    text.put("</section>\n")
  }

  private typealias Path = InnerTraffic.Path

  /// The outer paths that have ESP or errors about it, those with errors first.
  private var paths: [Path] {
    let errors = evidence.icmp.entries.filter(\.isTooBig).map {
      Path(source: $0.quotedSource.address, destination: $0.quotedDestination.address)
    }
    let flows = evidence.flows.flows.map { Path(source: $0.source, destination: $0.destination) }
    var seen: Set<Path> = []
    return (errors + flows).filter { seen.insert($0).inserted }
  }
}
