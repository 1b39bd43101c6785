import Decryption
import IPsecCrypto
import PacketDissector
import Testing

@Suite("IKE fragments that were sealed here")
struct IKEFragmentTests {
  static let notify: [UInt8] = [0, 0, 0, 8, 0, 0, 0x40, 0x22]

  /// Notifications, one behind the other: a chain that can be cut anywhere.
  private func content(_ count: Int) -> [UInt8] {
    (1...count).flatMap { [UInt8($0 < count ? 41 : 0)] + Self.notify.dropFirst() }
  }

  @Test("In any order the whole chain comes out, with the last fragment that was missing")
  func anyOrder() throws {
    let parts = parts(of: content(9), 3)
    for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1], [2, 1, 3]] {
      var sender = try FragmentSender()
      let reading = try PacketReading(FragmentSender.table)
      for number in order.dropLast() {
        #expect(try reading.joined(try sender.fragment(number, of: 3, parts[number - 1])) == nil)
      }
      let last = order[2]
      #expect(try reading.joined(try sender.fragment(last, of: 3, parts[last - 1])) == 9)
    }
  }

  @Test("Repeated fragments count once, and one that is missing holds the message back")
  func repeated() throws {
    let parts = parts(of: content(6), 3)
    var sender = try FragmentSender()
    let reading = try PacketReading(FragmentSender.table)
    for number in [1, 1, 3, 3, 1] {
      #expect(try reading.joined(try sender.fragment(number, of: 3, parts[number - 1])) == nil)
    }
    #expect(try reading.joined(try sender.fragment(2, of: 3, parts[1])) == 6)
  }

  @Test("A larger total starts over, and fragments of the smaller one no longer count")
  func startsOver() throws {
    let two = parts(of: content(6), 2)
    let three = parts(of: content(9), 3)
    var sender = try FragmentSender()
    let reading = try PacketReading(FragmentSender.table)
    #expect(try reading.joined(try sender.fragment(1, of: 2, two[0])) == nil)
    #expect(try reading.joined(try sender.fragment(1, of: 3, three[0])) == nil)
    #expect(try reading.joined(try sender.fragment(2, of: 2, two[1])) == nil)
    #expect(try reading.joined(try sender.fragment(2, of: 3, three[1])) == nil)
    #expect(try reading.joined(try sender.fragment(3, of: 3, three[2])) == 9)
  }

  @Test("Numbers that cannot be are dropped")
  func impossible() throws {
    var sender = try FragmentSender()
    let reading = try PacketReading(FragmentSender.table)
    for (number, total) in [(0, 2), (3, 2), (0, 0), (1, 0)] {
      #expect(try reading.joined(try sender.fragment(number, of: total, content(1))) == nil)
    }
    #expect(try reading.joined(try sender.fragment(1, of: 1, content(1))) == 1)
  }

  @Test("Of more messages than are held the oldest goes first")
  func manyMessages() throws {
    let parts = parts(of: content(4), 2)
    var sender = try FragmentSender()
    let reading = try PacketReading(FragmentSender.table)
    for message in 0..<65 as Range<UInt32> {
      #expect(try reading.joined(try sender.fragment(1, of: 2, parts[0], message: message)) == nil)
    }
    #expect(try reading.joined(try sender.fragment(2, of: 2, parts[1], message: 64)) == 4)
    #expect(try reading.joined(try sender.fragment(2, of: 2, parts[1], message: 1)) == 4)
    #expect(try reading.joined(try sender.fragment(2, of: 2, parts[1], message: 0)) == nil)
  }

  @Test("A message beyond 256 KiB is given up, in few large fragments or many empty ones")
  func largeMessages() throws {
    var sender = try FragmentSender()
    let reading = try PacketReading(FragmentSender.table)
    let large = [UInt8](repeating: 0, count: 60_000)
    for number in 1...4 {
      #expect(try reading.joined(try sender.fragment(number, of: 6, large)) == nil)
    }
    #expect(try reading.joined(try sender.fragment(5, of: 6, large)) == nil)
    #expect(try reading.joined(try sender.fragment(6, of: 6, large)) == nil)
    for number in 1...5000 {
      let fragment = try sender.fragment(number, of: 5000, [], message: 7)
      #expect(try reading.joined(fragment) == nil)
    }
  }

  @Test("A fragment that does not verify is none")
  func forged() throws {
    let parts = parts(of: content(4), 2)
    var sender = try FragmentSender()
    let reading = try PacketReading(FragmentSender.table)
    #expect(try reading.joined(try sender.fragment(1, of: 2, parts[0])) == nil)
    var forged = try sender.fragment(2, of: 2, parts[1])
    forged[forged.count - 1] ^= 1
    try reading.read(forged)
    guard case .unopened(.doesNotVerify) = reading.decryptor.results.first else {
      Issue.record("the forged fragment was taken")
      return
    }
    #expect(try reading.joined(try sender.fragment(2, of: 2, parts[1])) == 4)
  }

  private func parts(of content: [UInt8], _ count: Int) -> [[UInt8]] {
    let size = (content.count + count - 1) / count + 1
    return (0..<count).map { Array(content.dropFirst($0 * size).prefix(size)) }
  }
}

extension PacketReading {
  /// The payloads of the message that this fragment completes; nil if it completes none.
  func joined(_ packet: [UInt8]) throws -> Int? {
    try read(packet)
    switch try #require(decryptor.results.first) {
    case .ikev2(let chain, _):
      #expect(chain.stop == nil && chain.payloads.allSatisfy { $0.stop == nil })
      return chain.payloads.count
    case .fragmentHeld: return nil
    default:
      Issue.record("neither held nor opened")
      return nil
    }
  }
}

/// Sends SKF payloads (RFC 7383) as the initiator of one IKE SA.
struct FragmentSender: ~Copyable {
  private static let key = (0..<20).map { UInt8($0) &* 3 &+ 9 }
  private var sealer: PacketSealer
  private var iv: UInt64 = 0

  static let table =
    "0102030405060708,a1a2a3a4a5a6a7a8,\(hex(key)),\(hex(key.reversed())),"
    + "\"AES-GCM-128 with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\"\n"

  init() throws {
    sealer = try PacketSealer(
      try EncryptionTransform(.aesGCM16, keyBits: 128), keyMaterial: Secret(copying: Self.key))
  }

  /// A whole IPv4 packet: UDP 4500, marker, IKE header, one SKF.
  mutating func fragment(
    _ number: Int, of total: Int, _ content: [UInt8], message: UInt32 = 1
  ) throws -> [UInt8] {
    iv += 1
    let skf = 4 + 4 + 8 + content.count + 1 + 16
    var writer = ByteWriter()
    IKEHeader(
      initiatorSPI: 0x0102_0304_0506_0708, responderSPI: 0xA1A2_A3A4_A5A6_A7A8, nextPayload: 53,
      exchangeType: 35, flags: 0x08, messageID: message, length: UInt32(28 + skf)
    ).write(to: &writer)
    writer.u8(number == 1 ? 41 : 0)
    writer.u8(0)
    writer.u16(UInt16(skf))
    writer.u16(UInt16(number))
    writer.u16(UInt16(total))
    var nonce = ByteWriter()
    nonce.u64(iv)
    var output = [UInt8](repeating: 0, count: content.count + 17)
    var span = output.mutableSpan
    var target = unsafe span.mutableBytes
    let count = try sealer.seal(
      (content + [0]).rawBytes, iv: nonce.bytes.rawBytes,
      associated: AssociatedData(writer.bytes.rawBytes), into: &target)
    #expect(count == output.count)
    let ike = writer.bytes + nonce.bytes + output
    var packet = ByteWriter()
    IPv4Header(
      totalLength: UInt16(20 + 8 + 4 + ike.count), protocol: 17,
      source: try address("192.0.2.1"), destination: try address("192.0.2.2")
    ).write(to: &packet)
    packet.u16(4500)
    packet.u16(4500)
    packet.u16(UInt16(8 + 4 + ike.count))
    packet.u16(0)
    packet.u32(0)
    packet.append(ike)
    return packet.bytes
  }
}
