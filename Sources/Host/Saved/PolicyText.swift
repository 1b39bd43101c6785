internal import PacketDissector

/// Policies as `ip xfrm policy` prints them, with -s and -o or without.
struct PolicyText {
  private(set) var policies: [KernelPolicy] = []
  /// Where policies stand that could not be read: numbers of lines.
  private(set) var unreadable: [Int] = []

  init(_ text: SavedText, _ interfaces: [NetworkInterface]) {
    let blocks = text.blocks {
      $0.first == "src" && ($1.first == "dir" || $1.first == "socket")
    }
    for block in blocks {
      if let policy = KernelPolicy(block, interfaces) {
        policies.append(policy)
      } else {
        unreadable.append(block.first?.number ?? 0)
      }
    }
  }

  static let directions: [(words: [Substring], direction: KernelPolicy.Direction)] = [
    (["dir", "in"], .incoming), (["dir", "out"], .outgoing), (["dir", "fwd"], .forwarded),
    (["socket", "in"], .socketIncoming), (["socket", "out"], .socketOutgoing),
  ]

  static func write(_ policy: KernelPolicy, _ interfaces: [NetworkInterface]) -> String {
    let direction = directions.first { $0.direction == policy.direction }?.words ?? []
    var lines = [
      StateText.text(policy.selector, interfaces),
      "\t\(direction.joined(separator: " ")) action \(policy.action == .allow ? "allow" : "block")"
        + " index \(policy.index) priority \(policy.priority)",
    ]
    lines += StateText.lifetimes(policy.limits, 0, policy.packets, policy.added, policy.lastUsed)
    if let mark = policy.mark { lines.append("\tmark \(StateText.text(mark))") }
    for template in policy.templates {
      lines += [
        "\ttmpl src \(template.source) dst \(template.destination)",
        "\t\tproto \(XFRMWords.word(template.ipProtocol, XFRMWords.protocols))"
          + " spi \(StateText.hex(template.spi)) reqid \(template.reqID)"
          + " mode \(XFRMWords.word(template.mode, XFRMWords.modes))",
        "\t\tlevel \(template.isOptional ? "use" : "required")",
      ]
    }
    if let interface = policy.interfaceID { lines.append("\tif_id \(StateText.hex(interface))") }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension KernelPolicy {
  fileprivate init?(_ block: ArraySlice<SavedText.Line>, _ interfaces: [NetworkInterface]) {
    guard let first = block.first, let selector = TrafficMatch(first, interfaces),
      let second = block.dropFirst().first,
      let direction = PolicyText.directions.first(where: { second.words.starts(with: $0.words) })
    else { return nil }
    self.init(selector, direction.direction)
    action = second.word(after: "action") == "block" ? .block : .allow
    priority = second.number32(after: "priority") ?? 0
    index = second.number32(after: "index") ?? 0
    for line in block.dropFirst(2) { read(line) }
  }

  private mutating func read(_ line: SavedText.Line) {
    switch line.first {
    case "tmpl":
      guard let source = line.address(after: "src"), let destination = line.address(after: "dst")
      else { return }
      templates.append(Template(source: source, destination: destination))
    case "proto":
      guard let last = templates.indices.last else { return }
      templates[last].ipProtocol =
        XFRMWords.number(line.word(after: "proto"), XFRMWords.protocols) ?? 0
      templates[last].spi = line.number32(after: "spi") ?? 0
      templates[last].reqID = line.number32(after: "reqid") ?? 0
      templates[last].mode = XFRMWords.number(line.word(after: "mode"), XFRMWords.modes) ?? 1
    case "level":
      guard let last = templates.indices.last else { return }
      templates[last].isOptional = line.word(after: "level") == "use"
    case "mark": mark = KernelSA.mark(line.word(after: "mark"))
    case "if_id": interfaceID = line.number32(after: "if_id")
    default: break
    }
  }
}
