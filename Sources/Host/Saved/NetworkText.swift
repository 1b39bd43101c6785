internal import PacketDissector

/// What `ip addr`, `ip link`, `ip route` and `sysctl` print, as far as it is looked at here; and lines of our own
/// for what no program prints.
struct NetworkText {
  private(set) var addresses: [IPAddress] = []
  private(set) var network = HostNetwork()

  init(_ texts: [SavedText]) {
    let lines = texts.flatMap(\.lines)
    for line in lines { readLink(line) }
    // Routes name interfaces.
    for line in lines { read(line) }
  }

  /// "2: wan@if2: <BROADCAST,UP,LOWER_UP> mtu 1500 …"
  private mutating func readLink(_ line: SavedText.Line) {
    guard !line.isIndented, line.words.count > 3, line.first.hasSuffix(":"),
      let index = UInt32(line.first.dropLast()), line.words[1].hasSuffix(":"),
      line.words[2].hasPrefix("<"), let mtu = line.number32(after: "mtu")
    else { return }
    let name = String(line.words[1].prefix { $0 != "@" && $0 != ":" })
    guard !network.interfaces.contains(where: { $0.index == index }) else { return }
    let flags = line.words[2].dropFirst().dropLast().split(separator: ",")
    network.interfaces.append(
      NetworkInterface(
        index: index, name: name, mtu: mtu, isUp: flags.contains("UP"),
        isLoopback: flags.contains("LOOPBACK")))
  }

  private mutating func read(_ line: SavedText.Line) {
    if let word = line.word(after: "inet") ?? line.word(after: "inet6"),
      let address = SavedText.prefix(word)?.address
    {
      if !addresses.contains(address) { addresses.append(address) }
    } else if line.first.hasPrefix("net."), line.words.count == 3, line.words[1] == "=" {
      let setting = HostNetwork.Setting(name: String(line.first), value: String(line.words[2]))
      if !network.settings.contains(setting) { network.settings.append(setting) }
    } else if line.first == "learned-path-mtu", line.words.count > 2,
      let address = IPAddress(text: String(line.words[1])), let mtu = UInt32(line.words[2])
    {
      network.learned.append(
        .init(destination: address, mtu: mtu, expiresIn: line.number32(after: "expires")))
    } else if line.first == "mss-clamp", line.words.count > 2 {
      network.clamps.append(
        .init(place: line.words.dropFirst(2).joined(separator: " "), size: UInt32(line.words[1])))
    } else {
      readRoute(line)
    }
  }

  /// "default via 192.0.2.1 dev wan mtu lock 1400 advmss 1300", of the main table.
  private mutating func readRoute(_ line: SavedText.Line) {
    guard !line.isIndented, line.words.count > 2, line.word(after: "table") ?? "main" == "main",
      let device = line.word(after: "dev"),
      let interface = network.interfaces.first(where: { $0.name == device })
    else { return }
    let gateway = line.address(after: "via")
    // Of routes to everywhere only those of IPv6 have a preference.
    let isIPv6 = gateway?.isIPv6 ?? line.words.contains("pref")
    guard
      let destination = line.first == "default"
        ? .init(IPAddress.any(isIPv6: isIPv6), 0) : SavedText.prefix(line.first)
    else { return }
    var route = HostNetwork.Route(destination: destination)
    route.gateway = gateway
    route.interface = interface.index
    route.isMTULocked = line.word(after: "mtu") == "lock"
    route.mtu = line.number32(after: route.isMTULocked ? "lock" : "mtu")
    route.advertisedMSS = line.number32(after: "advmss")
    if !network.routes.contains(route) { network.routes.append(route) }
  }

  static func write(_ addresses: [IPAddress], _ network: HostNetwork) -> String {
    var lines = network.interfaces.map { link in
      let flags = (link.isLoopback ? ["LOOPBACK"] : []) + (link.isUp ? ["UP"] : [])
      return "\(link.index): \(link.name): <\(flags.joined(separator: ","))> mtu \(link.mtu)"
    }
    lines += addresses.map { "    inet\($0.isIPv6 ? "6" : "") \($0)/\($0.isIPv6 ? 128 : 32)" }
    for route in network.routes {
      guard let link = network.interfaces.first(where: { $0.index == route.interface }) else {
        continue
      }
      let via = route.gateway.map { " via \($0)" } ?? ""
      let mtu = route.mtu.map { " mtu \(route.isMTULocked ? "lock " : "")\($0)" } ?? ""
      let mss = route.advertisedMSS.map { " advmss \($0)" } ?? ""
      lines.append("\(route.destination)\(via) dev \(link.name)\(mtu)\(mss)")
    }
    lines += network.learned.map {
      "learned-path-mtu \($0.destination) \($0.mtu)" + ($0.expiresIn.map { " expires \($0)" } ?? "")
    }
    lines += network.clamps.map { "mss-clamp \($0.size.map { "\($0)" } ?? "route") \($0.place)" }
    lines += network.settings.map { "\($0.name) = \($0.value)" }
    return lines.map { $0 + "\n" }.joined()
  }
}
