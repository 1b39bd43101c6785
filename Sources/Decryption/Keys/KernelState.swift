import IPsecCrypto
import PacketDissector

/// One state as `ip xfrm state` prints it, with or without -s, -d and -o.
struct KernelState {
  private var key: ESPKey
  private var isIPsec = false
  private var hasKey = false
  private var fault: (KeyFault, line: Int)?

  /// Begins at "src ADDRESS dst ADDRESS"; a policy's addresses have a prefix length there.
  init?(_ line: KeyText, _ origin: KeyOrigin) {
    let words = line.words
    guard words.count == 4, words[0].isText("src"), words[2].isText("dst"),
      let source = IPAddress(text: words[1].string),
      let destination = IPAddress(text: words[3].string)
    else { return nil }
    let isAny = source.high == 0 && source.low == 0
    key = ESPKey(
      source: isAny ? .any : AddressPattern(source), destination: AddressPattern(destination),
      origin: origin)
    key.encapsulation = ESPKey.Encapsulation.none
  }

  mutating func add(_ line: KeyText, number: Int) {
    do throws(KeyFault) {
      try read(line.words)
    } catch {
      fault = fault ?? (error, number)
    }
  }

  private mutating func read(_ words: [KeyText]) throws(KeyFault) {
    guard let first = words.first?.string else { return }
    switch first {
    case "proto": try identity(words)
    case "replay_window":
      // With a bitmap: behind it the line "replay-window" says 0.
      if words.count >= 2, let window = UInt32(words[1].prefix { $0 != UInt8(ascii: ",") }.string) {
        key.replayWindow = window
      }
    case "replay-window", "flag":
      if words.count >= 2, first == "replay-window", key.replayWindow == nil {
        key.replayWindow = UInt32(words[1].string)
      }
      // Older iproute2 prints the flag's number.
      let flags = words.drop { !$0.isText("flag") }
      // -s has a second line that begins so, among the counters.
      key.usesESN = key.usesESN == true || flags.contains { $0.isText("esn") || $0.isText("80") }
    case "enc": try cipher(words, icvBits: nil)
    case "aead": try cipher(words, icvBits: Self.bits(words))
    case "auth", "auth-trunc": try integrity(words, isTruncated: first == "auth-trunc")
    case "encap": encapsulation(words)
    default: break
    }
  }

  private mutating func identity(_ words: [KeyText]) throws(KeyFault) {
    guard words.count >= 2 else { return }
    isIPsec = words[1].isText("esp") || words[1].isText("ah")
    key.ipsecProtocol = words[1].isText("ah") ? .ah : .esp
    for (name, value) in zip(words, words.dropFirst()) {
      if name.isText("spi") {
        // -s adds the decimal number in brackets.
        guard let spi = value.prefix(while: { $0 != UInt8(ascii: "(") }).spi32 else {
          throw KeyFault("the SPI is not a number of 32 bits")
        }
        key.spi = spi
      } else if name.isText("mode") {
        key.mode =
          switch value.string {
          case "tunnel": .tunnel
          case "transport": .transport
          case "beet": .beet
          case "iptfs": .iptfs
          default: nil
          }
      }
    }
  }

  private static func bits(_ words: [KeyText]) -> Int? {
    words.dropFirst(3).lazy.compactMap { Int($0.string) }.first
  }

  private static func secret(_ words: [KeyText], _ name: String) throws(KeyFault) -> Secret {
    guard words.count >= 3 else { return Secret(copying: []) }
    guard words[2].hasHexPrefix else {
      let isHidden = words[2].hasPrefix("<<")
      throw KeyFault(
        isHidden ? "\(name) is hidden; ip was run with nokeys" : "\(name) does not begin with 0x")
    }
    return try words[2].hexadecimal(name)
  }

  private mutating func cipher(_ words: [KeyText], icvBits: Int?) throws(KeyFault) {
    guard words.count >= 2 else { throw KeyFault("the line of the cipher ends early") }
    hasKey = true
    key.cipherKey = try Self.secret(words, "encryption key")
    try key.setCipher(words[1], icvBits: icvBits)
  }

  private mutating func integrity(_ words: [KeyText], isTruncated: Bool) throws(KeyFault) {
    guard words.count >= 2 else { throw KeyFault("the line of the authentication ends early") }
    hasKey = true
    key.integrityKey = try Self.secret(words, "authentication key")
    try key.setIntegrity(words[1], icvBits: isTruncated ? Self.bits(words) : nil)
  }

  private mutating func encapsulation(_ words: [KeyText]) {
    var ports: (UInt16, UInt16) = (0, 0)
    var isTCP = false
    for (name, value) in zip(words, words.dropFirst()) {
      if name.isText("type") { isTCP = value.hasPrefix("espintcp") }
      if name.isText("sport") { ports.0 = UInt16(value.string) ?? 0 }
      if name.isText("dport") { ports.1 = UInt16(value.string) ?? 0 }
    }
    key.encapsulation =
      isTCP
      ? .tcp(sourcePort: ports.0, destinationPort: ports.1)
      : .udp(sourcePort: ports.0, destinationPort: ports.1)
  }

  /// The key; nil for IPComp and the like.
  func finish() -> Result<ESPKey, BlockFault>? {
    guard isIPsec else { return nil }
    if let fault { return .failure(BlockFault(fault: fault.0, line: fault.line)) }
    guard hasKey else {
      let fault = KeyFault("the state has no keys; reading them takes the capability CAP_NET_ADMIN")
      return .failure(BlockFault(fault: fault, line: key.origin.line))
    }
    return .success(key)
  }
}

/// A fault in a form that takes several lines.
struct BlockFault: Error {
  let fault: KeyFault
  let line: Int
}
