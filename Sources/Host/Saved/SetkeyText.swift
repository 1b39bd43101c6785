internal import IPsecCrypto
internal import PacketDissector

/// SAs as `setkey -D` prints them (PF_KEY, RFC 2367). Keys are passed over.
struct SetkeyText {
  private(set) var sas: [KernelSA] = []

  init(_ text: SavedText) {
    sas = text.blocks { first, next in
      first.words.count == 2 && Self.end(first.words[0]) != nil
        && next.words.contains { $0.hasPrefix("spi=") }
    }.compactMap { KernelSA(setkey: $0) }
  }

  /// "10.1.0.2", or with a port "10.1.0.2[4500]".
  static func end(_ word: Substring) -> (address: IPAddress, port: UInt16?)? {
    let parts = word.split(separator: "[", maxSplits: 1)
    guard let first = parts.first, let address = IPAddress(text: String(first)) else { return nil }
    return (address, parts.count > 1 ? UInt16(parts[1].prefix { $0 != "]" }) : nil)
  }

  /// By the names of PF_KEY, those of the kernel.
  static let algorithms: [Substring: String] = [
    "aes-cbc": "cbc(aes)", "rijndael-cbc": "cbc(aes)", "3des-cbc": "cbc(des3_ede)",
    "des-cbc": "cbc(des)", "null": "ecb(cipher_null)", "hmac-md5": "hmac(md5)",
    "hmac-sha1": "hmac(sha1)", "hmac-sha256": "hmac(sha256)", "hmac-sha2-256": "hmac(sha256)",
    "hmac-sha2-384": "hmac(sha384)", "hmac-sha2-512": "hmac(sha512)", "hmac-sha384": "hmac(sha384)",
    "hmac-sha512": "hmac(sha512)", "aes-gcm-16": "rfc4106(gcm(aes))",
    "aes-xcbc-mac": "xcbc(aes)", "camellia-cbc": "cbc(camellia)", "blowfish-cbc": "cbc(blowfish)",
  ]
}

extension KernelSA {
  fileprivate init?(setkey block: ArraySlice<SavedText.Line>) {
    guard let first = block.first, first.words.count == 2,
      let from = SetkeyText.end(first.words[0]), let to = SetkeyText.end(first.words[1]),
      let second = block.dropFirst().first, let spi = Self.value("spi", second)
    else { return nil }
    let kind = second.first
    self.init(
      source: from.address, destination: to.address, spi: spi,
      ipProtocol: kind.hasPrefix("ah") ? 51 : kind.hasPrefix("ipcomp") ? 108 : 50)
    let mode = second.words.first { $0.hasPrefix("mode=") }?.dropFirst("mode=".count)
    self.mode = XFRMWords.number(mode, XFRMWords.modes) ?? 1
    reqID = Self.value("reqid", second) ?? 0
    if kind.hasPrefix("esp-udp") || from.port != nil {
      encapsulation = Encapsulation(
        type: 2, sourcePort: from.port ?? 4500, destinationPort: to.port ?? 4500)
    }
    for line in block.dropFirst(2) { read(setkey: line) }
  }

  /// "reqid=1(0x00000001)"
  private static func value(_ name: String, _ line: SavedText.Line) -> UInt32? {
    line.words.first { $0.hasPrefix("\(name)=") }
      .flatMap { SavedText.number($0.dropFirst(name.count + 1)) }
      .flatMap { UInt32(exactly: $0) }
  }

  private mutating func read(setkey line: SavedText.Line) {
    switch line.first {
    case "E:", "A:":
      guard line.words.count > 1, let name = SetkeyText.algorithms[line.words[1]] else { return }
      let algorithm = Algorithm(name: name, key: Secret(copying: []))
      if line.first == "A:" {
        integrity = algorithm
      } else if name.hasPrefix("rfc4106") {
        aead = algorithm
      } else {
        cipher = algorithm
      }
    case "current:":
      // Also of the line with the current date, which has no bytes.
      guard line.words.count > 1, line.words[1].hasSuffix("(bytes)") else { return }
      counters.bytes = SavedText.number(line.words[1]) ?? 0
      limits.bytes = Self.pair(line)
    case "allocated:":
      counters.packets = line.number(after: "allocated:") ?? 0
      limits.packets = Self.pair(line)
    case "diff:": limits.age = Self.pair(line)
    case "created:": added = Self.date(line)
    default:
      guard line.first.hasPrefix("seq=") else { return }
      // The next number to send, as far as 32 bits go; setkey does not tell what was received.
      replay.window = Self.value("replay", line) ?? 0
    }
  }

  /// Zero is no limit.
  private static func pair(_ line: SavedText.Line) -> Limits.Pair {
    func limit(_ name: Substring) -> UInt64? {
      line.number(after: name).flatMap { $0 == 0 ? nil : $0 }
    }
    return Limits.Pair(soft: limit("soft:"), hard: limit("hard:"))
  }

  /// "created: Nov 24 08:23:19 2026", in this machine's zone.
  private static func date(_ line: SavedText.Line) -> Timestamp? {
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    guard line.words.count >= 5, let month = months.firstIndex(of: String(line.words[1])) else {
      return nil
    }
    return SavedText.moment("\(line.words[4])-\(month + 1)-\(line.words[2])", line.words[3])
  }
}
