internal import Diagnosis
package import Host
package import PacketDissector

/// An event of charon as a line for people.
package enum DaemonEventText {
  package static func writeLine(
    _ event: VICIEvent, _ naming: Naming, to text: inout TextBuffer
  ) {
    var time = TimeText(style: .local)
    time.write(event.time, to: &text)
    text.put("  ")
    text.escaped(words(event, naming))
    text.put("\n")
  }

  static func words(_ event: VICIEvent, _ naming: Naming) -> String {
    let connection = event.ikeSA.map { naming.name(ofIdentity: $0.name) } ?? "unnamed"
    let children = event.ikeSA?.children ?? []
    switch event.kind {
    case .log:
      if naming.redacts { return "log line" }
      return "log \(event.message["group"] ?? ""): \(event.message["msg"] ?? "")"
    case .ikeUpDown:
      return "\(connection): IKE SA \(event.isUp == true ? "up" : "down"), \(peer(event, naming))"
    case .childUpDown:
      let name = children.first.map { naming.name(ofIdentity: $0.name) } ?? "unnamed"
      let spis = children.first.map { ", \(self.spis($0, naming))" } ?? ""
      return "\(connection): Child SA \(name) \(event.isUp == true ? "up" : "down")\(spis)"
    case .ikeRekey:
      let old = event.oldIKESA?.uniqueID ?? "?"
      let new = event.ikeSA?.uniqueID ?? "?"
      return "\(connection): IKE SA has new keys, [\(old)] is now [\(new)]"
    case .childRekey:
      let name = children.first.map { naming.name(ofIdentity: $0.name) } ?? "unnamed"
      let old = event.oldChildren.first.map { "\(spis($0, naming))" } ?? "unknown"
      let new = children.first.map { "\(spis($0, naming))" } ?? "unknown"
      return "\(connection): Child SA \(name) has new keys, \(new), before \(old)"
    }
  }

  private static func peer(_ event: VICIEvent, _ naming: Naming) -> String {
    guard let address = event.ikeSA?.remoteAddress, !address.isEmpty else { return "peer unknown" }
    return "peer \(naming.name(ofHost: address))"
  }

  private static func spis(_ child: DaemonState.ChildSA, _ naming: Naming) -> String {
    func hex(_ spi: UInt32?) -> String {
      guard let spi else { return "unknown" }
      var text = TextBuffer(capacity: 64)
      text.hex(UInt64(naming.name(of: spi)), digits: 8)
      return text.string
    }
    return "SPI in \(hex(child.inboundSPI)) out \(hex(child.outboundSPI))"
  }
}
