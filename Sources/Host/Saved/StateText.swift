internal import IPsecCrypto
internal import PacketDissector

/// SAs as `ip xfrm state` prints them, with -s, -d and -o or without. Keys are passed over.
struct StateText {
  private(set) var sas: [KernelSA] = []
  /// Where SAs stand that could not be read: numbers of lines.
  private(set) var unreadable: [Int] = []

  /// `interfaces` are those of the machine, which texts name and the kernel numbers.
  init(_ text: SavedText, _ interfaces: [NetworkInterface]) {
    for block in text.blocks({ $0.first == "src" && $1.first == "proto" }) {
      if let sa = KernelSA(block, interfaces) {
        sas.append(sa)
      } else {
        unreadable.append(block.first?.number ?? 0)
      }
    }
  }
}

extension KernelSA {
  /// A block of lines; nil where what an SA is known by is missing.
  fileprivate init?(_ block: ArraySlice<SavedText.Line>, _ interfaces: [NetworkInterface]) {
    guard let first = block.first, let source = first.address(after: "src"),
      let destination = first.address(after: "dst"), let second = block.dropFirst().first,
      let spi = second.number32(after: "spi"),
      let ipProtocol = XFRMWords.number(second.word(after: "proto"), XFRMWords.protocols)
    else { return nil }
    self.init(source: source, destination: destination, spi: spi, ipProtocol: ipProtocol)
    mode = XFRMWords.number(second.word(after: "mode"), XFRMWords.modes) ?? mode
    reqID = second.number32(after: "reqid") ?? 0
    var isAmongCounts = false
    for line in block.dropFirst(2) {
      if line.first == "stats:" { isAmongCounts = true }
      if isAmongCounts, line.first == "replay-window" {
        readStatistics(line)
      } else {
        read(line, interfaces)
      }
    }
    usesESN = flags.contains(.esn)
  }

  private mutating func readStatistics(_ line: SavedText.Line) {
    counters.beforeWindow = line.number32(after: "replay-window") ?? 0
    counters.replayed = line.number32(after: "replay") ?? 0
    counters.integrityFailed = line.number32(after: "failed") ?? 0
  }

  private mutating func read(_ line: SavedText.Line, _ interfaces: [NetworkInterface]) {
    switch line.first {
    case "replay-window":
      replay.window = line.number32(after: "replay-window") ?? 0
      readFlags(line)
    case "auth", "auth-trunc": integrity = Self.algorithm(line)
    case "enc": cipher = Self.algorithm(line)
    case "aead": aead = Self.algorithm(line)
    case "comp": compression = line.word(after: "comp").map(String.init)
    case "encap": readEncapsulation(line)
    case "crypto":
      offload = Offload(
        interface: line.interface(among: interfaces),
        isWholePacket: line.word(after: "mode") == "packet")
      readDirection(line)
    case "mark", "output-mark":
      mark = Self.mark(line.word(after: "mark")) ?? mark
      outputMark = Self.mark(line.word(after: "output-mark")) ?? outputMark
    case "if_id": interfaceID = line.number32(after: "if_id")
    case "pcpu-num": cpu = line.number32(after: "pcpu-num")
    case "tfcpad": trafficPadding = line.number32(after: "tfcpad")
    case "dir": readDirection(line)
    case "sel": selector = TrafficMatch(line, interfaces)
    default: readNumbers(line)
    }
  }

  private mutating func readFlags(_ line: SavedText.Line) {
    guard let start = line.words.firstIndex(of: "flag") else { return }
    for word in line.words[(start + 1)...] {
      // Some versions forget the blank before the extra flags.
      let name = word.hasSuffix("extra_flag") ? word.dropLast("extra_flag".count) : word
      if let flag = XFRMWords.flag(name) { flags.insert(flag) }
      if let flag = XFRMWords.extraFlag(name) { extraFlags.insert(flag) }
    }
  }

  private mutating func readDirection(_ line: SavedText.Line) {
    switch line.word(after: "dir") {
    case "in": direction = .incoming
    case "out": direction = .outgoing
    default: break
    }
  }

  private mutating func readEncapsulation(_ line: SavedText.Line) {
    guard let type = XFRMWords.number(line.word(after: "type"), XFRMWords.encapsulations),
      let from = line.number(after: "sport").flatMap({ UInt16(exactly: $0) }),
      let to = line.number(after: "dport").flatMap({ UInt16(exactly: $0) })
    else { return }
    encapsulation = Encapsulation(type: type, sourcePort: from, destinationPort: to)
  }

  // MARK: Sequence numbers, limits, counts

  private mutating func readNumbers(_ line: SavedText.Line) {
    switch (line.first, line.words.dropFirst().first) {
    case ("anti-replay", "context:"):
      replay.incoming = line.number(after: "seq") ?? 0
      replay.outgoing = line.number(after: "oseq") ?? 0
      if let bitmap = line.number(after: "bitmap") {
        let kept = replay.window >= 64 ? UInt64.max : 1 << UInt64(replay.window) - 1
        replay.received = UInt32((bitmap & kept).nonzeroBitCount)
      }
    case ("seq-hi", _):
      func number(_ high: Substring, _ low: Substring) -> UInt64 {
        (line.number(after: high) ?? 0) << 32 | (line.number(after: low) ?? 0) & 0xFFFF_FFFF
      }
      replay.incoming = number("seq-hi", "seq")
      replay.outgoing = number("oseq-hi", "oseq")
    case ("replay_window", _):
      replay.window = line.number32(after: "replay_window") ?? 0
      replay.hasBitmap = true
      if line.number(after: "bitmap-length") ?? 0 > 0 { replay.received = 0 }
    case ("numbers-received", _): replay.received = line.number32(after: "numbers-received")
    case ("limit:", _): readLimit(line)
    case ("expire", "add:"): limits.age = Self.seconds(line)
    case ("expire", "use:"): limits.use = Self.seconds(line)
    case ("add", _): readTimes(line)
    case ("lastused", _):
      lastUsed = line.words.count > 2 ? SavedText.moment(line.words[1], line.words[2]) : nil
    default:
      if replay.hasBitmap, line.words.allSatisfy({ $0.count == 8 }) {
        readBitmap(line)
      } else if line.words.count == 2, line.words[0].hasSuffix("(bytes),") {
        counters.bytes = SavedText.number(line.words[0]) ?? 0
        counters.packets = SavedText.number(line.words[1]) ?? 0
      }
    }
  }

  private mutating func readBitmap(_ line: SavedText.Line) {
    let words = line.words.compactMap { UInt32($0, radix: 16) }
    guard words.count == line.words.count else { return }
    replay.received = words.reduce(replay.received ?? 0) {
      $0 &+ UInt32($1.nonzeroBitCount)
    }
  }

  private mutating func readLimit(_ line: SavedText.Line) {
    let pair = Limits.Pair(soft: line.number(after: "soft"), hard: line.number(after: "hard"))
    if line.words.last?.hasSuffix("(bytes)") == true {
      limits.bytes = pair
    } else {
      limits.packets = pair
    }
  }

  /// Of time, zero is no limit.
  private static func seconds(_ line: SavedText.Line) -> Limits.Pair {
    func limit(_ name: Substring) -> UInt64? {
      line.number(after: name).flatMap { $0 == 0 ? nil : $0 }
    }
    return Limits.Pair(soft: limit("soft"), hard: limit("hard"))
  }

  /// "add 2026-11-24 09:16:26 use -"
  private mutating func readTimes(_ line: SavedText.Line) {
    guard line.words.count >= 3 else { return }
    added = SavedText.moment(line.words[1], line.words[2])
    if let place = line.words.firstIndex(of: "use"), place + 2 < line.words.count {
      firstUsed = SavedText.moment(line.words[place + 1], line.words[place + 2])
    }
  }

  // MARK: Words

  /// "NAME [KEY] [(160 bits)] [ICV]": of the key its length alone is kept, where it is told.
  private static func algorithm(_ line: SavedText.Line) -> Algorithm? {
    guard line.words.count > 1 else { return nil }
    var algorithm = Algorithm(name: String(line.words[1]), key: Secret(copying: []))
    if let place = line.words.firstIndex(where: { $0.hasPrefix("(") }) {
      algorithm.keyBits = UInt32(line.words[place].dropFirst()) ?? 0
    } else if let key = line.words.dropFirst(2).first(where: { $0.hasPrefix("0x") }) {
      algorithm.keyBits = UInt32(clamping: (key.count - 2) * 4)
    }
    algorithm.icvBits = line.words.count > 2 ? line.words.last.flatMap { Int($0) } : nil
    return algorithm
  }

  /// "0x2a/0xff"
  static func mark(_ word: Substring?) -> Mark? {
    let parts = (word ?? "").split(separator: "/").compactMap { SavedText.number($0) }
    guard parts.count == 2, let value = UInt32(exactly: parts[0]),
      let mask = UInt32(exactly: parts[1])
    else { return nil }
    return Mark(value: value, mask: mask)
  }
}

extension TrafficMatch {
  /// "[sel] src A/N dst B/N [proto P [sport N] [dport N]] [dev NAME]"
  init?(_ line: SavedText.Line, _ interfaces: [NetworkInterface]) {
    guard let source = line.word(after: "src").flatMap({ SavedText.prefix($0) }),
      let destination = line.word(after: "dst").flatMap({ SavedText.prefix($0) })
    else { return nil }
    self.init(source: source, destination: destination)
    ipProtocol = XFRMWords.number(line.word(after: "proto"), XFRMWords.carried) ?? 0
    func port(_ names: [Substring]) -> Port? {
      names.lazy.compactMap { line.number(after: $0).flatMap { UInt16(exactly: $0) } }.first
        .map { Port(value: $0, mask: .max) }
    }
    sourcePort = port(["sport", "type"])
    destinationPort = port(["dport", "code"])
    interface = line.interface(among: interfaces)
  }
}

extension SavedText.Line {
  /// The number of the interface behind "dev"; 0 where there is none, or none of that name.
  fileprivate func interface(among interfaces: [NetworkInterface]) -> UInt32 {
    guard let name = word(after: "dev") else { return 0 }
    return interfaces.first { $0.name == name }?.index ?? 0
  }
}
