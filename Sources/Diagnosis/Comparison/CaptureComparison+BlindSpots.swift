internal import PacketDissector

extension CaptureComparison {
  /// What the comparison could not tell.
  var blindSpots: [Statement] {
    var spots: [Statement] = []
    if matched == 0 {
      spots.append(
        "no packet is in both captures: they show other tunnels, other times, or a path that passes nothing"
      )
    }
    if outsideAtA > 0 {
      spots.append(
        "\(outsideAtA) packets of A were not compared: B's capture begins later, or shows no frame after them"
      )
    }
    if outsideAtB > 0 {
      spots.append(
        "\(outsideAtB) packets of B were not compared: A's capture begins later, or shows no frame after them"
      )
    }
    if matched > 0, elsewhereAtA > 0 || elsewhereAtB > 0 {
      spots.append(
        "\(elsewhereAtA) packets of A and \(elsewhereAtB) of B are between hosts that the other capture does not show"
      )
    }
    let unsent = paths.flatMap(\.directions).reduce(0) { $0 &+ $1.total { _ in true }.unsent }
    if unsent > 0 {
      spots.append(
        "\(unsent) packets arrived that the sender's capture lacks: captures lose packets, too, or packets go other ways"
      )
    }
    switch clock.basis {
    case .bothWays: break
    case .oneWay:
      spots.append(
        "packets crossed in one direction only: the clocks' offset includes the delay, and delays count from the shortest"
      )
    case .assumed:
      if matched > 0 { spots.append("how far the clocks differ is not to be seen") }
    }
    if untracked > 0 {
      spots.append(
        "\(untracked) packets beyond the first \(PacketLog.limit) of a capture were not compared")
    }
    return spots
  }
}
