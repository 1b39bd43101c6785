import Capture
import Decryption
import PacketDissector
import Testing

/// What keys open of a capture, counted.
struct OpenedCapture {
  var esp = 0
  var ah = 0
  var ikev2 = 0
  var ikev1 = 0
  var fragmentsHeld = 0
  var closed: [Decryptor.Reason: Int] = [:]
  /// Inner IP packets whose checksums were computed, and what was wrong with them.
  var checkedPackets = 0
  var faults: [String] = []
  /// Payload chains that end early.
  var brokenChains = 0
  let uses: [Decryptor.KeyUse]

  var opened: Int { esp + ah + ikev2 + ikev1 + fragmentsHeld }
  var closedCount: Int { closed.values.reduce(0, +) }

  init(_ path: String, _ files: [KeyFile]) throws {
    let reader = FrameReader(.files(MergedCapture(paths: [path])))
    let decryptor = Decryptor(files)
    var counts = Self(uses: [])
    while let header = try reader.next() {
      decryptor.open(
        reader.dissector, reader.bytes, isCut: header.capturedLength < header.originalLength)
      for result in decryptor.results { counts.count(result, decryptor, reader) }
    }
    self = Self(counts, uses: decryptor.uses)
  }

  private init(uses: [Decryptor.KeyUse]) { self.uses = uses }

  private init(_ counts: Self, uses: [Decryptor.KeyUse]) {
    self.uses = uses
    (esp, ah, ikev2, ikev1) = (counts.esp, counts.ah, counts.ikev2, counts.ikev1)
    (fragmentsHeld, closed) = (counts.fragmentsHeld, counts.closed)
    (checkedPackets, faults) = (counts.checkedPackets, counts.faults)
    brokenChains = counts.brokenChains
  }

  private mutating func count(
    _ result: Decryptor.Result?, _ decryptor: Decryptor, _ reader: FrameReader
  ) {
    switch result {
    case .packet(let nextHeader, let range, _):
      esp += 1
      let content = decryptor.withContent(range) { span in
        var reader = ByteReader(span)
        return reader.rest()
      }
      check(content, nextHeader, reader)
    case .authentic: ah += 1
    case .ikev2(let chain, _):
      ikev2 += 1
      if chain.stop != nil || chain.payloads.contains(where: { $0.stop != nil }) {
        brokenChains += 1
      }
    case .ikev1(let chain, _):
      ikev1 += 1
      if chain.payloads.contains(where: { $0.stop != nil }) { brokenChains += 1 }
    case .fragmentHeld: fragmentsHeld += 1
    case .unopened(let reason): closed[reason, default: 0] += 1
    case nil: break
    }
  }

  private mutating func check(_ content: [UInt8], _ nextHeader: UInt8, _ reader: FrameReader) {
    guard nextHeader == 4 || nextHeader == 41 else { return }
    checkedPackets += 1
    if let fault = Checksums.fault(of: content) {
      faults.append("frame \(reader.number): \(fault)")
    }
  }
}

/// Checks of IP packets, written apart from what is tested.
enum Checksums {
  /// What is wrong with a packet's IPv4 header, ICMP, UDP or TCP checksum; nil if nothing is.
  static func fault(of packet: [UInt8]) -> String? {
    guard packet.count >= 20 else { return "\(packet.count) bytes" }
    if packet[0] >> 4 == 4 { return ipv4(packet) }
    guard packet[0] >> 4 == 6, packet.count >= 40 else { return "first byte \(packet[0])" }
    let length = Int(packet[4]) << 8 | Int(packet[5])
    guard 40 + length <= packet.count else { return "IPv6 payload of \(length) bytes" }
    let addresses = Array(packet[8..<40])
    return upper(Array(packet[40..<(40 + length)]), packet[6], addresses)
  }

  private static func ipv4(_ packet: [UInt8]) -> String? {
    let headerBytes = Int(packet[0] & 15) * 4
    let length = Int(packet[2]) << 8 | Int(packet[3])
    guard headerBytes >= 20, length >= headerBytes, length <= packet.count else {
      return "IPv4 header of \(headerBytes), packet of \(length) bytes"
    }
    guard sum(Array(packet[..<headerBytes])) == 0xFFFF else { return "IPv4 header checksum" }
    // Of a fragment there is not all.
    if packet[6] & 0x3F != 0 || packet[7] != 0 { return nil }
    return upper(Array(packet[headerBytes..<length]), packet[9], Array(packet[12..<20]))
  }

  private static func upper(_ bytes: [UInt8], _ number: UInt8, _ addresses: [UInt8]) -> String? {
    let pseudo = addresses + [0, number, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)]
    switch number {
    case 1: return sum(bytes) == 0xFFFF ? nil : "ICMP checksum"
    case 58: return sum(pseudo + bytes) == 0xFFFF ? nil : "ICMPv6 checksum"
    case 6: return sum(pseudo + bytes) == 0xFFFF ? nil : "TCP checksum"
    case 17:
      guard bytes.count >= 8 else { return "UDP of \(bytes.count) bytes" }
      if bytes[6] == 0, bytes[7] == 0 { return nil }
      return sum(pseudo + bytes) == 0xFFFF ? nil : "UDP checksum"
    default: return nil
    }
  }

  private static func sum(_ bytes: [UInt8]) -> Int {
    var total = 0
    for (index, byte) in bytes.enumerated() { total += Int(byte) << (index % 2 == 0 ? 8 : 0) }
    while total > 0xFFFF { total = total & 0xFFFF + total >> 16 }
    return total
  }
}

/// Our recordings, with what their index says.
enum Recordings {
  static let folder = "\(packageRoot)/Tests/Fixtures/recordings"
  static let names = files(in: folder, endings: [".pcap"]).compactMap { path in
    path.split(separator: "/").last.map { String($0.dropLast(5)) }
  }
  /// strongSwan cannot write the keys of some algorithms: their tables are empty.
  static let withoutESPKeys = [
    "esp-chacha20poly1305", "esp-aes128-aescmac", "esp-aes128-aesxcbc", "esp-aes128ccm16",
    "esp-aes256ccm8",
  ]
  static let withoutKeys = ["esp-chacha20poly1305", "esp-aes128-aescmac", "esp-aes128-aesxcbc"]

  static func tables(_ name: String) -> [String] {
    files(in: folder, endings: ["_sa", "_decryption_table"]).filter {
      $0.hasPrefix("\(folder)/\(name).")
    }
  }

  static func keys(_ name: String) throws -> [KeyFile] { try tables(name).map(KeyFile.read) }

  static func open(_ name: String, _ keys: [KeyFile]) throws -> OpenedCapture {
    try OpenedCapture("\(folder)/\(name).pcap", keys)
  }
}
