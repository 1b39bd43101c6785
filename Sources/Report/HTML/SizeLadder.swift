internal import Diagnosis
internal import PacketDissector

/// Which packet sizes pass between two outer addresses, in one direction: what echoes inside the tunnel
/// say, what ICMP says, and the largest packets seen.
struct SizeLadder {
  enum Outcome: Int {
    case passed, partly, lost, seen, limit

    var symbol: String {
      switch self {
      case .passed: "\u{2714}"
      case .partly: "\u{25D0}"
      case .lost: "\u{2716}"
      case .seen: "\u{25CF}"
      case .limit: "\u{25B2}"
      }
    }
  }

  struct Rung {
    var sizes: ClosedRange<Int>
    let what: String
    let outcome: Outcome
    var text: String
  }

  let rungs: [Rung]

  /// More sizes than these are drawn as ranges of the same outcome.
  private static let singleSizes = 16

  /// Nil where nothing tells one size from another.
  ///
  /// - Parameters:
  ///   - echoes: By inner size.
  ///   - errors: ICMP errors that say a packet of this path was too big.
  ///   - flows: Those of this path.
  ///   - naming: How the senders of errors are called.
  init?(
    echoes: [Int: InnerTraffic.Echoes], errors: [ICMPErrors.Entry], flows: [ESPFlow], naming: Naming
  ) {
    guard echoes.count > 1 || !errors.isEmpty || flows.contains(where: { $0.inFragments > 0 })
    else {
      return nil
    }
    let limits = errors.map { entry in
      let mtu = Int(entry.header.nextHopMTU ?? 0)
      return Rung(
        sizes: mtu...mtu, what: "MTU by ICMP", outcome: .limit,
        text: "said by \(naming.text(entry.reporter)), \u{D7}\(entry.count)")
    }
    rungs = Self.echoes(echoes) + limits + Self.largest(flows)
  }

  private static func echoes(_ sizes: [Int: InnerTraffic.Echoes]) -> [Rung] {
    var rungs: [Rung] = []
    var sent: UInt64 = 0
    var answered: UInt64 = 0
    for (size, echoes) in sizes.sorted(by: { $0.key < $1.key }) {
      let outcome: Outcome =
        echoes.answered == 0 ? .lost : echoes.answered < echoes.sent ? .partly : .passed
      if let last = rungs.last, last.outcome == outcome, sizes.count > singleSizes {
        sent += echoes.sent
        answered += echoes.answered
        rungs[rungs.count - 1].sizes = last.sizes.lowerBound...size
      } else {
        (sent, answered) = (echoes.sent, echoes.answered)
        rungs.append(Rung(sizes: size...size, what: "inner echo", outcome: outcome, text: ""))
      }
      rungs[rungs.count - 1].text =
        "\(answered) of \(sent) answered" + (outcome == .lost ? ": lost" : "")
    }
    return rungs
  }

  private static func largest(_ flows: [ESPFlow]) -> [Rung] {
    var rungs: [Rung] = []
    if let whole = flows.map(\.largestWhole).max(), whole > 0 {
      rungs.append(
        Rung(
          sizes: whole...whole, what: "largest whole", outcome: .seen,
          text: "outer packet, not in fragments"))
    }
    let inFragments = flows.reduce(0) { $0 &+ $1.inFragments }
    if inFragments > 0,
      let largest = flows.filter({ $0.inFragments > 0 }).map(\.largestPacket).max()
    {
      rungs.append(
        Rung(
          sizes: largest...largest, what: "largest in fragments", outcome: .partly,
          text:
            "outer packet; \(Quantity.grouped(Int64(clamping: inFragments))) packets in IP fragments"
        ))
    }
    return rungs
  }
}
